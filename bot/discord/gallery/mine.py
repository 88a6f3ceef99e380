"""`/mine`: the person's own tunes, from everywhere, with what becomes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.core.choices import RHYTHM_CHOICES, everywhere, key_choices
from bot.discord.gallery import texts
from bot.discord.gallery.browse import look_through
from bot.discord.gallery.page import MAX_SEARCH_CHARACTERS, Listing

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


@app_commands.command(name="mine", description=texts.MINE)
@everywhere
@app_commands.describe(search=texts.SEARCH, rhythm=texts.SEARCH_RHYTHM, key=texts.SEARCH_KEY)
@app_commands.choices(rhythm=RHYTHM_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def mine(
    interaction: discord.Interaction[TunesmithBot],
    search: app_commands.Range[str, 1, MAX_SEARCH_CHARACTERS] | None = None,
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
) -> None:
    await look_through(interaction, Listing.MINE, search, rhythm, key)
