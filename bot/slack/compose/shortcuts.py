"""Entries in the menu of a message: continue or play the ABC in it."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.submission import Requests
from bot.core.texts import compose as texts
from bot.core.tune_access import visible_tune
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload, is_file
from bot.slack.core.message_abc import abc_in_message
from bot.slack.core.shown_tunes import tune_in_message
from bot.slack.core.submission import submit
from generator.notation.opening_modes import OpeningMode
from generator.request import RequestError

SHORTCUTS: dict[str, OpeningMode] = {"continue_tune": "continue", "play_abc": "play"}


def register(app: AsyncApp, context: Context) -> None:
    for name, mode in SHORTCUTS.items():
        app.message_shortcut(name)(partial(_submit, context, mode))


async def _submit(context: Context, mode: OpeningMode, ack: AsyncAck, body: Payload) -> None:
    """Submits a request with the message's ABC as its opening. If it is a message with a tune of ours, that is the parent."""
    event, message = Event.of_interaction(body), body["message"]
    caller = await caller_of(context, event)

    async def make() -> Requests:
        file_ids = [file["id"] for file in message.get("files") or () if is_file(file.get("id"))]
        shown = await tune_in_message(context, event.channel_id, event.message_ts, file_ids)
        tune = shown and await visible_tune(context.storage, caller.viewer, event.channel_id, shown.id)
        abc = tune.composition.abc if tune and tune.composition else await abc_in_message(context, event, message)
        if not abc or not abc.strip():
            raise RequestError("message", texts.NO_ABC)
        return [await caller.request(opening=abc, mode=mode)], tune.id if tune else None

    await submit(context, event, caller, make, ack)
