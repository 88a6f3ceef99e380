"""Removing what Slack shows of a deleted or unshared tune."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

import structlog
from slack_sdk.errors import SlackApiError

from bot.languages import language
from bot.slack.core import limits
from bot.slack.core.clients import Client, NotInstalled, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import Event, is_timestamp
from bot.slack.core.reply import Reply, reply_of
from bot.slack.delivery import posting
from bot.slack.delivery.card import Card
from bot.slack.delivery.posting import Posted
from bot.slack.delivery.tune_message import load_set_message
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


async def remove_messages(context: Context, tune: Tune, pressed: Event | None = None) -> None:
    """Removes the message of a deleted tune, or the card if it was not delivered, and its post in the sharing channel.

    The other tunes of a set keep its message. `pressed` is the event of a button under the message, which tells its `ts` if
    Slack did not. Raises nothing.
    """
    if (reply := reply_of(tune)) is not None:
        await context.removals.now_or_later(tune.id, lambda: _unless_removed(_remove_message(context, tune, reply, pressed)))
    await remove_channel_post(context, tune)


async def remove_channel_post(context: Context, tune: Tune) -> None:
    """Removes only the post in the sharing channel."""
    shared, reply = tune.shared, reply_of(tune)
    if shared is None or reply is None or not shared.channel_id or not shared.message_id:
        return
    post = Posted(shared.channel_id, shared.message_id)

    async def remove() -> None:
        client = await context.clients.of(reply.team_id, reply.enterprise_id)
        await posting.delete(client, await posting.locate(client, post, reply.post_file_ids), reply.post_file_ids)

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


async def _remove_message(context: Context, tune: Tune, reply: Reply, pressed: Event | None) -> None:
    rest = await context.storage.set_of(tune.set_id) if tune.set_id else []
    others = [other for other in rest if other.status is Status.FINISHED or tune.message_id is None]
    if others and tune.message_id is None:
        return  # the delivery of the others continues without this tune
    client = await context.clients.of(reply.team_id, reply.enterprise_id)
    if tune.message_id is None:  # a delivery that is running, perhaps in another process, ends by itself
        await Card(context, reply).delete()
    posted = Posted(reply.posted_in or tune.origin.channel_id, tune.message_id or "")
    posted = await posting.locate(client, posted, reply.file_ids, 0.0 if tune.message_id else limits.SHARES_S)
    if pressed is not None and pressed.message_ts and not is_timestamp(posted.message_id):
        posted = Posted(pressed.channel_id, pressed.message_ts)
    if others and is_timestamp(posted.message_id):
        await _post_rest_of_set(context, client, tune, others, reply, posted)
    else:
        await posting.delete(client, posted, reply.file_ids)


async def _post_rest_of_set(
    context: Context, client: Client, tune: Tune, others: list[Tune], reply: Reply, posted: Posted
) -> None:
    """Puts new files of the other tunes into the set's message. The old ones also contain the deleted tune."""
    post = await load_set_message(context, others, language(reply.language))
    file_ids = await posting.upload(client, context.clients, post)
    await posting.complete(client, post, file_ids)
    await client.chat_update(
        channel=posted.channel_id, ts=posted.message_id, text=post.text, blocks=list(post.blocks), file_ids=list(file_ids)
    )
    await context.storage.set_reply(tune.set_id or tune.id, replace(reply, file_ids=file_ids).as_dict(), delivered=True)
    await posting.delete_files(client, reply.file_ids)
