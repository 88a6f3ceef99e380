"""`/render`: a tune that somebody hands in is engraved and played as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord import asking, handed_in, texts
from bot.discord.command import INSTRUMENT_CHOICES, unfold
from generator.request import MAX_OPENING_CHARACTERS, RequestError, TuneRequest

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


@app_commands.command(name="render", description=texts.RENDER)
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
@app_commands.describe(abc=texts.RENDER_ABC, file=texts.RENDER_FILE, instrument=texts.INSTRUMENT, backing=texts.BACKING)
@app_commands.choices(instrument=INSTRUMENT_CHOICES)
async def render(
    interaction: discord.Interaction[TunesmithBot],
    abc: app_commands.Range[str, 1, MAX_OPENING_CHARACTERS] | None = None,
    file: discord.Attachment | None = None,
    instrument: str | None = None,
    backing: bool = True,
) -> None:
    try:
        opening = await _handed_in(abc, file)
        request = TuneRequest.check(opening=opening, mode="play", instrument=instrument, backing=backing)
    except RequestError as error:
        await asking.refuse(interaction, str(error))
        return
    await asking.ask(interaction, request)


async def _handed_in(abc: str | None, file: discord.Attachment | None) -> str:
    """The one tune, typed or in a file; raises RequestError."""
    if abc and file:
        raise RequestError("file", texts.TWO_TUNES)
    text = await handed_in.fetched(file) if file else unfold(abc)
    if not text.strip():
        raise RequestError("abc", texts.NOTHING_TO_PLAY)
    return text
