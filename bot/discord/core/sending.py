"""Ordinary messages that answer another one: as a reply to it where Discord lets the bot make one, and never with a ping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord.abc import Messageable

NO_HISTORY = 160002  # a reply needs the permission to read the channel's history


async def send(channel: Messageable, parts: Callable[[], dict[str, Any]], *, to: int, channel_id: int) -> discord.Message:
    """`to` is the message in the channel `channel_id` that is answered, 0 for none; raises discord.HTTPException.

    `parts` makes the arguments of discord.abc.Messageable.send, once for each attempt: files are used up by one.
    """
    if not to:
        return await channel.send(**parts())
    reference = discord.MessageReference(message_id=to, channel_id=channel_id, fail_if_not_exists=False)
    try:
        return await channel.send(**parts(), reference=reference, mention_author=False)
    except discord.HTTPException as error:
        if error.code != NO_HISTORY:
            raise
        return await channel.send(**parts())
