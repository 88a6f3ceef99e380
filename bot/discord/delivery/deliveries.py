"""All deliveries that are running."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from bot.discord.core import limits
from bot.discord.core.context import Context
from bot.discord.core.reply import PLATFORM
from bot.discord.delivery.delivery import Delivery
from bot.discord.delivery.set_delivery import SetDelivery
from storage.tunes import Tune

log = structlog.get_logger(__name__)


class Deliveries:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by the id of the set or the tune
        self._known: set[str] = set()  # ids of undelivered sets and tunes whose delivery was begun or given up
        self._closed = False

    async def resume(self) -> None:
        """Delivers what an earlier process did not."""
        tried_since = datetime.now(UTC) - limits.GIVE_UP_AFTER
        for tune in await self._context.storage.undelivered(PLATFORM):
            self._known.add(_key(tune))
            if tune.finished_at is None or tune.finished_at > tried_since:
                self.deliver(tune, resumed=True)

    async def run(self) -> None:
        """Delivers tunes that are stored though storing them seemed to fail: the database ended between commit and answer."""
        unknown: set[str] = set()
        while True:
            await asyncio.sleep(limits.LOOK_FOR_TUNES_S)
            try:
                waiting = await self._context.storage.undelivered(PLATFORM)
            except Exception:
                log.exception("Looking for tunes that nobody delivers failed.")
                continue
            self._known &= {_key(tune) for tune in waiting}
            seen_before, unknown = unknown, {_key(tune) for tune in waiting} - self._known
            for tune in waiting:
                if _key(tune) in seen_before & unknown:  # not one that is being accepted at the moment
                    self.deliver(tune, resumed=True)

    def deliver(self, tune: Tune, *, resumed: bool = False) -> None:
        """Starts a delivery and returns at once. An interaction that Discord sends twice is one delivery."""
        if self._closed or self.is_running(tune):
            return
        key = _key(tune)
        self._known.add(key)
        try:
            delivery = (SetDelivery if tune.set_id else Delivery)(self._context, tune, resumed=resumed)
        except (KeyError, TypeError, ValueError):
            log.exception("A tune has no valid reply data; it is not delivered.", tune=tune.id)
            return
        task = self._tasks[key] = asyncio.create_task(delivery.run(), name=f"deliver {key}")
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

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
            await asyncio.wait(tasks, timeout=limits.CLOSE_S)


def _key(tune: Tune) -> str:
    return tune.set_id or tune.id
