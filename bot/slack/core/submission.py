"""Submitting requests: they are stored first, then the event is acknowledged, and their delivery starts.

So what Slack shows as accepted is stored, however soon the process dies. A slow database is the exception: Slack waits only
3 seconds, so the event is then acknowledged before, and the person is told if storing fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from bot.core import derive, submission
from bot.core.caller import Caller
from bot.core.submission import Derived, Requests
from bot.core.texts import common as texts
from bot.slack.core import limits
from bot.slack.core.answers import answer
from bot.slack.core.blocks import Block, escape, section
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM, Reply
from generator.request import TuneRequest
from generator.user_messages import UserError
from storage.tunes import Origin, Tune

log = structlog.get_logger(__name__)

Acknowledge = Callable[[], Awaitable[object]]
Refuse = Callable[[UserError], Awaitable[object]]


async def submit(
    context: Context,
    event: Event,
    caller: Caller,
    make: Callable[[], Awaitable[Requests]],
    acknowledge: Acknowledge,
    *,
    refuse: Refuse | None = None,
    draft: Sequence[Block] = (),
    reply: Reply | None = None,
) -> None:
    """Submits the requests that `make` returns, several as one message. A UserError of `make` is a refusal.

    `refuse` acknowledges an event with the reason for a refusal, such as an error in a form; without it, or if the event is
    acknowledged already, the person is told with the `draft` of what they typed. `reply` says where the tune goes; without it,
    where the event happened.
    """
    storing = asyncio.create_task(_store(context, event, caller, make, reply))
    await asyncio.wait([storing], timeout=max(event.began_s + limits.STORE_FIRST_S - time.monotonic(), 0))
    if storing.done():
        refusal = await _outcome(context, event, storing)
        if refusal is not None and refuse is not None:
            await refuse(refusal)
            return
        await acknowledge()
        await _tell(context, event, caller, refusal, draft)
    else:
        await acknowledge()
        context.start(_finish(context, event, caller, storing, draft))


async def submit_requests(
    context: Context,
    event: Event,
    caller: Caller,
    requests: Sequence[TuneRequest],
    parent_id: str | None,
    acknowledge: Acknowledge,
) -> None:
    """As `submit`, for requests that are made already."""

    async def make() -> Requests:
        return requests, parent_id

    await submit(context, event, caller, make, acknowledge)


async def submit_derived(
    context: Context, event: Event, tune_id: str, derive_from: Callable[[Tune], Derived], acknowledge: Acknowledge
) -> None:
    """Submits what a button under a tune stands for: `derive_from` makes the request and its parent from the tune."""
    caller, storage = await caller_of(context, event), context.storage
    await submit(
        context,
        event,
        caller,
        lambda: submission.derived(storage, caller.viewer, event.channel_id, tune_id, derive_from),
        acknowledge,
    )


async def submit_derived_set(context: Context, event: Event, set_id: str, acknowledge: Acknowledge) -> None:
    """Requests as many tunes again as the set has."""
    caller, storage = await caller_of(context, event), context.storage
    await submit(
        context,
        event,
        caller,
        lambda: submission.derived_set(storage, caller.viewer, event.channel_id, set_id, derive.set_again),
        acknowledge,
    )


async def _store(
    context: Context, event: Event, caller: Caller, make: Callable[[], Awaitable[Requests]], reply: Reply | None
) -> Tune:
    requests, parent_id = await make()
    return await accept(context, event, requests, parent_id, reply or Reply.to_event(event, language=caller.translate.code))


async def accept(context: Context, event: Event, requests: Sequence[TuneRequest], parent_id: str | None, reply: Reply) -> Tune:
    """Stores the requests of an event and starts their delivery. An event that Slack sends again is accepted once.

    Raises UserError if they are refused.
    """
    origin = Origin(
        platform=PLATFORM,
        event_id=event.id,
        user_id=event.user_id,
        channel_id=event.channel_id,
        community_id="" if event.is_private else event.community_id,  # the workspace does not see what is asked for in private
        reply=replace(reply, one_request=derive.are_one_request(requests)).as_dict(),
    )
    tune = await submission.store(context.desk, requests, origin, parent_id=parent_id)
    if tune.message_id is None and not context.deliveries.is_running(tune):
        context.deliveries.deliver(tune)
    return tune


async def _outcome(context: Context, event: Event, storing: asyncio.Task[Tune]) -> UserError | None:
    """The reason if the requests were not stored."""
    try:
        await storing
    except UserError as error:
        return error
    except Exception:
        log.exception("Storing a request failed.", event_id=event.id)
        return UserError(texts.REQUEST_FAILED)
    return None


async def _finish(context: Context, event: Event, caller: Caller, storing: asyncio.Task[Tune], draft: Sequence[Block]) -> None:
    await _tell(context, event, caller, await _outcome(context, event, storing), draft)


async def _tell(context: Context, event: Event, caller: Caller, refusal: UserError | None, draft: Sequence[Block]) -> None:
    if refusal is not None:
        text = caller.translate(refusal.message)
        await answer(context, event, text, [section(escape(text)), *draft] if draft else None)
