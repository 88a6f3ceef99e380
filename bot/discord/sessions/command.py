"""`/session`: a thread in which each phrase is answered by the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.core import submission
from bot.discord.core.caller import Caller
from bot.discord.core.choices import RHYTHM_CHOICES, everywhere, key_choices
from bot.discord.sessions import texts
from bot.discord.sessions.session import Turn, begin
from generator.request import PARAMETERS, RequestError, TuneRequest

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]


@app_commands.command(name="session", description=texts.SESSION)
@everywhere
@app_commands.describe(rhythm=PARAMETERS["rhythm"].help, key=PARAMETERS["key"].help)
@app_commands.choices(rhythm=RHYTHM_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def session(interaction: Interaction, rhythm: str | None = None, key: app_commands.Range[str, 1, 40] | None = None) -> None:
    caller = await Caller.of(interaction)
    try:
        wish = TuneRequest.check(rhythm=rhythm, key=key)
    except RequestError as error:
        await submission.refuse(interaction, caller.translate(error.message))
        return
    await begin(interaction, caller, Turn(rhythm=wish.rhythm or "", key=wish.key or ""))
