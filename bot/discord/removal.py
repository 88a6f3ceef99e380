"""What Discord shows of a tune is taken away: the message that carries it, and the one in the sharing channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import discord
import structlog

from bot.discord.card import Card
from bot.discord.reach import reach, reply_of
from storage.tunes import Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)


async def remove_messages(bot: TunesmithBot, tune: Tune) -> None:
    """Takes away the tune's message, or the card of one that is not delivered, and its message in the sharing channel.

    Raises nothing: what is gone or out of reach is only logged. discord.py waits out the rate limits.
    """
    if tune.message is not None:
        await _remove(bot, tune, tune.origin.place, tune.message)
    elif (reply := reply_of(tune)) is not None:
        if (delivery := bot.deliveries.get(tune.id)) is not None:
            delivery.cancel()  # there is nothing to follow or to post any more
        await Card(bot, reply, int(tune.origin.place)).delete()
    await remove_shared(bot, tune)


async def remove_shared(bot: TunesmithBot, tune: Tune) -> None:
    """Takes away the message in the sharing channel alone."""
    if tune.shared is not None and tune.shared.place and tune.shared.message:
        await _remove(bot, tune, tune.shared.place, tune.shared.message)


async def _remove(bot: TunesmithBot, tune: Tune, place: str, message: str) -> None:
    try:
        gone = await reach(bot, tune, int(place), int(message), lambda way: way.delete())
    except (discord.HTTPException, aiohttp.ClientError, OSError, ValueError) as error:
        log.warning("A message cannot be taken away.", tune=tune.id, message=message, reason=repr(error))
    else:
        if not gone:
            log.info("A message is gone or out of reach.", tune=tune.id, message=message)
