"""`/set`: two to five tunes that go together, composed as one wish and posted as one message."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.discord import asking, texts
from bot.discord.caller import Caller
from bot.discord.choices import INSTRUMENT_CHOICES, everywhere, matching_keys
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.request import MAX_SEED, RequestError
from generator.sets import MAX_TUNES, requests_of_set

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

USUAL_TUNES = 3


@app_commands.command(name="set", description=texts.SET)
@everywhere
@app_commands.describe(
    rhythm=texts.RHYTHM,
    key=texts.SET_KEY,
    count=texts.SET_COUNT,
    instrument=texts.INSTRUMENT,
    backing=texts.BACKING,
    temperature=texts.TEMPERATURE,
    seed=texts.SEED,
)
@app_commands.choices(
    rhythm=[app_commands.Choice(name=name, value=name) for name in RHYTHMS],
    instrument=INSTRUMENT_CHOICES,
)
async def tune_set(
    interaction: discord.Interaction[TunesmithBot],
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    count: app_commands.Range[int, 2, MAX_TUNES] = USUAL_TUNES,
    instrument: str | None = None,
    backing: bool | None = None,
    temperature: app_commands.Range[float, 0.1, 2.0] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
) -> None:
    caller = await Caller.of(interaction)
    try:
        request = await caller.wish(
            rhythm=rhythm, key=key, instrument=instrument, backing=backing, temperature=temperature, seed=seed
        )
        requests = await asyncio.to_thread(requests_of_set, request, count)
    except RequestError as error:
        await asking.refuse(interaction, caller.say(error.sentence))
        return
    await asking.ask_set(interaction, caller, requests)


@tune_set.autocomplete("key")
async def key_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    say = language(str(interaction.locale))
    return [app_commands.Choice(name=say(key.named), value=key.abc) for key in matching_keys(typed, say)]
