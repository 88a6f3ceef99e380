"""Removing what Discord shows of a deleted or unshared tune."""

from __future__ import annotations

import aiohttp
import discord
import structlog

from bot.discord.core import limits
from bot.discord.core.context import Context
from bot.discord.core.message_access import access_message
from bot.discord.core.reply import Reply, reply_of
from bot.discord.delivery.card import Card
from bot.discord.delivery.set_message import load_set_message
from bot.languages import language
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


async def remove_messages(context: Context, tune: Tune) -> None:
    """Removes the message of a deleted tune, or the card if it was not delivered, and its post in the sharing channel.

    The other tunes of a set keep its message. Raises nothing: a message that is gone or out of reach is logged. discord.py
    waits for the rate limits.
    """
    others = await _rest_of_set(context, tune)
    reply = reply_of(tune)
    if others and tune.message_id is None:
        pass  # the delivery of the others continues without this tune
    elif tune.message_id is None:
        context.deliveries.cancel(tune)
        if reply is not None:
            try:
                await Card(context, reply, int(tune.origin.channel_id)).delete()
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning("Could not delete a queue card.", tune=tune.id, reason=repr(error))
    elif not (others and await _remove_from_set(context, tune, others)):
        await _delete_message(context, tune, tune.origin.channel_id, tune.message_id)
        if reply is not None and not reply.attaches and str(reply.card) != tune.message_id:
            # The tune was posted as text, and the card has its files.
            await _delete_message(context, tune, tune.origin.channel_id, str(reply.card))
    await remove_channel_post(context, tune)


async def remove_channel_post(context: Context, tune: Tune) -> None:
    """Removes only the post in the sharing channel."""
    if tune.shared is not None and tune.shared.channel_id and tune.shared.message_id:
        await _delete_message(context, tune, tune.shared.channel_id, tune.shared.message_id)


async def _rest_of_set(context: Context, tune: Tune) -> list[Tune]:
    """The other tunes of its set that are, or will be, in the same message."""
    try:
        rest = await context.storage.set_of(tune.set_id) if tune.set_id else []
    except Exception:
        log.exception("Reading the other tunes of a set failed.", tune=tune.id)
        rest = []
    return [other for other in rest if other.status is Status.FINISHED or tune.message_id is None]


async def _remove_from_set(context: Context, tune: Tune, others: list[Tune]) -> bool:
    """Removes one tune of a set from the set's message. False if that is not possible."""
    assert tune.message_id is not None
    try:
        reply = Reply.from_dict(others[0].origin.reply)
        file_limit = min(reply.file_limit, limits.FILE_BYTES)
        make = await load_set_message(context, others, file_limit=file_limit, translate=language(reply.language))
        channel_id, message_id = int(tune.origin.channel_id), int(tune.message_id)
        return await access_message(
            context, tune, channel_id, message_id, lambda access: access.edit(**make(None, "").edit_parts)
        )
    except Exception:
        log.exception("Removing a tune from its set's message failed.", tune=tune.id)
        return False


async def _delete_message(context: Context, tune: Tune, channel_id: str, message_id: str) -> None:
    try:
        deleted = await access_message(context, tune, int(channel_id), int(message_id), lambda access: access.delete())
    except (discord.HTTPException, aiohttp.ClientError, OSError, ValueError) as error:
        log.warning("Could not delete a message.", tune=tune.id, message=message_id, reason=repr(error))
    else:
        if not deleted:
            log.info("A message is gone or out of reach.", tune=tune.id, message=message_id)
