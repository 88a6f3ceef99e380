"""What the features of the Slack app work with, and the interface of the services that features provide to each other.

`bot.slack.app` makes the context and passes it to each feature's `register`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeAlias

from bot.core.caller import Caller
from bot.core.channel_posts import ChannelPosts
from bot.core.desk import Desk
from bot.core.recent import Recent
from bot.core.removals import Removals
from bot.core.reply_limit import ReplyRateLimit
from bot.languages import Language
from bot.slack.core import limits
from bot.slack.core.blocks import Block
from bot.slack.core.clients import Clients
from bot.slack.core.event import Event, Payload, ResponseUses
from bot.slack.core.people import People
from storage.storage import Storage
from storage.tunes import Tune


class DeliveryService(Protocol):
    """Posts requested tunes."""

    def deliver(self, tune: Tune, *, resumed: bool = False) -> None:
        """Starts the delivery of the tune, or of its set, unless it is running; returns at once."""

    def is_running(self, tune: Tune) -> bool: ...

    async def resume(self) -> None:
        """Delivers what an earlier process did not."""

    async def run(self) -> None:
        """Delivers tunes that nobody knows of, until cancelled."""

    async def close(self) -> None: ...


class LikeCountService(Protocol):
    """Keeps the number of likes right on all messages of a tune."""

    async def run(self) -> None: ...

    def pressed(self, event: Event, body: Payload, tune_id: str) -> None:
        """Call after somebody pressed the like button of a message."""


class AssistantService(Protocol):
    """What Slack's agent view shows in a thread of direct messages besides messages."""

    async def begin(self, event: Event, caller: Caller) -> bool:
        """Shows that the message of the event is being answered. False where there is no agent view."""

    async def end(self, event: Event) -> None:
        """Takes that back, where no answer comes. An answer does so by itself."""


class Views(Protocol):
    """Buttons and menus under messages. They belong to several features, so `bot.slack.views` makes them."""

    def of_tune(self, tune: Tune, translate: Language, *, in_session: bool) -> list[Block]: ...

    def of_set(self, tunes: Sequence[Tune], translate: Language) -> list[Block]: ...


class HomeService(Protocol):
    """Keeps App Home up to date."""

    async def changed(self, event: Event) -> None:
        """Shows the person of the event in App Home what they changed. Raises nothing."""


# Answers `/tune help 3 words` for its first word: gets the words after it, and acknowledges the command.
SubCommand: TypeAlias = Callable[["Context", Event, Callable[..., Awaitable[Any]], str], Awaitable[None]]


class Context:
    """One for the whole app. `register` of the feature that provides a service sets it here.

    A feature that answers a sub-command of `/tune` adds it to `sub_commands`, by its English word.
    """

    deliveries: DeliveryService
    like_counts: LikeCountService
    channel_posts: ChannelPosts
    views: Views
    assistant: AssistantService
    home: HomeService
    open_compose_form: Callable[[Event], Awaitable[None]]  # the event must be younger than 3 s; raises UserError

    def __init__(self, desk: Desk, storage: Storage, clients: Clients, *, web_url: str | None) -> None:
        self.desk, self.storage, self.clients, self.web_url = desk, storage, clients, web_url
        self.response_uses, self.people, self.reply_limit = ResponseUses(), People(clients), ReplyRateLimit()
        self.removals = Removals()
        # By channel and ts: a page of tunes asks for them again and again.
        self.permalinks: Recent[tuple[str, str], str] = Recent(limits.REMEMBERED_LINKS)
        self.sub_commands: dict[str, SubCommand] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs something beside the handling of an event. It ends with the app at the latest."""
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
