"""`/set`: two to five tunes that go together, posted as one message."""

from __future__ import annotations

import asyncio

from discord import app_commands

from bot.core.texts import sets as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import INSTRUMENT_CHOICES, RHYTHM_CHOICES, TIMES_CHOICES, everywhere, key_choices, model_choices
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit
from generator.request import MAX_MODEL_CHARACTERS, MAX_SEED, PARAMETERS, RequestError
from generator.sets import MAX_TUNES, requests_of_set

DEFAULT_COUNT = 3


@app_commands.command(name="set", description=texts.SET)
@everywhere
@app_commands.describe(
    rhythm=PARAMETERS["rhythm"].help,
    key=texts.SET_KEY,
    count=texts.SET_COUNT,
    instrument=PARAMETERS["instrument"].help,
    backing=PARAMETERS["backing"].help,
    times=PARAMETERS["times"].help,
    temperature=PARAMETERS["temperature"].help,
    model=PARAMETERS["model"].help,
    seed=PARAMETERS["seed"].help,
)
@app_commands.choices(times=TIMES_CHOICES)
@app_commands.choices(
    rhythm=RHYTHM_CHOICES,
    instrument=INSTRUMENT_CHOICES,
)
@app_commands.autocomplete(key=key_choices, model=model_choices)
async def tune_set(
    interaction: Interaction,
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    count: app_commands.Range[int, 2, MAX_TUNES] = DEFAULT_COUNT,
    instrument: str | None = None,
    backing: bool | None = None,
    times: int | None = None,
    temperature: app_commands.Range[float, 0.1, 2.0] | None = None,
    model: app_commands.Range[str, 1, MAX_MODEL_CHARACTERS] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
) -> None:
    caller = await caller_of(interaction)
    try:
        request = await caller.request(
            rhythm=rhythm,
            key=key,
            instrument=instrument,
            backing=backing,
            times=times,
            temperature=temperature,
            model=model,
            seed=seed,
        )
        requests = await asyncio.to_thread(requests_of_set, request, count)
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
        return
    await submit(interaction, caller, *requests)
