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
    context: Context,
    channel: Messageable,
    since: datetime,
    matches: Callable[[discord.Message], bool],
    *,
    after_id: int = 0,
) -> int | None:
    """The id of the bot's first message that was posted since then and matches.

    `since` is a time of the database, whose clock may be wrong. `after_id` is the id of something in Discord that was earlier.
    """
    after = max(since - limits.CLOCK_DIFFERENCE, discord.utils.snowflake_time(after_id))
    with contextlib.suppress(discord.Forbidden, discord.NotFound):
        async for message in channel.history(limit=limits.SEARCHED_POSTS, after=after):
            if message.author == context.client.user and matches(message):
                return message.id
    return None
