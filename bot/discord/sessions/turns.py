"""Finds the turn of a session that a message takes.

The state of a session is in its messages: the latest message of the bot with a session button says which tune comes before
the next phrase. So a restart loses nothing.
"""

from __future__ import annotations

import re

import discord
import structlog

from bot.core.sessions import TURN, Turn
from bot.discord.core import limits
from bot.discord.core.components import custom_ids
from bot.discord.core.context import Context

log = structlog.get_logger(__name__)

_BUTTON = re.compile(rf"session:(?P<action>your-turn|whole):{TURN}")


def custom_id(action: str, turn: Turn) -> str:
    return f"session:{action}:{turn}"


async def find_turn(context: Context, message: discord.Message, replied_to: discord.Message | None) -> Turn | None:
    """The turn that a message takes: `replied_to` is a session message of the bot, or the channel is a session's thread.

    In other channels people write about other things too, so there a session message has to be replied to.
    """
    if replied_to is not None and (turn := _turns_on(replied_to).get("your-turn")):
        return turn
    channel = message.channel
    if not isinstance(channel, discord.Thread | discord.DMChannel):
        return None
    latest: Turn | None = None
    try:
        async for posted in channel.history(limit=limits.SEARCHED_MESSAGES):
            turns = _turns_on(posted) if posted.author == context.client.user else {}
            if turns and "your-turn" not in turns:
                break  # the session is over
            latest = latest or turns.get("your-turn")
            if "your-turn" in turns and not turns["your-turn"].tune_id:
                return latest
        else:
            # The start is further back. The bot creates threads only for sessions.
            own_thread = isinstance(channel, discord.Thread) and channel.owner_id == context.client.application_id
            return latest if own_thread else None
    except discord.HTTPException as error:
        log.info("Could not read the channel's history to find a session.", channel_id=channel.id, reason=str(error))
    return None


def _turns_on(message: discord.Message) -> dict[str, Turn]:
    """Action → turn, of the session buttons under a message."""
    return {match["action"]: Turn.of(match) for match in custom_ids(message, _BUTTON)}
