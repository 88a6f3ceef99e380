"""The “Whole session” button: all phrases of a session as one tune, for the person who asks."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.sessions import joined_phrases, tunes_up_to
from bot.core.texts import common
from bot.core.texts import sessions as texts
from bot.slack.core.answers import answer
from bot.slack.core.blocks import escape, section
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, value_in
from bot.slack.delivery.direct import send_files
from bot.slack.delivery.posting import Post
from bot.slack.delivery.tune_message import code
from bot.slack.sessions.form import turn_in
from generator.user_messages import UserError


def register(app: AsyncApp, context: Context) -> None:
    app.action("session:whole")(partial(_press, context))


async def _press(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Shows the ABC if it is short, and sends it as a file."""
    await ack()
    event = Event.of_interaction(body)
    caller = await caller_of(context, event)
    turn = turn_in(value_in(body))
    tunes = await tunes_up_to(context.storage, caller.viewer, event.channel_id, turn.tune_id)
    phrases = [tune.composition.abc for tune in tunes if tune.composition]
    if not phrases:
        raise UserError(common.TUNE_GONE)
    abc, count = (
        joined_phrases(phrases, caller.translate(texts.SESSION_NAME)),
        caller.translate(texts.phrases_in_file(len(phrases))),
    )
    shown = [section(escape(count)), *code(abc)]
    try:
        told = await send_files(
            context, event, caller, Post(count, shown, {"session.abc": abc.encode()}), event.thread_ts or event.message_ts
        )
    except UserError as error:  # the person gets no direct messages
        told = escape(caller.translate(error.message))
    if told:
        await answer(context, event, count, [*shown, section(told)])
