"""Finding a message that was posted though its id is not known: the answer was lost, or the process ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime

import discord
from discord.abc import Messageable

from bot.discord.core import limits
from bot.discord.core.context import Context


async def find_own_message(
    context: Context, channel: Messageable, since: datetime, matches: Callable[[discord.Message], bool]
) -> int | None:
    """The id of the bot's first message that was posted since then and matches. `since` is a time of the database."""
    with contextlib.suppress(discord.Forbidden, discord.NotFound):
        async for message in channel.history(limit=limits.SEARCHED_POSTS, after=since - limits.CLOCK_DIFFERENCE):
            if message.author == context.client.user and matches(message):
                return message.id
    return None
