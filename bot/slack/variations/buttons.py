"""Again, Vary, Continue and B part: buttons that make another tune from the one they are under. Anybody may press them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.derive import ACTIONS
from bot.core.submission import Derived
from bot.slack.core.context import Context
from bot.slack.core.event import Event, tune_id_in
from bot.slack.core.submission import submit_derived
from storage.tunes import Tune


def register(app: AsyncApp, context: Context) -> None:
    for action, derive in ACTIONS.items():
        app.action(f"tune:{action}")(partial(_press, context, derive))


async def _press(context: Context, derive: Callable[[Tune], Derived], ack: AsyncAck, body: dict[str, Any]) -> None:
    await submit_derived(context, Event.of_interaction(body), tune_id_in(body), derive, ack)
