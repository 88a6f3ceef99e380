"""Removing what Discord shows of a deleted or unshared tune."""

from __future__ import annotations

import structlog

from bot.discord.core import limits
from bot.discord.core.components import tune_id_of
from bot.discord.core.context import Context
from bot.discord.core.message_access import access_message
from bot.discord.core.reply import reply_of
from bot.discord.delivery.card import Card
from bot.discord.delivery.message_search import find_own_message
from bot.discord.delivery.set_message import load_set_message
from bot.languages import language
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


async def remove_messages(context: Context, tune: Tune) -> None:
    """Removes the message of a deleted tune, or the card if it was not delivered, and its post in the sharing channel.

    The other tunes of a set keep its message. Raises nothing: a message that is gone or out of reach is logged. discord.py
    waits for the rate limits.
    """
    await context.removals.now_or_later(tune.id, lambda: _remove_message(context, tune))
    await remove_channel_post(context, tune)


async def remove_channel_post(context: Context, tune: Tune) -> None:
    """Removes only the post in the sharing channel."""
    if (shared := tune.shared) is not None and shared.channel_id and shared.message_id:
        channel_id, message_id = shared.channel_id, shared.message_id
        await context.removals.now_or_later(tune.id, lambda: _delete_message(context, tune, channel_id, message_id))


async def _remove_message(context: Context, tune: Tune) -> None:
    """Raises for trouble that may pass, as the functions below do."""
    others, reply = await _rest_of_set(context, tune), reply_of(tune)
    if others and tune.message_id is None:
        return  # the delivery of the others continues without this tune
    if tune.message_id is None:
        context.deliveries.cancel(tune)
        if reply is not None:
            await Card(context, reply, int(tune.origin.channel_id)).delete()
        if tune.finished_at is not None:  # its message may be there though Discord's answer was lost
            channel = context.client.get_partial_messageable(int(tune.origin.channel_id))
            posted = await find_own_message(context, channel, tune.finished_at, lambda message: tune_id_of(message) == tune.id)
            if posted is not None:
                await _delete_message(context, tune, tune.origin.channel_id, str(posted))
    elif not (others and await _remove_from_set(context, tune, others)):
        await _delete_message(context, tune, tune.origin.channel_id, tune.message_id)
        if reply is not None and not reply.attaches and str(reply.card) != tune.message_id:
            # The tune was posted as text, and the card has its files.
            await _delete_message(context, tune, tune.origin.channel_id, str(reply.card))


async def _rest_of_set(context: Context, tune: Tune) -> list[Tune]:
    """The other tunes of its set that are, or will be, in the same message."""
    rest = await context.storage.set_of(tune.set_id) if tune.set_id else []
    return [other for other in rest if other.status is Status.FINISHED or tune.message_id is None]


async def _remove_from_set(context: Context, tune: Tune, others: list[Tune]) -> bool:
    """Removes one tune of a set from the set's message. False if the message is out of reach."""
    assert tune.message_id is not None
    reply = reply_of(others[0])
    if reply is None:
        return False
    file_limit = min(reply.file_limit, limits.FILE_BYTES)
    make = await load_set_message(context, others, file_limit=file_limit, translate=language(reply.language))
    channel_id, message_id = int(tune.origin.channel_id), int(tune.message_id)
    return await access_message(context, tune, channel_id, message_id, lambda access: access.edit(**make(None, "").edit_parts))


async def _delete_message(context: Context, tune: Tune, channel_id: str, message_id: str) -> None:
    if not await access_message(context, tune, int(channel_id), int(message_id), lambda access: access.delete()):
        log.info("A message is gone or out of reach.", tune=tune.id, message=message_id)
