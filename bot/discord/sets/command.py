"""`/set`: two to five tunes that go together, composed as one wish and posted as one message."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.core import submission
from bot.discord.core.caller import Caller
from bot.discord.core.choices import INSTRUMENT_CHOICES, RHYTHM_CHOICES, everywhere, key_choices, model_choices
from bot.discord.sets import texts
from generator.request import MAX_MODEL_CHARACTERS, MAX_SEED, PARAMETERS, RequestError
from generator.sets import MAX_TUNES, requests_of_set

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

USUAL_TUNES = 3


@app_commands.command(name="set", description=texts.SET)
@everywhere
@app_commands.describe(
    rhythm=PARAMETERS["rhythm"].help,
    key=texts.SET_KEY,
    count=texts.SET_COUNT,
    instrument=PARAMETERS["instrument"].help,
    backing=PARAMETERS["backing"].help,
    temperature=PARAMETERS["temperature"].help,
    model=PARAMETERS["model"].help,
    seed=PARAMETERS["seed"].help,
)
@app_commands.choices(
    rhythm=RHYTHM_CHOICES,
    instrument=INSTRUMENT_CHOICES,
)
@app_commands.autocomplete(key=key_choices, model=model_choices)
async def tune_set(
    interaction: discord.Interaction[TunesmithBot],
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    count: app_commands.Range[int, 2, MAX_TUNES] = USUAL_TUNES,
    instrument: str | None = None,
    backing: bool | None = None,
    temperature: app_commands.Range[float, 0.1, 2.0] | None = None,
    model: app_commands.Range[str, 1, MAX_MODEL_CHARACTERS] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
) -> None:
    caller = await Caller.of(interaction)
    try:
        request = await caller.wish(
            rhythm=rhythm,
            key=key,
            instrument=instrument,
            backing=backing,
            temperature=temperature,
            model=model,
            seed=seed,
        )
        requests = await asyncio.to_thread(requests_of_set, request, count)
    except RequestError as error:
        await submission.refuse(interaction, caller.translate(error.message))
        return
    await submission.ask_set(interaction, caller, requests)
