"""`/tune`: with a sub-command such as `help`, with words, or bare, which opens a form."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.submission import Requests
from bot.core.texts import chat as texts
from bot.core.typed_names import english_names
from bot.core.typed_request import requests_of, typed_request
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload
from bot.slack.core.forms import draft_of
from bot.slack.core.plain_text import plain_text
from bot.slack.core.submission import submit
from generator.user_messages import UserError


def register(app: AsyncApp, context: Context) -> None:
    app.command("/tune")(partial(_tune, context))


async def _tune(context: Context, ack: AsyncAck, body: Payload) -> None:
    event, text = Event.of_command(body), plain_text(str(body.get("text") or "")).strip()
    first, *rest = text.split(maxsplit=1) or [""]
    name = english_names("command", context.sub_commands.keys()).get(first.casefold())
    if name is not None:
        await context.sub_commands[name](context, event, ack, rest[0] if rest else "")
    elif text:
        await _compose(context, event, ack, text)
    else:
        await ack()
        await context.open_compose_form(event)


async def _compose(context: Context, event: Event, ack: AsyncAck, text: str) -> None:
    caller, typed = await caller_of(context, event), typed_request(text)

    async def make() -> Requests:
        if not typed.is_request:
            raise UserError(texts.HOW_TO_REQUEST)
        return await requests_of(typed, caller), None

    await submit(context, event, caller, make, ack, draft=draft_of(f"/tune {text}"))
