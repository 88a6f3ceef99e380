"""Files that a person asks for: sent once for each event. In Slack no file in a channel is private, so they are sent directly."""

from __future__ import annotations

import structlog
from slack_sdk.errors import SlackApiError

from bot.core.caller import Caller
from bot.slack.core import limits
from bot.slack.core.answers import answer
from bot.slack.core.blocks import escape, link, section
from bot.slack.core.clients import FAILURES, Client, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import Event, is_timestamp
from bot.slack.core.reply import PLATFORM
from bot.slack.delivery import posting, texts
from bot.slack.delivery.posting import Post
from generator.user_messages import UserError

log = structlog.get_logger(__name__)


async def send_files(context: Context, event: Event, caller: Caller, post: Post, thread_ts: str) -> str:
    """Posts the files in the thread, if the event is in the person's direct messages already; else in a new direct message.

    Returns what to tell the person in their channel, as mrkdwn with a link; nothing if they are in none, or see the files.
    Raises UserError if Slack refuses, and errors that may pass.
    """
    client = await context.clients.of(event.team_id, event.enterprise_id)
    try:
        channel_id = await _direct_channel(client, event)
        here = channel_id == event.channel_id
        file_ids = await post_once(context, event, post, channel_id, thread_ts if here else "")
    except SlackApiError as error:
        if is_temporary(error):
            raise
        log.info("Slack refused to send a person files.", user_id=event.user_id, reason=error_code(error))
        raise UserError(texts.NO_DIRECT_MESSAGES) from None
    if here or not file_ids or not event.channel_id:
        return ""
    sent, url = caller.translate(texts.FILES_SENT), await _address(client, file_ids)
    return link(url, sent) if url else escape(sent)


async def give_files(context: Context, event: Event, caller: Caller, post: Post, thread_ts: str = "") -> None:
    """As `send_files`, and tells the person in their channel where the files are."""
    if told := await send_files(context, event, caller, post, thread_ts):
        await answer(context, event, caller.translate(texts.FILES_SENT), [section(told)])


async def post_once(context: Context, event: Event, post: Post, channel_id: str, thread_ts: str = "") -> tuple[str, ...]:
    """Posts a message with files, and returns their ids; none if the event was handled before.

    Raises SlackApiError, and errors that may pass.
    """
    if not await context.storage.claims.claim(PLATFORM, event.id):
        return ()
    client = await context.clients.of(event.team_id, event.enterprise_id)
    file_ids = await posting.upload(client, context.clients, post)
    await posting.complete(client, post, file_ids, channel_id, thread_ts)
    return file_ids


async def _direct_channel(client: Client, event: Event) -> str:
    return str((await client.conversations_open(users=event.user_id))["channel"]["id"])


async def _address(client: Client, file_ids: tuple[str, ...]) -> str:
    """The address of the message; empty if Slack does not tell it."""
    try:
        posted = await posting.find_message(client, file_ids, limits.SHARES_S)
        if posted is None or not is_timestamp(posted.message_id):
            return ""
        return str((await client.chat_getPermalink(channel=posted.channel_id, message_ts=posted.message_id))["permalink"])
    except FAILURES as error:
        log.info("Slack did not tell where files are.", reason=repr(error))
        return ""
