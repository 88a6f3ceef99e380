"""`/top`: what is liked most, in a week, a month or ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.core.caller import Caller
from bot.discord.core.choices import everywhere
from bot.discord.gallery import pager, texts
from bot.discord.gallery.page import Listing, PageOf

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


@app_commands.command(name="top", description=texts.TOP)
@everywhere
@app_commands.describe(period=texts.PERIOD)
@app_commands.choices(period=[app_commands.Choice(name=name, value=period) for period, name in texts.PERIODS.items()])
async def top(interaction: discord.Interaction[TunesmithBot], period: str = "week") -> None:
    await pager.open_page(interaction, await Caller.of(interaction), PageOf(Listing[period.upper()]))
