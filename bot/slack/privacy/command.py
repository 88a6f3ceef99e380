"""`/tune privacy`: what is stored about a person, and a button that deletes all of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.caller import Caller
from bot.core.texts import privacy as texts
from bot.slack.core.blocks import actions, button, confirm, escape, section
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.screens import Screen, show
from bot.slack.delivery.removal import remove_messages
from bot.slack.privacy import texts as slack_texts
from storage.tunes import Tune

log = structlog.get_logger(__name__)


def register(app: AsyncApp, context: Context) -> None:
    context.sub_commands["privacy"] = _command
    app.action("privacy:show")(partial(_press, context))
    app.action("privacy:delete")(partial(_delete, context))


async def _command(context: Context, event: Event, ack: Callable[..., Awaitable[Any]], text: str) -> None:
    await ack()
    await show(context, event, partial(_stored_data, context))


async def _press(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    await _command(context, Event.of_interaction(body), ack, "")


async def _stored_data(context: Context, caller: Caller) -> Screen:
    translate = caller.translate
    stored = await context.storage.privacy.stored(caller.viewer)
    counts = [f"• {translate(line)}" for line in texts.stored_counts(stored)]
    explanation = [translate(line) for line in (slack_texts.WHY_STORED, slack_texts.WHO_SEES_IT, texts.HOW_LONG_STORED)]
    paragraphs = ["\n".join([f"*{escape(translate(texts.STORED))}*", *map(escape, counts)]), *map(escape, explanation)]
    asked = (texts.DELETE_MY_DATA, texts.DELETE_QUESTION, texts.DELETE_EVERYTHING, texts.KEEP_EVERYTHING)
    question = confirm(*map(translate, asked), style="danger")
    delete = button("privacy:delete", translate(texts.DELETE_MY_DATA), style="danger", confirm=question)
    return Screen(translate(texts.STORED), [*map(section, paragraphs), actions([delete])])


async def _delete(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Deletes what is stored, then the messages. If that fails half-way, pressing the button again deletes the rest."""
    await ack()
    event, deleted = Event.of_interaction(body), list[Tune]()

    async def deleting(caller: Caller) -> Screen:
        return _sentence(caller.translate(texts.DELETING))

    async def erased(caller: Caller) -> Screen:
        try:
            await context.storage.privacy.erase(caller.viewer, on_deleted=deleted.append)
        except Exception:
            log.exception("Deleting a user's data failed; part of it may be left.")
            _, stored = await _stored_data(context, caller)
            return Screen(texts.DELETING_FAILED, [section(escape(caller.translate(texts.DELETING_FAILED))), *stored])
        return _sentence(caller.translate(texts.deleted(len(deleted)) if deleted else texts.DELETED_WITHOUT_TUNES))

    await show(context, event, deleting)
    await show(context, event, erased)
    context.start(context.home.changed(event))
    for tune in deleted:
        await remove_messages(context, tune)


def _sentence(text: str) -> Screen:
    return Screen(text, [section(escape(text))])
