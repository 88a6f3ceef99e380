"""The “Your turn” button and its form, in which somebody enters a phrase. Anybody may press it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.caller import Caller
from bot.core.sessions import EXAMPLE_PHRASE, TURN, Turn, answer_parameters
from bot.core.submission import Requests
from bot.core.texts import common
from bot.core.texts import sessions as texts
from bot.slack.core.blocks import Block, input_, modal, text_input, values_of
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, value_in
from bot.slack.core.forms import draft_of, event_of_form, open_form, opened_at, refuse_in_form
from bot.slack.core.submission import submit
from bot.slack.sessions import texts as slack_texts
from generator.request import RequestError
from generator.user_messages import UserError

FIELD = "opening"  # as requests name it, so that its errors are shown there


def register(app: AsyncApp, context: Context) -> None:
    app.action("session:your-turn")(partial(_open, context))
    app.view("session:phrase")(partial(_submit, context))


async def _open(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Under a message that is in no thread, the answer begins one."""
    await ack()
    event = Event.of_interaction(body)
    turn = turn_in(value_in(body))
    opened = opened_at(replace(event, thread_ts=event.thread_ts or event.message_ts), turn=str(turn))

    async def make(caller: Caller) -> Block:
        field = input_(FIELD, caller.translate(texts.YOUR_PHRASE), text_input(FIELD, placeholder=EXAMPLE_PHRASE, multiline=True))
        title, send, close = map(caller.translate, (texts.YOUR_TURN, slack_texts.SEND, common.CLOSE))
        return modal("session:phrase", title, [field], submit=send, close=close, private_metadata=opened)

    await open_form(context, event, make)


async def _submit(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    event, opened = event_of_form(body)
    caller, abc = await caller_of(context, event), values_of(body["view"]).get(FIELD, "")

    async def make() -> Requests:
        if not abc.strip():
            raise RequestError(FIELD, common.NOTHING_TO_PLAY)
        turn = turn_in(opened["turn"])
        parameters, parent_id = await answer_parameters(context.storage, caller.viewer, event.channel_id, turn, abc)
        return [await caller.request(**parameters)], parent_id

    await submit(context, event, caller, make, ack, refuse=refuse_in_form(ack, caller, [FIELD]), draft=draft_of(abc))


def turn_in(value: str) -> Turn:
    """The turn in a button's value. Raises UserError for another value."""
    match = re.fullmatch(TURN, value)
    if match is None:
        raise UserError(common.TUNE_GONE)
    return Turn.of(match)
