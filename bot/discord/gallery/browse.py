"""`/gallery`: what was shared in this server, or, outside of servers, everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.core import submission
from bot.discord.core.caller import Caller
from bot.discord.core.choices import RHYTHM_CHOICES, everywhere, key_choices
from bot.discord.gallery import pager, texts
from bot.discord.gallery.page import MAX_SEARCH_CHARACTERS, Listing, PageOf, searched
from generator.request import RequestError

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


@app_commands.command(name="gallery", description=texts.GALLERY)
@everywhere
@app_commands.describe(search=texts.SEARCH, rhythm=texts.SEARCH_RHYTHM, key=texts.SEARCH_KEY)
@app_commands.choices(rhythm=RHYTHM_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def gallery(
    interaction: discord.Interaction[TunesmithBot],
    search: app_commands.Range[str, 1, MAX_SEARCH_CHARACTERS] | None = None,
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
) -> None:
    await look_through(interaction, Listing.GALLERY, search, rhythm, key)


async def look_through(
    interaction: discord.Interaction[TunesmithBot], listing: Listing, search: str | None, rhythm: str | None, key: str | None
) -> None:
    """Opens the first page of what is like that."""
    caller = await Caller.of(interaction)
    try:
        page = PageOf(listing, searched(search, rhythm, key))
    except RequestError as error:
        await submission.refuse(interaction, caller.translate(error.message))
        return
    await pager.open_page(interaction, caller, page)
