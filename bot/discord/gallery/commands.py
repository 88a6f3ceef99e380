"""`/gallery`, `/top` and `/mine`: lists of tunes to page through."""

from __future__ import annotations

from discord import app_commands

from bot.core.gallery_page import MAX_SEARCH_CHARACTERS, Listing, PageRequest, search_of
from bot.core.texts import gallery as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import RHYTHM_CHOICES, everywhere, key_choices
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from bot.discord.gallery import pager
from generator.request import RequestError


@app_commands.command(name="gallery", description=texts.GALLERY)
@everywhere
@app_commands.describe(search=texts.SEARCH, rhythm=texts.SEARCH_RHYTHM, key=texts.SEARCH_KEY)
@app_commands.choices(rhythm=RHYTHM_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def gallery(
    interaction: Interaction,
    search: app_commands.Range[str, 1, MAX_SEARCH_CHARACTERS] | None = None,
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
) -> None:
    """Tunes shared in this server; outside servers, all shared tunes."""
    await _open_list(interaction, Listing.GALLERY, search, rhythm, key)


@app_commands.command(name="mine", description=texts.MINE)
@everywhere
@app_commands.describe(search=texts.SEARCH, rhythm=texts.SEARCH_RHYTHM, key=texts.SEARCH_KEY)
@app_commands.choices(rhythm=RHYTHM_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def mine(
    interaction: Interaction,
    search: app_commands.Range[str, 1, MAX_SEARCH_CHARACTERS] | None = None,
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
) -> None:
    """The person's own tunes from all places."""
    await _open_list(interaction, Listing.MINE, search, rhythm, key)


@app_commands.command(name="top", description=texts.TOP)
@everywhere
@app_commands.describe(period=texts.PERIOD)
@app_commands.choices(period=[app_commands.Choice(name=name, value=period) for period, name in texts.PERIODS.items()])
async def top(interaction: Interaction, period: str = "week") -> None:
    """The most liked tunes of the last week, the last month or all time."""
    await pager.open_page(interaction, await caller_of(interaction), PageRequest(Listing[period.upper()]))


async def _open_list(interaction: Interaction, listing: Listing, title: str | None, rhythm: str | None, key: str | None) -> None:
    caller = await caller_of(interaction)
    try:
        page = PageRequest(listing, search_of(title, rhythm, key))
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
        return
    await pager.open_page(interaction, caller, page)
