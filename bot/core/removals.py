"""Removing what a platform shows of a deleted or unshared tune, again until it works."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

import structlog

from bot.core.retries import doubling

RETRY_S, RETRY_AT_MOST_S = 1.0, 60.0
ATTEMPTS = 1_500  # in about a day

log = structlog.get_logger(__name__)


class Removals:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def now_or_later(self, tune_id: str, remove: Callable[[], Awaitable[None]]) -> None:
        """Calls `remove`. If that fails, it is called again until it works: what is no longer shared must not stay readable.

        Given up after a day, and by a process that ends before.
        """
        try:
            await remove()
        except Exception as error:
            log.warning("Could not remove a message; trying again.", tune=tune_id, reason=repr(error))
            task = asyncio.create_task(self._retry(tune_id, remove), name=f"remove {tune_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _retry(self, tune_id: str, remove: Callable[[], Awaitable[None]]) -> None:
        for delay_s in islice(doubling(RETRY_S, RETRY_AT_MOST_S), ATTEMPTS):
            await asyncio.sleep(delay_s)
            try:
                await remove()
                return
            except Exception as error:
                log.warning("Could not remove a message; trying again.", tune=tune_id, reason=repr(error))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
