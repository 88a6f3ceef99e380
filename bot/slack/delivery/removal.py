"""Removing what Slack shows of a deleted or unshared tune."""

from __future__ import annotations

from collections.abc import Awaitable

import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.core.clients import NotInstalled, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.reply import Reply, reply_of
from bot.slack.delivery import posting
from bot.slack.delivery.card import Card
from bot.slack.delivery.posting import Posted
from bot.slack.delivery.rest_of_set import RestOfSet
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


async def remove_messages(context: Context, tune: Tune) -> None:
    """Removes the message of a deleted tune, or the card if it was not delivered, and its post in the sharing channel.

    The other tunes of a set are posted again without it. Raises nothing.
    """
    if (reply := reply_of(tune)) is not None:
        rest = RestOfSet(context, tune, reply)
        await context.removals.now_or_later(tune.id, lambda: _unless_removed(_remove_message(context, tune, reply, rest)))
    await remove_channel_post(context, tune)


async def remove_channel_post(context: Context, tune: Tune) -> None:
    """Removes only the post in the sharing channel. Raises nothing."""
    shared, reply = tune.shared, reply_of(tune)
    if shared is None or reply is None or not shared.channel_id:
        return
    if shared.message_id is None:  # perhaps it is being sent, or a process that died sent it: that is found out there
        context.channel_posts.post(tune, resumed=True)
        return
    await remove_message(context, tune.id, reply, Posted(shared.channel_id, shared.message_id), reply.post_file_ids)


async def remove_message(context: Context, tune_id: str, reply: Reply, posted: Posted, file_ids: tuple[str, ...]) -> None:
    """Removes a message of the tune with its files, now or later. Raises nothing."""

    async def remove() -> None:
        await posting.delete(await context.clients.of(reply.team_id, reply.enterprise_id), posted, file_ids)

    await context.removals.now_or_later(tune_id, lambda: _unless_removed(remove()))


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


async def _remove_message(context: Context, tune: Tune, reply: Reply, rest: RestOfSet) -> None:
    others = await context.storage.set_of(tune.set_id) if tune.set_id else []
    if others and tune.message_id is None:
        return  # the delivery of the others continues without this tune
    if any(other.status is Status.FINISHED for other in others):
        await rest.post()
        return
    if tune.message_id is None:  # a delivery that is running, perhaps in another process, ends by itself
        await Card(context, reply).delete()
    posted = Posted(reply.posted_in or tune.origin.channel_id, tune.message_id or "")
    await posting.delete(await context.clients.of(reply.team_id, reply.enterprise_id), posted, reply.file_ids)
