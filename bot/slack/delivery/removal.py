"""Removing what Slack shows of a deleted or unshared tune."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

import structlog
from slack_sdk.errors import SlackApiError

from bot.languages import language
from bot.slack.core.clients import Client, NotInstalled, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import is_timestamp
from bot.slack.core.reply import Reply, reply_of
from bot.slack.delivery import posting
from bot.slack.delivery.card import Card
from bot.slack.delivery.tune_message import load_set_message
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


async def remove_messages(context: Context, tune: Tune) -> None:
    """Removes the message of a deleted tune, or the card if it was not delivered, and its post in the sharing channel.

    The other tunes of a set keep its message. Raises nothing.
    """
    if (reply := reply_of(tune)) is not None:
        await context.removals.now_or_later(tune.id, lambda: _unless_removed(_remove_message(context, tune, reply)))
    await remove_channel_post(context, tune)


async def remove_channel_post(context: Context, tune: Tune) -> None:
    """Removes only the post in the sharing channel."""
    shared, reply = tune.shared, reply_of(tune)
    if shared is None or reply is None or not shared.channel_id or not shared.message_id:
        return
    channel_id, message_id = shared.channel_id, shared.message_id

    async def remove() -> None:
        client = await context.clients.of(reply.team_id, reply.enterprise_id)
        await posting.delete(client, channel_id, message_id, reply.post_file_ids)

    await context.removals.now_or_later(tune.id, lambda: _unless_removed(remove()))


async def _unless_removed(removing: Awaitable[None]) -> None:
    """Where the app was removed, so were its messages for it. Raises errors that may pass."""
    try:
        await removing
    except NotInstalled:
        return
    except SlackApiError as error:
        if is_temporary(error):
            raise
        log.info("A message is gone or out of reach.", reason=error_code(error))


async def _remove_message(context: Context, tune: Tune, reply: Reply) -> None:
    rest = await context.storage.set_of(tune.set_id) if tune.set_id else []
    others = [other for other in rest if other.status is Status.FINISHED or tune.message_id is None]
    if others and tune.message_id is None:
        return  # the delivery of the others continues without this tune
    client = await context.clients.of(reply.team_id, reply.enterprise_id)
    channel_id = reply.posted_in or tune.origin.channel_id
    if others and is_timestamp(tune.message_id):
        await _post_rest_of_set(context, client, tune, others, reply)
    elif tune.message_id is not None:
        await posting.delete(client, channel_id, tune.message_id, reply.file_ids)
    else:
        context.deliveries.cancel(tune)
        await Card(context, reply).delete()
        if reply.file_ids and (posted := await posting.find_message(client, reply.file_ids)):
            await posting.delete(client, *posted, reply.file_ids)


async def _post_rest_of_set(context: Context, client: Client, tune: Tune, others: list[Tune], reply: Reply) -> None:
    """Puts new files of the other tunes into the set's message. The old ones also contain the deleted tune."""
    post = await load_set_message(context, others, language(reply.language))
    file_ids = await posting.upload(client, context.clients, post)
    await client.chat_update(
        channel=reply.posted_in or tune.origin.channel_id,
        ts=str(tune.message_id),
        text=post.text,
        blocks=list(post.blocks),
        file_ids=list(file_ids),
    )
    await context.storage.set_reply(tune.set_id or tune.id, replace(reply, file_ids=file_ids).as_dict(), delivered=True)
    await posting.delete(client, "", "", reply.file_ids)
