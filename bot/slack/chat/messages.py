"""Messages to the app: mentions in channels, and direct messages. With ABC, with words, or both.

Slack sends the app no other messages. What a reply in a thread is about is found in the database: the app reads no history.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.caller import Caller
from bot.core.chat import Message, understand
from bot.core.sessions import Turn
from bot.core.texts import chat as texts
from bot.core.texts import common as core_texts
from bot.core.texts import sessions as session_texts
from bot.slack.core.answers import answer
from bot.slack.core.blocks import escape, section
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import FAILURES
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload
from bot.slack.core.message_abc import abc_in_message
from bot.slack.core.plain_text import plain_text
from bot.slack.core.reply import PLATFORM, Reply
from bot.slack.core.shown_tunes import tune_in_thread
from bot.slack.core.submission import accept
from bot.slack.sessions.buttons import session_buttons
from bot.slack.sessions.turns import end_session, find_turn
from generator.user_messages import UserError

log = structlog.get_logger(__name__)


def register(app: AsyncApp, context: Context) -> None:
    app.event("app_mention")(partial(_mentioned, context))
    app.event("message")(partial(_written, context))


async def _mentioned(context: Context, body: Payload) -> None:
    event = Event.of_event(body)
    if not event.is_direct and "edited" not in body["event"]:
        await _handle(context, event, body["event"])


async def _written(context: Context, body: Payload) -> None:
    """Direct messages only. Of a channel's messages the app answers mentions, of which Slack sends another event."""
    event = Event.of_event(body)
    if event.is_direct and "edited" not in body["event"]:
        await _handle(context, event, body["event"])


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message to the app, and who wrote it. It is answered in its thread; a mention in a channel begins one."""

    context: Context
    event: Event
    caller: Caller
    content: Payload
    assisted: bool  # the assistant's status says that it is being answered

    async def say(self, text: str) -> None:
        """Tells the person something, unless they were told too much just now. One event is answered once."""
        if await self.is_first() and self.context.reply_limit.allows(self.event.user_id):
            await answer(self.context, self.event, text)
        elif self.assisted:
            await self.context.assistant.end(self.event)

    async def end(self, turn: Turn) -> None:
        """Ends a session, for everybody to see."""
        if not await self.is_first():
            return
        await end_session(self.context, self.event)
        text, translate = self.caller.translate(session_texts.SESSION_OVER), self.caller.translate
        blocks = [section(escape(text)), *([session_buttons(turn, translate, over=True)] if turn.tune_id else [])]
        client = await self.context.clients.of(self.event.team_id, self.event.enterprise_id)
        try:
            await client.chat_postMessage(channel=self.event.channel_id, thread_ts=self.event.thread_ts, text=text, blocks=blocks)
        except FAILURES as error:
            log.warning("Could not say that a session is over.", event_id=self.event.id, reason=repr(error))

    async def is_first(self) -> bool:
        """Whether no process has answered the event before. If the database does not tell, it is answered."""
        try:
            return await self.context.storage.claims.claim(PLATFORM, self.event.id)
        except Exception:
            log.exception("An event could not be claimed.", event_id=self.event.id)
            return True


async def _handle(context: Context, event: Event, content: Payload) -> None:
    caller = await caller_of(context, event)
    assisted = False
    if event.is_direct:
        in_thread = replace(event, thread_ts=event.thread_ts or event.message_ts)
        if assisted := await context.assistant.begin(in_thread, caller):
            event = in_thread
    message = ChatMessage(context, event, caller, content, assisted)
    try:
        await _answer(message)
    except UserError as error:
        await message.say(caller.translate(error.message))
    except Exception:
        log.exception("Answering a message failed.", event_id=event.id)
        await message.say(caller.translate(core_texts.REQUEST_FAILED))


async def _answer(message: ChatMessage) -> None:
    """Raises UserError with what to tell the person."""
    context, event, caller = message.context, message.event, message.caller
    shown = await tune_in_thread(context, event)

    async def no_abc() -> None:
        """The first message of a thread that somebody else began. The app may not read it."""

    written = Message(
        text=plain_text(str(message.content.get("text") or "")),
        abc=await abc_in_message(context, event, message.content),
        by_name=True,
        channel_id=event.channel_id,
        tune_id=shown.id if shown else None,
        find_turn=partial(find_turn, context, event),
        quoted_abc=no_abc,
    )
    meaning = await understand(written, caller, context.storage)
    if meaning.request is not None:
        thread_ts = event.thread_ts if event.is_direct else event.thread_ts or event.message_ts
        reply = Reply.to_event(event, language=caller.translate.code, thread_ts=thread_ts)
        reply = replace(reply, assistant=message.assisted)
        await accept(context, event, [meaning.request], meaning.parent_id, reply)
    elif meaning.ended is not None:
        await message.end(meaning.ended)
    else:
        await message.say(caller.translate(texts.HOW_TO_REQUEST))
