"""All deliveries of a platform that are running: each posts a requested tune, or a set, once it is finished."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.core.leases import LeaseLost, with_lease
from storage.errors import DatabaseUnavailable
from storage.leases import LEASE_S
from storage.storage import Storage
from storage.tunes import Tune

LOOK_FOR_TUNES_S = 30.0  # how often it looks for stored tunes that it does not know
GIVE_UP_AFTER = timedelta(days=7)  # a tune that nobody could get is not tried at every start: refusals count against the app
LOOK_AGAIN_S = 2.0  # the same just after the start, for those of a process that died just before
RETRY_S = 1.0
CLOSE_S = 5.0
LEASE = "deliver "  # the name of the lease of a tune, before its id or that of its set

log = structlog.get_logger(__name__)


class Deliveries:
    """`begin` makes the delivery of a tune: its argument `resumed` says that an earlier process may have posted the tune.

    It raises KeyError, TypeError or ValueError for a tune without valid reply data. Several processes may deliver the platform's
    tunes. `shared`: each may deliver any tune, and the one that holds the lease of a tune delivers it. `is_ours` otherwise tells
    which of the stored tunes this process delivers.
    """

    def __init__(
        self,
        storage: Storage,
        platform: str,
        begin: Callable[[Tune, bool], Coroutine[Any, Any, None]],
        *,
        shared: bool = False,
        is_ours: Callable[[Tune], bool] = lambda _: True,
    ) -> None:
        self._storage, self._platform, self._begin, self._shared, self._is_ours = storage, platform, begin, shared, is_ours
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by the id of the set or the tune
        self._known: set[str] = set()  # ids of undelivered sets and tunes whose delivery was begun or given up
        self._of_others: set[str] = set()  # those of which another process had the lease
        self._closed = False

    async def resume(self) -> None:
        """Delivers what an earlier process did not."""
        tried_since = datetime.now(UTC) - GIVE_UP_AFTER
        for tune in await self._undelivered():
            self._known.add(_key(tune))
            if tune.finished_at is None or tune.finished_at > tried_since:
                self.deliver(tune, resumed=True)

    async def run(self) -> None:
        """Delivers also what other processes left, and what `_look` finds, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look())
            if self._shared:
                tasks.create_task(self._take_over())

    async def _look(self) -> None:
        """Delivers tunes that are stored though storing them seemed to fail: the database ended between commit and answer."""
        unknown: set[str] = set()
        while True:
            await asyncio.sleep(LOOK_FOR_TUNES_S)
            try:
                waiting = await self._undelivered()
            except Exception:
                log.exception("Looking for tunes that nobody delivers failed.")
                continue
            self._known &= {_key(tune) for tune in waiting}
            seen_before, unknown = unknown, {_key(tune) for tune in waiting} - self._known
            for tune in waiting:
                if _key(tune) in seen_before & unknown:  # not one that is being accepted at the moment
                    self.deliver(tune, resumed=True)

    async def _take_over(self) -> None:
        """Delivers what a process left that died just before this one started: its leases end a little later."""
        until = time.monotonic() + LEASE_S + LOOK_AGAIN_S
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_AGAIN_S)
            if not self._of_others:
                continue
            try:
                held = set(await self._storage.leases.live(LEASE))
                waiting = await self._undelivered()
            except Exception:
                log.exception("Looking for tunes of a process that ended failed.")
                continue
            for tune in waiting:
                if _key(tune) in self._of_others and f"{LEASE}{_key(tune)}" not in held:
                    self.deliver(tune, resumed=True)

    async def _undelivered(self) -> list[Tune]:
        return [tune for tune in await self._storage.undelivered(self._platform) if self._is_ours(tune)]

    def deliver(self, tune: Tune, *, resumed: bool = False) -> None:
        """Starts a delivery and returns at once. An interaction that Discord sends twice is one delivery."""
        if self._closed or self.is_running(tune):
            return
        key = _key(tune)
        self._known.add(key)
        delivery = self._deliver_alone(tune, resumed) if self._shared else self._deliver(tune, resumed)
        task = self._tasks[key] = asyncio.create_task(delivery, name=f"deliver {key}")
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def _deliver(self, tune: Tune, resumed: bool) -> None:
        structlog.contextvars.bind_contextvars(request=tune.origin.request_id)
        try:
            delivery = self._begin(tune, resumed)
        except (KeyError, TypeError, ValueError):
            log.exception("A tune has no valid reply data; it is not delivered.", tune=tune.id)
            return
        await delivery

    async def _deliver_alone(self, tune: Tune, resumed: bool) -> None:
        """Delivers with the lease of the tune. Without it the tune counts as unknown, and is looked at again later."""
        key = _key(tune)
        while True:
            try:
                lease = await self._storage.leases.take(f"{LEASE}{key}")
                # Another process may have delivered it, or have begun to.
                now = await self._storage.tune(tune.id) if lease and resumed else tune
                break
            except DatabaseUnavailable as error:
                log.warning("A delivery cannot begin; trying again.", tune=tune.id, reason=str(error))
                await asyncio.sleep(RETRY_S)
        if lease is None:
            self._known.discard(key)
            self._of_others.add(key)
            return
        self._of_others.discard(key)
        try:
            await with_lease(lease, self._deliver(now or tune, resumed))
        except LeaseLost:
            self._known.discard(key)

    def is_running(self, tune: Tune) -> bool:
        return _key(tune) in self._tasks

    def cancel(self, tune: Tune) -> None:
        if (task := self._tasks.get(_key(tune))) is not None:
            task.cancel()

    async def close(self) -> None:
        """Cancels all deliveries; the next start resumes them."""
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S)


def _key(tune: Tune) -> str:
    return tune.set_id or tune.id
