"""`/session`: a thread in which each phrase is answered by the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord import asking, texts
from bot.discord.caller import Caller
from bot.discord.choices import everywhere, matching_keys
from bot.discord.session import Turn, begin
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.request import RequestError, TuneRequest

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]


@app_commands.command(name="session", description=texts.SESSION)
@everywhere
@app_commands.describe(rhythm=texts.RHYTHM, key=texts.KEY)
@app_commands.choices(rhythm=[app_commands.Choice(name=name, value=name) for name in RHYTHMS])
async def session(interaction: Interaction, rhythm: str | None = None, key: app_commands.Range[str, 1, 40] | None = None) -> None:
    caller = await Caller.of(interaction)
    try:
        wish = TuneRequest.check(rhythm=rhythm, key=key)
    except RequestError as error:
        await asking.refuse(interaction, caller.say(error.sentence))
        return
    await begin(interaction, caller, Turn(rhythm=wish.rhythm or "", key=wish.key or ""))


@session.autocomplete("key")
async def key_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    say = language(str(interaction.locale))
    return [app_commands.Choice(name=say(key.named), value=key.abc) for key in matching_keys(typed, say)]
