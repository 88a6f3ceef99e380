"""`/render`: a tune that somebody hands in is engraved and played as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.compose import texts
from bot.discord.core import abc_input, submission
from bot.discord.core import texts as core_texts
from bot.discord.core.abc_input import unfold
from bot.discord.core.caller import Caller
from bot.discord.core.choices import INSTRUMENT_CHOICES, everywhere, key_choices
from generator.request import MAX_OPENING_CHARACTERS, PARAMETERS, RequestError

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


@app_commands.command(name="render", description=texts.RENDER)
@everywhere
@app_commands.describe(
    abc=texts.RENDER_ABC,
    file=texts.RENDER_FILE,
    key=texts.RENDER_KEY,
    instrument=PARAMETERS["instrument"].help,
    backing=PARAMETERS["backing"].help,
)
@app_commands.choices(instrument=INSTRUMENT_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def render(
    interaction: discord.Interaction[TunesmithBot],
    abc: app_commands.Range[str, 1, MAX_OPENING_CHARACTERS] | None = None,
    file: discord.Attachment | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    instrument: str | None = None,
    backing: bool | None = None,
) -> None:
    caller = await Caller.of(interaction)
    try:
        opening = await _handed_in(abc, file)
        request = await caller.wish(opening=opening, mode="play", key=key, instrument=instrument, backing=backing)
    except RequestError as error:
        await submission.refuse(interaction, caller.translate(error.message))
        return
    await submission.ask(interaction, caller, request)


async def _handed_in(abc: str | None, file: discord.Attachment | None) -> str:
    """The one tune, typed or in a file; raises RequestError."""
    if abc and file:
        raise RequestError("file", texts.TWO_TUNES)
    text = await abc_input.fetched(file) if file else unfold(abc)
    if not text.strip():
        raise RequestError("abc", core_texts.NOTHING_TO_PLAY)
    return text
