"""Followers of tunes: one database listener wakes all of them, and each sees how far its tune is."""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from storage.errors import StorageError
from storage.queue.rounds import QueueSpeed
from storage.storage import Storage
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)

RELISTEN_S = LOOK_AGAIN_S = 1.0  # after the database could not be reached
# Queue positions change with every tune that starts. A follower reads its position at most once in QUEUE_POSITION_S, and less
# often when many wait, so that a long queue doesn't keep the database busy with positions.
QUEUE_POSITION_S, FOLLOWERS_PER_SECOND = 1.0, 50
READS_AT_ONCE = 8  # of all followers, so that a crowd of them leaves connections to who stores a request


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a tune is."""

    tune: Tune
    queue_position: int  # 1 is next; 0 if the tune is not queued
    held_until: datetime | None = None  # during a cooldown: when the tune may start
    waits_for_room: bool = False  # a disk is full, and no tunes are made until there is room
    seconds_left: int | None = field(default=None, compare=False)  # until it is finished, estimated; None if unknown


def seconds_left(tune: Tune, queue_position: int, speed: QueueSpeed, now: datetime) -> int | None:
    """The estimated time until the tune is finished, from how long recent tunes took and how many are in progress."""
    if tune.status.over or speed.seconds is None:
        return None
    if tune.status is Status.QUEUED:
        # A slot becomes free whenever a tune in progress is finished; with none in progress the first tune starts at once.
        waiting = (
            queue_position * speed.seconds / speed.in_progress
            if speed.in_progress
            else max(queue_position - 1, 0) * speed.seconds
        )
        held = (tune.not_before - now).total_seconds() if tune.not_before else 0
        return math.ceil(max(waiting, held) + speed.seconds)
    elapsed = (now - tune.started_at).total_seconds() if tune.started_at else 0
    return max(math.ceil(speed.seconds - max(elapsed, 0)), 1)  # a clock may have been set back


class Followers:
    """Follows the progress of many tunes at once. `run` must be running for followers to receive changes."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._followers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)  # by tune id
        self._queued: set[asyncio.Event] = set()  # the followers whose tune is queued
        self._moved = asyncio.Event()  # set if a tune changed since the queued followers last looked
        self._reading = asyncio.Semaphore(READS_AT_ONCE)
        self._speed, self._speed_read_at, self._reading_speed = QueueSpeed(), -math.inf, asyncio.Lock()

    def __len__(self) -> int:
        return sum(map(len, self._followers.values()))

    async def follow(self, tune_id: str) -> AsyncGenerator[Progress, None]:
        """The tune's progress now, then every change until it is finished or has failed.

        Ends early if the tune is deleted, and at once if it doesn't exist: check whether the last progress was over. A slow
        reader gets the newest state and not each one in between. Close the iterator when leaving early (contextlib.aclosing).
        """

        async with aclosing(self.follow_one(tune_id)) as changes:
            async for [progress] in changes:
                yield progress

    def follow_one(self, tune_id: str) -> AsyncGenerator[list[Progress], None]:
        """As `follow`, in the form of `follow_set`."""

        async def look() -> list[Tune]:
            tune = await self._storage.tune(tune_id)
            return [] if tune is None else [tune]

        return self._follow([tune_id], look)

    async def follow_set(self, set_id: str) -> AsyncGenerator[list[Progress], None]:
        """The same for all tunes of a set, in their order, until all are over. Deleted tunes are left out.

        Ends at once if no tune of the set exists.
        """
        ids = [tune.id for tune in await self._storage.set_of(set_id)]
        async with aclosing(self._follow(ids, lambda: self._storage.set_of(set_id))) as changes:
            async for progress in changes:
                yield progress

    async def _follow(
        self, ids: Sequence[str], look: Callable[[], Awaitable[list[Tune]]]
    ) -> AsyncGenerator[list[Progress], None]:
        changed = asyncio.Event()
        for tune_id in ids:  # before the first look, so that no change in between is missed
            self._followers[tune_id].add(changed)
        last = None
        try:
            while True:
                changed.clear()
                try:
                    async with self._reading:
                        tunes = await look()
                        queued = [tune.id for tune in tunes if tune.status is Status.QUEUED]
                        (self._queued.add if queued else self._queued.discard)(changed)
                        progress = await self._progress(tunes, await self._storage.queue_positions(queued) if queued else {})
                except StorageError as error:
                    log.warning("Reading the progress of a tune failed; trying again.", tune=ids[0], error=str(error))
                    await asyncio.sleep(LOOK_AGAIN_S)
                    continue
                if not tunes:
                    return
                if progress != last:
                    last = progress
                    yield progress
                if all(tune.status.over for tune in tunes):
                    return
                await changed.wait()
        finally:
            self._queued.discard(changed)
            for tune_id in ids:
                self._followers[tune_id].discard(changed)
                if not self._followers[tune_id]:
                    del self._followers[tune_id]

    async def _progress(self, tunes: Sequence[Tune], queue_positions: Mapping[str, int]) -> list[Progress]:
        speed = QueueSpeed() if all(tune.status.over for tune in tunes) else await self._speed_now()
        now = datetime.now(UTC)
        states = []
        for tune in tunes:
            queue_position = queue_positions.get(tune.id, 0)
            held = tune.status is Status.QUEUED and tune.not_before is not None and tune.not_before > now
            held_until = tune.not_before if held else None
            waits_for_room = tune.status is Status.QUEUED and self._storage.room.lacking is not None
            left = None if waits_for_room else seconds_left(tune, queue_position, speed, now)
            states.append(Progress(tune, queue_position, held_until, waits_for_room, left))
        return states

    async def _speed_now(self) -> QueueSpeed:
        """The speed of the queue, read for all followers together, at most once in QUEUE_POSITION_S."""
        async with self._reading_speed:
            if time.monotonic() - self._speed_read_at >= QUEUE_POSITION_S:
                self._speed, self._speed_read_at = await self._storage.queue_speed(), time.monotonic()
            return self._speed

    async def run(self) -> None:
        """Listens for all followers until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._refresh_queue_positions())
            tasks.create_task(self._watch_room())
            while True:
                try:
                    await self._listen()
                except StorageError as error:
                    log.warning("Listening for changes of tunes failed; trying again.", error=str(error), seconds=RELISTEN_S)
                except Exception:
                    log.exception("Listening for changes of tunes failed; trying again.", seconds=RELISTEN_S)
                await asyncio.sleep(RELISTEN_S)

    async def _listen(self) -> None:
        async with self._storage.changes() as changes:
            self._wake_all()  # followers that looked before the listener was connected
            async for tune_id in changes:
                if tune_id:
                    for changed in self._followers.get(tune_id, ()):
                        changed.set()
                    self._moved.set()
                else:
                    self._wake_all()

    def _wake_all(self) -> None:
        for followers in self._followers.values():
            for changed in followers:
                changed.set()

    async def _watch_room(self) -> None:
        async for _ in self._storage.room.changes():
            self._wake_all()

    async def _refresh_queue_positions(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            for changed in self._queued:
                changed.set()
            await asyncio.sleep(max(QUEUE_POSITION_S, len(self._queued) / FOLLOWERS_PER_SECOND))
