"""Keeps the number of likes right on all messages of a tune, wherever the number changes. Platforms edit the messages."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from datetime import timedelta
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

import structlog

from bot.core.leases import in_one_process
from storage.storage import Storage
from storage.tunes import Tune

CATCH_UP, CATCH_UP_TUNES = timedelta(days=1), 100  # likes of the time before the start: how far back, how many tunes

MessageId = TypeVar("MessageId", bound=Hashable)

log = structlog.get_logger(__name__)


class Limits(Protocol):
    """Those of the platform, in its module `limits`."""

    LIKE_CHECK_INTERVAL_S: float
    LIKE_EDIT_INTERVAL_S: float  # of one message
    LIKE_EDITS_AT_ONCE: int
    RELISTEN_S: float


class LikeCounts(ABC, Generic[MessageId]):
    """Edits a message if its number is wrong, at most once in LIKE_EDIT_INTERVAL_S.

    `shared`: of several processes of the platform one listens for changes. The others edit only what they are told to check.
    """

    temporary: tuple[type[Exception], ...] = ()  # errors of `edit` that may pass

    def __init__(self, storage: Storage, platform: str, limits: Limits, *, shared: bool = False) -> None:
        self._storage, self._platform, self._limits, self._shared = storage, platform, limits, shared
        self.listens = False
        self._changed: set[str] = set()  # ids of tunes to check
        self._news = asyncio.Event()
        self._edits: dict[MessageId, asyncio.Task[None]] = {}  # in progress, each with the pause after it
        self._at_once = asyncio.Semaphore(limits.LIKE_EDITS_AT_ONCE)
        # One edit at a time in a channel: of many that wait for a rate limit, a library may let more through than it allows.
        self._channel_turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @abstractmethod
    def messages_of(self, tune: Tune) -> Mapping[MessageId, Hashable]:
        """The messages of the tune that show a number, each with its channel."""

    @abstractmethod
    def shown(self, tune: Tune, message: MessageId) -> int | None:
        """The number that the message shows; None if it is not known."""

    @abstractmethod
    async def edit(self, tune: Tune, message: MessageId) -> None:
        """Shows the number in the message, and remembers that. A message that is gone or out of reach counts as edited."""

    def is_editing(self, message: MessageId) -> bool:
        return message in self._edits

    def check_later(self, tune_id: str) -> None:
        self._changed.add(tune_id)
        self._news.set()

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen_alone() if self._shared else self._listen())
                tasks.create_task(self._check())
        finally:
            for task in self._edits.values():
                task.cancel()

    async def _listen_alone(self) -> None:
        await in_one_process(self._storage.leases, f"{self._platform} likes", self._listen)

    async def _listen(self) -> None:
        self.listens = True
        try:
            while True:
                try:
                    async with self._storage.changes() as changes:
                        await self._catch_up()
                        async for tune_id in changes:
                            if tune_id:
                                self.check_later(tune_id)
                            else:
                                await self._catch_up()
                except Exception:
                    log.exception("Listening for likes failed; trying again.", seconds=self._limits.RELISTEN_S)
                await asyncio.sleep(self._limits.RELISTEN_S)
        finally:
            self.listens = False

    async def _catch_up(self) -> None:
        for tune_id in await self._storage.sharing.recently_liked(self._platform, CATCH_UP, CATCH_UP_TUNES):
            self.check_later(tune_id)

    async def _check(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            ids, self._changed = self._changed, set()
            try:
                tunes = await self._storage.sharing.finished(ids)
            except Exception:
                log.exception("Reading likes failed; trying again.")
                self._changed |= ids
                self._news.set()
            else:
                for tune in tunes:
                    self._update(tune)
            await asyncio.sleep(self._limits.LIKE_CHECK_INTERVAL_S)

    def _update(self, tune: Tune) -> None:
        """Starts an edit of each message of the tune that shows another number."""
        for message, channel in self.messages_of(tune).items():
            if self.shown(tune, message) == tune.likes:
                continue
            if message in self._edits:
                self.check_later(tune.id)
            else:
                self._edits[message] = asyncio.create_task(self._edit(tune, channel, message))

    async def _edit(self, tune: Tune, channel: Hashable, message: MessageId) -> None:
        turn = self._channel_turns.setdefault(channel, asyncio.Lock())
        try:
            async with turn, self._at_once:
                await self.edit(tune, message)
        except self.temporary as error:
            log.warning("Could not update a message's number of likes; trying again.", tune=tune.id, reason=repr(error))
            self.check_later(tune.id)
        finally:
            try:
                await asyncio.sleep(self._limits.LIKE_EDIT_INTERVAL_S)
            finally:
                del self._edits[message]
