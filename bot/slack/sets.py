"""`/tune set`, and the menu and the button under a message with several tunes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.naming import title_of
from bot.core.submission import Requests
from bot.core.texts import chat
from bot.core.tune_access import find_tune
from bot.core.typed_request import checked_count, typed_request
from bot.slack.core.answers import answer
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, tune_id_in
from bot.slack.core.forms import draft_of
from bot.slack.core.submission import Acknowledge, submit, submit_derived_set
from bot.slack.delivery.tune_message import tune_blocks
from generator.sets import MAX_TUNES, requests_of_set
from generator.user_messages import UserError

DEFAULT_COUNT = 3


def register(app: AsyncApp, context: Context) -> None:
    context.sub_commands["set"] = compose_set
    app.action("set:again")(partial(_again, context))
    app.action("set:choose")(partial(_open_one, context))


async def compose_set(context: Context, event: Event, ack: Acknowledge, text: str) -> None:
    """`3 polkas in D`: tunes that go together, in one message."""
    caller, typed = await caller_of(context, event), typed_request(text)

    async def make() -> Requests:
        if text and not typed.is_request:
            raise UserError(chat.HOW_TO_REQUEST)
        count = checked_count(typed.count, 2, MAX_TUNES) if typed.count else DEFAULT_COUNT
        return await asyncio.to_thread(requests_of_set, await caller.request(**typed.parameters), count), None

    await submit(context, event, caller, make, ack, draft=draft_of(f"/tune set {text}"))


async def _again(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    await submit_derived_set(context, Event.of_interaction(body), tune_id_in(body), ack)


async def _open_one(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Shows the person one of the tunes privately, with all its buttons. The sheet and the recording are in the set's message."""
    await ack()
    event = Event.of_interaction(body)
    caller = await caller_of(context, event)
    tune = await find_tune(context.storage, caller.viewer, event.channel_id, tune_id_in(body))
    await answer(context, event, title_of(tune, caller.translate), tune_blocks(context, tune, caller.translate))
