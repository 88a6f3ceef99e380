"""Shows App Home when a person opens it, and again after what they change."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.core.recent import Recent
from bot.slack.core import limits
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import error_code
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM
from bot.slack.home.view import home_view

log = structlog.get_logger(__name__)


class Home:
    """Publishes one person's views one after another. The hash of the view before keeps an older one from replacing it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by user id
        self._waiting: set[str] = set()  # for their turn
        self._hashes: Recent[str, str] = Recent(limits.REMEMBERED_PEOPLE)  # of the published views, by user id

    async def opened(self, event: Event, shown_hash: str) -> None:
        """`shown_hash` is of the view that the person sees; empty if they see none."""
        await self._publish(event, shown_hash)

    async def changed(self, event: Event) -> None:
        """See HomeService."""
        try:
            await self._publish(event, self._hashes.get(event.user_id, ""))
        except Exception as error:
            log.warning("App Home could not be brought up to date.", event_id=event.id, reason=repr(error))

    async def _publish(self, event: Event, before: str) -> None:
        if event.user_id in self._waiting:  # the one that waits will show this change too
            return
        self._waiting.add(event.user_id)
        async with self._turns.setdefault(event.user_id, asyncio.Lock()):
            self._waiting.discard(event.user_id)
            try:
                await self._publish_after(event, before)
            except SlackApiError as error:
                if error_code(error) != "hash_conflict":
                    raise
                await self._publish_after(event, "")  # what is read now is newer than any view

    async def _publish_after(self, event: Event, before: str) -> None:
        context = self._context
        caller, person = await caller_of(context, event), await context.people.of(event)
        view = await home_view(context, caller, may_change_settings=person.is_admin and bool(event.community_id))
        client = await context.clients.of(event.team_id, event.enterprise_id)
        published = await client.views_publish(user_id=event.user_id, view=view, hash=before or None)
        self._hashes[event.user_id] = str(published["view"]["hash"])


def register(app: AsyncApp, context: Context) -> None:
    context.home = home = Home(context)
    app.event("app_home_opened")(partial(_opened, context, home))
    app.action("home:compose")(partial(_compose, context))


async def _opened(context: Context, home: Home, body: dict[str, Any]) -> None:
    event, opened = Event.of_event(body), body["event"]
    if opened.get("tab") == "home" and await context.storage.claims.claim(PLATFORM, event.id):
        view = opened.get("view")
        await home.opened(event, str(view.get("hash") or "") if isinstance(view, dict) else "")


async def _compose(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    await ack()
    await context.open_compose_form(Event.of_interaction(body))
