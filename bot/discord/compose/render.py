"""`/render`: sheet music and a recording of a tune that somebody sends, played as written."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands

from bot.core.abc_input import unfold
from bot.core.keys import key_in_same_mode, key_of
from bot.core.texts import common as core_texts
from bot.discord.compose import texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import INSTRUMENT_CHOICES, TIMES_CHOICES, everywhere, key_choices
from bot.discord.core.context import Interaction
from bot.discord.core.message_abc import download
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit
from generator.request import MAX_OPENING_CHARACTERS, PARAMETERS, RequestError


@app_commands.command(name="render", description=texts.RENDER)
@everywhere
@app_commands.describe(
    abc=texts.RENDER_ABC,
    file=texts.RENDER_FILE,
    key=texts.RENDER_KEY,
    instrument=PARAMETERS["instrument"].help,
    backing=PARAMETERS["backing"].help,
    chords=PARAMETERS["chords"].help,
    times=PARAMETERS["times"].help,
)
@app_commands.choices(instrument=INSTRUMENT_CHOICES)
@app_commands.choices(times=TIMES_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def render(
    interaction: Interaction,
    abc: app_commands.Range[str, 1, MAX_OPENING_CHARACTERS] | None = None,
    file: discord.Attachment | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    instrument: str | None = None,
    backing: bool | None = None,
    chords: bool | None = None,
    times: int | None = None,
) -> None:
    caller = await caller_of(interaction)
    try:
        opening = await _opening(abc, file)
        if key and (own_key := await asyncio.to_thread(key_of, opening)):
            key = key_in_same_mode(key, own_key)
        request = await caller.request(
            opening=opening, mode="play", key=key, instrument=instrument, backing=backing, chords=chords, times=times
        )
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
        return
    await submit(interaction, caller, request)


async def _opening(abc: str | None, file: discord.Attachment | None) -> str:
    """The ABC of the tune, typed or in a file. Raises RequestError."""
    if abc and file:
        raise RequestError("file", texts.TWO_TUNES)
    text = await download(file) if file else unfold(abc)
    if not text.strip():
        raise RequestError("abc", core_texts.NOTHING_TO_PLAY)
    return text
