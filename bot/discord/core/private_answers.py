"""Answers to an interaction that only the person sees."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord.utils import MISSING

from bot.discord.core.context import Interaction


async def send_private(
    interaction: Interaction,
    text: str = "",
    *,
    view: discord.ui.View = MISSING,
    embed: discord.Embed = MISSING,
    files: Sequence[discord.File] = MISSING,
) -> None:
    """Sends a message that only the person sees: as the first answer, or after it. It fills a private “thinking…”."""
    if interaction.response.is_done():
        await interaction.followup.send(text or MISSING, view=view, embed=embed, files=files, ephemeral=True)
    else:
        await interaction.response.send_message(text or None, view=view, embed=embed, files=files, ephemeral=True)


async def retract_answer(interaction: Interaction, text: str) -> None:
    """Deletes a public “thinking…” and tells the person privately why: a follow-up alone would fill it publicly."""
    await interaction.delete_original_response()
    await interaction.followup.send(text, ephemeral=True)
