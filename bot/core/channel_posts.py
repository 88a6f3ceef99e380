"""Posts shared tunes in the sharing channel of a community, each of them once. Platforms make the posts."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import structlog

from bot.core import reactions
from bot.core.caller import Caller
from bot.core.leases import LeaseLost, with_lease
from bot.core.retries import doubling
from bot.core.texts import sharing as texts
from generator.user_messages import UserMessage
from storage.errors import DatabaseUnavailable
from storage.storage import Storage
from storage.tunes import Shared, Tune
from storage.viewer import owns

LOOK_FOR_TUNES_S = 30.0  # how often it looks for shared tunes that it does not know

log = structlog.get_logger(__name__)


class Refused(Exception):
    """The platform refuses the post for good."""


class Limits(Protocol):
    """Those of the platform, in its module `limits`."""

    CHANNEL_POST_S: float  # how long somebody who shares a tune waits for its post
    RETRY_S: float
    RETRY_AT_MOST_S: float


class ChannelPost(ABC):
    """The post of one tune, from before it is sent until it is stored or removed.

    Its methods get the tune as it was last read, and raise Refused, and errors that may pass.
    """

    @abstractmethod
    async def find(self, tune: Tune, shared: Shared) -> str | None:
        """The id of the post, if it was sent before: by an earlier process, or without an answer."""

    @abstractmethod
    async def send(self, tune: Tune, shared: Shared) -> str:
        """Posts the tune and returns the id of the message."""

    @abstractmethod
    async def remove(self, tune: Tune, shared: Shared, message_id: str | None) -> None:
        """Removes the post of a tune that was unshared or deleted meanwhile. Without an id: if it was sent before."""


class ChannelPosts:
    """`begin` makes the post of a tune. `shared`: several processes post the platform's tunes, each tune by one of them.

    `is_ours` otherwise tells which of the tunes that an earlier process did not post are posted by this one.
    """

    def __init__(
        self,
        storage: Storage,
        platform: str,
        limits: Limits,
        begin: Callable[[], ChannelPost],
        *,
        shared: bool = False,
        is_ours: Callable[[Tune], bool] = lambda _: True,
    ) -> None:
        self._storage, self._platform, self._limits, self._begin, self._shared = storage, platform, limits, begin, shared
        self._is_ours = is_ours
        self._tasks: dict[str, asyncio.Task[str | None]] = {}  # by tune id

    async def resume(self, since: timedelta) -> None:
        """Posts what an earlier process did not post, or posted without storing that."""
        for tune in await self._storage.sharing.unposted(self._platform, since):
            if self._is_ours(tune):
                self.post(tune, resumed=True)

    async def run(self, since: timedelta) -> None:
        """Resumes also what other processes leave when they die. Until cancelled."""
        tried: dict[str, Shared] = {}  # by tune id; what the platform refused is not tried again
        try:
            while True:
                try:
                    waiting = await self._storage.sharing.unposted(self._platform, since)
                except Exception:
                    log.exception("Looking for shared tunes that nobody posts failed; trying again.")
                else:
                    for tune in waiting:
                        if tune.shared and tried.get(tune.id) != tune.shared:
                            tried[tune.id] = tune.shared
                            self.post(tune, resumed=True)
                await asyncio.sleep(LOOK_FOR_TUNES_S)
        finally:
            await self.close()

    async def share(self, tune: Tune, caller: Caller) -> Tune:
        """Shares the tune and starts its post. Returns the shared tune; raises UserError and KeyError."""
        channel_id = caller.settings.sharing_channel
        shared = await reactions.share(self._storage, tune, caller.viewer, sharing_channel=channel_id)
        if shared.shared is not None and shared.shared.channel_id:
            self.post(shared)
        return shared

    async def press_share(self, tune: Tune, caller: Caller, *, moderates: bool) -> tuple[UserMessage, bool]:
        """Shares the tune, unless it is shared. Returns what to tell the person, and whether to offer them to unshare it.

        `moderates`: the person may unshare tunes of others. Raises UserError and KeyError.
        """
        if tune.shared is None:
            return await self.outcome(await self.share(tune, caller)), False
        may = moderates or owns(caller.viewer, tune)
        return texts.UNSHARE_QUESTION if may else texts.ALREADY_SHARED, may

    async def outcome(self, tune: Tune) -> UserMessage:
        """What to tell the person who shared the tune, once it is posted or that takes too long."""
        if tune.shared is None or not (channel_id := tune.shared.channel_id):
            return texts.SHARED
        posting = self.post(tune)
        done, _ = await asyncio.wait({posting}, timeout=self._limits.CHANNEL_POST_S)
        if not done:
            return texts.posted_later_in(channel_id, self._platform.capitalize())
        return (texts.shared_in if posting.result() else texts.shared_but_not_posted_in)(channel_id)

    def post(self, tune: Tune, *, resumed: bool = False) -> asyncio.Task[str | None]:
        """The task returns the id of the message, or None if the platform refused it or the tune is no longer shared.

        `resumed`: an earlier process may have posted the tune.
        """
        if (task := self._tasks.get(tune.id)) is None:
            task = asyncio.create_task(self._post_until_done(tune, resumed), name=f"share {tune.id}")
            self._tasks[tune.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(tune.id, None))
        return task

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _post_until_done(self, tune: Tune, may_be_posted: bool) -> str | None:
        assert tune.shared is not None
        post, delays = self._begin(), doubling(self._limits.RETRY_S, self._limits.RETRY_AT_MOST_S)
        while True:
            delay_s = self._limits.RETRY_S
            try:
                if not self._shared:
                    return await self._post(post, tune, tune.shared, may_be_posted)
                if (lease := await self._storage.leases.take(f"share {tune.id}")) is not None:
                    return await with_lease(lease, self._post(post, tune, tune.shared, may_be_posted))
            except Refused as refused:
                log.info("A shared tune was refused in the sharing channel.", tune=tune.id, reason=str(refused))
                return None
            except Exception as error:
                if not isinstance(error, DatabaseUnavailable | LeaseLost):  # only the platform needs rest
                    delay_s = next(delays)
                log.exception("Posting a shared tune failed; trying again.", tune=tune.id, seconds=delay_s)
            may_be_posted = True
            await asyncio.sleep(delay_s)

    async def _post(self, post: ChannelPost, tune: Tune, shared: Shared, may_be_posted: bool) -> str | None:
        now = await self._storage.tune(tune.id)
        if now is None or now.shared is None or not now.shared.channel_id:  # deleted or unshared
            if may_be_posted:
                await post.remove(now or tune, shared, None)
            return None
        if now.shared.message_id:
            return now.shared.message_id
        message_id = await post.find(now, now.shared) if may_be_posted else None
        if message_id is None:
            message_id = await post.send(now, now.shared)
        await self._storage.sharing.mark_posted(tune.id, message_id)
        later = await self._storage.tune(tune.id)
        if later is None or later.shared is None or later.shared.message_id != message_id:  # unshared in the meantime
            await post.remove(now, now.shared, message_id)
            return None
        return message_id
