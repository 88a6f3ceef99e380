"""`/tunebook`: many tunes as one file that any reader of ABC opens."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import discord
import structlog
from discord import app_commands

from bot.discord.core import texts as core_texts
from bot.discord.core.caller import Caller
from bot.discord.core.choices import everywhere
from bot.discord.gallery import pager, texts
from storage.gallery import Order

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

SERVER, MINE = "server", "mine"
_BETWEEN_TUNES = re.compile(r"(?<=\n)\n(?=X:)")


@app_commands.command(name="tunebook", description=texts.TUNEBOOK)
@everywhere
@app_commands.describe(which=texts.TUNEBOOK_CONTENTS, order=texts.TUNEBOOK_ORDER)
@app_commands.choices(
    which=[
        app_commands.Choice(name=texts.SHARED_TUNES, value=SERVER),
        app_commands.Choice(name=texts.OWN_TUNES, value=MINE),
    ],
    order=[app_commands.Choice(name=name, value=order) for order, name in texts.ORDERS.items()],
)
async def tunebook(interaction: discord.Interaction[TunesmithBot], which: str = SERVER, order: str = "newest") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    caller = await Caller.of(interaction)
    own, by = which == MINE, Order(order)
    try:
        abc = await interaction.client.storage.gallery.tunebook(caller.viewer, mine=own, order=by)
    except Exception:
        log.exception("Reading a tunebook failed.")
        await pager.tell(interaction, caller, core_texts.TRY_AGAIN_LATER)
        return
    if not abc:
        empty = texts.NOTHING_SHARED if by is Order.NEWEST else texts.NOTHING_LIKED
        await pager.tell(interaction, caller, texts.NO_TUNES_OF_YOURS if own else empty)
        return
    books = split(abc, interaction.filesize_limit)
    for number, tunes in enumerate(books, 1):
        name = f"tunebook-{number}.abc" if len(books) > 1 else "tunebook.abc"
        file = discord.File(io.BytesIO(b"\n".join(tunes)), name)
        await interaction.followup.send(caller.translate(texts.tunes_in_file(len(tunes))), file=file, ephemeral=True)


def split(abc: str, limit: int) -> list[list[bytes]]:
    """The tunes of a book, by files of at most `limit` bytes; none is torn apart, however long it is."""
    books: list[list[bytes]] = []
    size = 0
    for tune in map(str.encode, _BETWEEN_TUNES.split(abc)):
        size += len(tune) + 1  # with the line between two
        if not books or size - 1 > limit:
            books.append([])
            size = len(tune) + 1
        books[-1].append(tune)
    return books
