"""Forms: modals that a button or a command opens. A form remembers where it was opened, so a restart loses nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError

from bot.core.caller import Caller
from bot.core.texts import chat, common
from bot.slack.core import limits
from bot.slack.core.blocks import Block, code_block, escape, modal, section
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import FAILURES
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload, is_channel, is_timestamp
from bot.slack.core.submission import Refuse
from generator.user_messages import UserError

log = structlog.get_logger(__name__)

NAME = "Tunesmith"


async def open_form(context: Context, event: Event, make: Callable[[Caller], Awaitable[Block]]) -> None:
    """Opens the modal that `make` returns. Raises UserError, also if Slack refuses it.

    Slack lets it be opened for 3 seconds only. So if making it takes long, an empty modal is opened first and filled later.
    """
    caller = await caller_of(context, event)
    making = asyncio.ensure_future(make(caller))
    try:
        await asyncio.wait([making], timeout=max(event.began_s + limits.FORM_FIRST_S - time.monotonic(), 0))
        if making.done():
            await _open(context, event, making.result())
            return
        view_id = await _open(context, event, _notice(caller, chat.ONE_MOMENT))
        try:
            view = await making
        except UserError as error:
            view = _notice(caller, error.message)
        except Exception:
            log.exception("Making a form failed.", event_id=event.id)
            view = _notice(caller, common.REQUEST_FAILED)
        client = await context.clients.of(event.team_id, event.enterprise_id)
        with suppress(SlackApiError):  # the person closed it
            await client.views_update(view_id=view_id, view=view)
    finally:
        making.cancel()


async def _open(context: Context, event: Event, view: Block) -> str:
    try:
        async with asyncio.timeout(event.began_s + limits.TRIGGER_S - time.monotonic()):
            client = await context.clients.of(event.team_id, event.enterprise_id)
            show = client.views_push if event.view_id else client.views_open  # over another modal, or over everything else
            return str((await show(trigger_id=event.trigger_id, view=view))["view"]["id"])
    except FAILURES as error:
        log.warning("Could not open a form.", event_id=event.id, reason=repr(error))
        raise UserError(common.TRY_AGAIN_LATER) from None


def _notice(caller: Caller, text: str) -> Block:
    return modal("notice", NAME, [section(escape(caller.translate(text)))])


def opened_at(event: Event, **more: str) -> str:
    """Where a form was opened, and more that it has to remember, for its `private_metadata`."""
    return json.dumps({"channel_id": event.channel_id, "thread_ts": event.thread_ts, **more})


def event_of_form(body: Payload) -> tuple[Event, dict[str, str]]:
    """The event of a submitted form, which happens where the form was opened, and what `opened_at` stored."""
    stored = json.loads(body["view"]["private_metadata"])
    channel_id, thread_ts = stored["channel_id"], stored["thread_ts"]
    event = replace(
        Event.of_interaction(body),
        channel_id=channel_id if is_channel(channel_id) else "",
        thread_ts=thread_ts if is_timestamp(thread_ts) else "",
    )
    return event, stored


def refuse_in_form(ack: AsyncAck, caller: Caller, fields: Sequence[str]) -> Refuse:
    """Shows why a form is refused beside the field that is wrong, or else beside the first. The form stays open."""

    async def refuse(error: UserError) -> None:
        field = getattr(error, "field", "")
        await ack(response_action="errors", errors={field if field in fields else fields[0]: caller.translate(error.message)})

    return refuse


def draft_of(text: str) -> list[Block]:
    """A long text that was typed, to copy."""
    step = limits.DRAFT_CHARACTERS
    return [section(code_block(text[begin : begin + step])) for begin in range(0, len(text), step)]
