"""`/top`: what is liked most, in a week, a month or ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.core import texts_gallery
from bot.discord.core.caller import Caller
from bot.discord.core.choices import everywhere
from bot.discord.gallery import pager
from bot.discord.gallery.page import Listing, PageOf

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


@app_commands.command(name="top", description=texts_gallery.TOP)
@everywhere
@app_commands.describe(period=texts_gallery.PERIOD)
@app_commands.choices(period=[app_commands.Choice(name=name, value=period) for period, name in texts_gallery.PERIODS.items()])
async def top(interaction: discord.Interaction[TunesmithBot], period: str = "week") -> None:
    await pager.open_page(interaction, await Caller.of(interaction), PageOf(Listing[period.upper()]))
