"""Ordinary messages of the bot, sent as replies where Discord allows that. They never ping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord.abc import Messageable

from bot.discord.core import limits


async def send_reply(channel: Messageable, parts: Callable[[], dict[str, Any]], *, to: int, channel_id: int) -> discord.Message:
    """Replies to the message `to` in the channel `channel_id`, or sends an ordinary message if `to` is 0.

    `parts` makes the arguments of discord.abc.Messageable.send for each attempt: an attempt uses files up. Raises
    discord.HTTPException.
    """
    if not to:
        return await channel.send(**parts())
    reference = discord.MessageReference(message_id=to, channel_id=channel_id, fail_if_not_exists=False)
    try:
        return await channel.send(**parts(), reference=reference, mention_author=False)
    except discord.HTTPException as error:
        if error.code != limits.NO_READ_HISTORY:
            raise
        return await channel.send(**parts())
