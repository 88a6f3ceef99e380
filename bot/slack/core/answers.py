"""Answers that only the person sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.core.blocks import Block, escape
from bot.slack.core.clients import FAILURES, error_code
from bot.slack.core.context import Context
from bot.slack.core.event import Event

log = structlog.get_logger(__name__)


async def answer(context: Context, event: Event, text: str, blocks: Sequence[Block] | None = None) -> bool:
    """Tells the person something, in the channel or else in a direct message.

    The text is escaped. Beside blocks it is what notifications show. False if Slack took no message, which is logged: there is
    nobody else to tell.
    """
    message: dict[str, Any] = {"text": escape(text)}
    if blocks:
        message["blocks"] = list(blocks)
    if event.thread_ts:
        message["thread_ts"] = event.thread_ts
    if await _responded(context, event, {"response_type": "ephemeral", "replace_original": False, **message}):
        return True
    try:
        client = await context.clients.of(event.team_id, event.enterprise_id)
        if event.channel_id and not event.is_direct:
            try:
                await client.chat_postEphemeral(channel=event.channel_id, user=event.user_id, **message)
                return True
            except SlackApiError as error:  # the app is not in the channel, or the channel is archived
                log.debug("The person is told in a direct message.", reason=error_code(error) or str(error))
        if not event.is_direct:
            message.pop("thread_ts", None)
        await client.chat_postMessage(channel=event.channel_id if event.is_direct else event.user_id, **message)
        return True
    except FAILURES as error:
        log.warning("A person could not be told something.", event_id=event.id, reason=error_code(error) or str(error))
        return False


async def update_answer(context: Context, event: Event, text: str, blocks: Sequence[Block] = ()) -> bool:
    """Replaces the answer whose button was pressed; where that is not possible, answers anew. False as `answer`."""
    message = {"replace_original": True, "text": escape(text), "blocks": list(blocks)}
    return await _responded(context, event, message) or await answer(context, event, text, blocks)


async def delete_answer(context: Context, event: Event) -> None:
    """Deletes the answer whose button was pressed."""
    await _responded(context, event, {"delete_original": True})


async def _responded(context: Context, event: Event, message: dict[str, Any]) -> bool:
    if not context.response_uses.take(event):
        return False
    try:
        await context.clients.respond(event.response_url, message)
    except FAILURES as error:
        log.info("Slack did not take an answer.", event_id=event.id, reason=error_code(error) or str(error))
        return False
    return True
