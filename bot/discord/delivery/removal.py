"""What Discord shows of a tune is taken away: the message that carries it, and the one in the sharing channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import discord
import structlog

from bot.discord.core.message_access import reach, reply_of
from bot.discord.delivery.card import Card
from storage.tunes import Status, Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)


async def remove_messages(bot: TunesmithBot, tune: Tune) -> None:
    """Takes away the tune's message, or the card of one that is not delivered, and its message in the sharing channel.

    What is left of a set keeps its message, without the tune. Raises nothing: what is gone or out of reach is only logged.
    discord.py waits out the rate limits.
    """
    others = await _others(bot, tune)
    reply = reply_of(tune)
    if others and tune.message_id is None:
        pass  # their delivery goes on without it
    elif tune.message_id is None:
        if (delivery := bot.deliveries.get(tune.set_id or tune.id)) is not None:
            delivery.cancel()  # there is nothing to follow or to post any more
        if reply is not None:
            try:
                await Card(bot, reply, int(tune.origin.channel_id)).delete()
            except (aiohttp.ClientError, OSError) as error:
                log.warning("Could not delete a queue card.", tune=tune.id, reason=repr(error))
    elif not (others and await _taken_out(bot, tune, others)):
        await _remove(bot, tune, tune.origin.channel_id, tune.message_id)
        if reply is not None and not reply.attaches and str(reply.card) != tune.message_id:
            # The card has the files of a tune that could only be posted as text.
            await _remove(bot, tune, tune.origin.channel_id, str(reply.card))
    await remove_shared(bot, tune)


async def _others(bot: TunesmithBot, tune: Tune) -> list[Tune]:
    """What is left of the tune's set and stands, or is going to stand, in the same message."""
    try:
        left = await bot.storage.set_of(tune.set_id) if tune.set_id else []
    except Exception:
        log.exception("Reading the other tunes of a set failed.", tune=tune.id)
        left = []
    return [one for one in left if one.status is Status.FINISHED or tune.message_id is None]


async def _taken_out(bot: TunesmithBot, tune: Tune, others: list[Tune]) -> bool:
    """Takes one tune of a set out of the message, which the others keep; False where that cannot be done."""
    from bot.discord.delivery.set_message import SetDelivery  # its message has the button that leads here

    assert tune.message_id is not None
    try:
        make = await SetDelivery(bot, others[0], resumed=False).of(others)
        return await reach(bot, tune, int(tune.origin.channel_id), int(tune.message_id), lambda way: way.edit(**make().parts))
    except Exception:
        log.exception("Removing a tune from its set's message failed.", tune=tune.id)
        return False


async def remove_shared(bot: TunesmithBot, tune: Tune) -> None:
    """Takes away the message in the sharing channel alone."""
    if tune.shared is not None and tune.shared.channel_id and tune.shared.message_id:
        await _remove(bot, tune, tune.shared.channel_id, tune.shared.message_id)


async def _remove(bot: TunesmithBot, tune: Tune, channel_id: str, message: str) -> None:
    try:
        gone = await reach(bot, tune, int(channel_id), int(message), lambda way: way.delete())
    except (discord.HTTPException, aiohttp.ClientError, OSError, ValueError) as error:
        log.warning("Could not delete a message.", tune=tune.id, message=message, reason=repr(error))
    else:
        if not gone:
            log.info("A message is gone or out of reach.", tune=tune.id, message=message)
