"""What the app does in Slack's agent view besides answering messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.core.caller import Caller
from bot.core.desk import DeskError
from bot.core.recent import Recent
from bot.core.texts import chat as chat_texts
from bot.core.texts import delivery as delivery_texts
from bot.slack.assistant import texts
from bot.slack.core import limits
from bot.slack.core.answers import answer
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import FAILURES, Client, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload
from bot.slack.core.reply import PLATFORM

log = structlog.get_logger(__name__)

# Errors about one thread. All others that do not pass mean that the workspace has no agent view.
OF_A_THREAD = ("channel_not_found", "invalid_thread_ts", "message_not_found", "thread_not_found")


def register(app: AsyncApp, context: Context) -> None:
    context.assistant = agent = Agent(context)
    app.event("app_home_opened", matchers=[_messages_opened])(agent.suggest)
    app.event("agent_session_stopped")(agent.stop)


async def _messages_opened(body: dict[str, Any]) -> bool:
    """Whether somebody looks at the direct messages with the app, rather than at its tab Home."""
    return bool(body["event"].get("tab") == "messages")


class Agent:
    """The AssistantService, and the listeners. Call the service with an event that is in a thread of direct messages."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lacking: Recent[str, None] = Recent(limits.REMEMBERED_WORKSPACES)  # workspaces without agent view

    # --- the service
    async def begin(self, event: Event, caller: Caller) -> bool:
        return await self._set_status(event, caller.translate(chat_texts.ONE_MOMENT))

    async def end(self, event: Event) -> None:
        await self._set_status(event, "")

    async def _set_status(self, event: Event, status: str) -> bool:
        channel_id, thread_ts = event.channel_id, event.thread_ts
        return await self._attempt(
            event,
            lambda client: client.assistant_threads_setStatus(channel_id=channel_id, thread_ts=thread_ts, status=status),
        )

    # --- the listeners
    async def suggest(self, body: Payload) -> None:
        """Suggests requests in the person's language. The manifest suggests them in English."""
        event = Event.of_event(body)
        translate = (await caller_of(self._context, event)).translate
        prompts = [{"title": translate(title), "message": translate(message)} for title, message in texts.PROMPTS]
        channel_id, title = event.channel_id, translate(texts.PROMPTS_TITLE)
        await self._attempt(
            event,
            lambda client: client.assistant_threads_setSuggestedPrompts(channel_id=channel_id, prompts=prompts, title=title),
        )

    async def stop(self, body: Payload) -> None:
        """The person pressed Stop: cancels what they requested in the thread."""
        event = Event.of_event(body)
        caller, storage = await caller_of(self._context, event), self._context.storage
        cancelled = []
        for tune in await storage.messages.waiting(PLATFORM, event.channel_id, {"thread_ts": event.thread_ts}):
            with suppress(DeskError):  # finished just now, or cancelled with its set
                cancelled += await self._context.desk.cancel(tune.id, caller.viewer)
        thread = {"channel_id": event.channel_id, "thread_ts": event.thread_ts}
        await self._attempt(event, lambda client: client.agents_sessions_setStatus(**thread, status="active"))
        if cancelled:
            await answer(self._context, event, caller.translate(delivery_texts.CANCELLED))

    async def _attempt(self, event: Event, call: Callable[[Client], Awaitable[object]]) -> bool:
        """Whether Slack did what it does for agents only. A workspace without agent view is not asked again."""
        workspace_id = event.team_id or event.enterprise_id
        if workspace_id in self._lacking:
            return False
        try:
            async with asyncio.timeout(limits.LOOKUP_S):
                await call(await self._context.clients.of(event.team_id, event.enterprise_id))
        except FAILURES as error:
            lacks_it = isinstance(error, SlackApiError) and not is_temporary(error) and error_code(error) not in OF_A_THREAD
            if lacks_it:
                self._lacking[workspace_id] = None
            told = "The workspace has no agent view." if lacks_it else "Slack did not take a call of an agent."
            log.info(told, workspace=workspace_id, reason=error_code(error) or repr(error))
            return False
        return True
