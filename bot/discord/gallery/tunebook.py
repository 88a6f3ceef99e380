"""`/tunebook`: many tunes as one ABC file and as a PDF."""

from __future__ import annotations

import io

import discord
import structlog
from discord import app_commands

from bot.core.texts import common as core_texts
from bot.core.texts import gallery as texts
from bot.core.texts import tunebook as tunebook_texts
from bot.core.tunebook import files_of, nothing_for
from bot.core.tunebook.pdf import to_print
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import everywhere
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from storage.gallery import Order

log = structlog.get_logger(__name__)

SERVER, MINE = "server", "mine"


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
        await send_private(interaction, caller.translate(nothing_for(sorting, own=own)))
        return
    for name, (content, tunes) in files_of(abc, interaction.filesize_limit).items():
        file = discord.File(io.BytesIO(content), name)
        await send_private(interaction, caller.translate(texts.tunes_in_file(tunes)), files=[file])
    pdf = await to_print(interaction.client.context.storage, caller.viewer, own=own, order=sorting, translate=caller.translate)
    if pdf and len(pdf) <= interaction.filesize_limit:
        await send_private(
            interaction, caller.translate(tunebook_texts.TO_PRINT), files=[discord.File(io.BytesIO(pdf), "tunebook.pdf")]
        )
