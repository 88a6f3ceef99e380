"""`/tunebook`: many tunes as one ABC file."""

from __future__ import annotations

import io
import re

import discord
import structlog
from discord import app_commands

from bot.core.texts import common as core_texts
from bot.core.texts import gallery as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import everywhere
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from storage.gallery import Order

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
async def tunebook(interaction: Interaction, which: str = SERVER, order: str = "newest") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    caller = await caller_of(interaction)
    own, sorting = which == MINE, Order(order)
    try:
        abc = await interaction.client.context.storage.gallery.tunebook(caller.viewer, mine=own, order=sorting)
    except Exception:
        log.exception("Reading a tunebook failed.")
        await send_private(interaction, caller.translate(core_texts.TRY_AGAIN_LATER))
        return
    if not abc:
        empty = texts.NOTHING_SHARED if sorting is Order.NEWEST else texts.NOTHING_LIKED
        await send_private(interaction, caller.translate(texts.NO_TUNES_OF_YOURS if own else empty))
        return
    books = split(abc, interaction.filesize_limit)
    for number, tunes in enumerate(books, 1):
        name = f"tunebook-{number}.abc" if len(books) > 1 else "tunebook.abc"
        file = discord.File(io.BytesIO(b"\n".join(tunes)), name)
        await send_private(interaction, caller.translate(texts.tunes_in_file(len(tunes))), files=[file])


def split(abc: str, limit: int) -> list[list[bytes]]:
    """The tunes of a tunebook, divided into files of at most `limit` bytes. A tune is never split, however long it is."""
    books: list[list[bytes]] = []
    size = 0
    for tune in map(str.encode, _BETWEEN_TUNES.split(abc)):
        size += len(tune) + 1  # with the empty line between two tunes
        if not books or size - 1 > limit:
            books.append([])
            size = len(tune) + 1
        books[-1].append(tune)
    return books
