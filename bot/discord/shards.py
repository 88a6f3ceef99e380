"""Which shards this process runs: processes share them out among each other, and take over those of a process that ends.

Each process has a lease of its own, by which the others count it, and one for each shard that it runs.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

import structlog

from bot.core.leases import LeaseLost, with_lease
from bot.discord.core import limits
from bot.discord.core.shard import Shard
from storage.errors import DatabaseUnavailable
from storage.leases import Lease, Leases

PROCESS, SHARD = "discord process of {} ", "discord shard of {} "  # the number of all shards, so that different ones are noticed

log = structlog.get_logger(__name__)


class Shards:
    """`run_shard` runs one shard until it is cancelled."""

    def __init__(self, leases: Leases, count: int, run_shard: Callable[[Shard], Coroutine[Any, Any, None]]) -> None:
        self._leases, self._count, self._run_shard = leases, count, run_shard
        self._process: Lease | None = None
        self.running: dict[int, asyncio.Task[None]] = {}
        self._waits = ""  # why this process has no shard

    async def run(self) -> None:
        """Runs until cancelled. Raises what a shard raises."""
        try:
            while True:
                try:
                    await self._share_out()
                except DatabaseUnavailable as error:
                    log.warning("Shards cannot be shared out; trying again.", reason=str(error))
                if self.running:
                    tasks = self.running.values()
                    await asyncio.wait(tasks, timeout=limits.LOOK_FOR_SHARDS_S, return_when=asyncio.FIRST_COMPLETED)
                    self._forget_ended()
                else:
                    await asyncio.sleep(limits.LOOK_FOR_SHARDS_S)
        finally:
            await self._stop(*self.running)
            if self._process is not None:
                await self._process.release()

    async def _share_out(self) -> None:
        if self._process is None or not self._process.held:
            self._process = await self._leases.take(PROCESS.format(self._count) + uuid4().hex)
        processes = [_count(name) for name in await self._leases.live(PROCESS.partition("{")[0])]
        share = math.ceil(self._count / max(processes.count(self._count), 1))
        if max(processes, default=0) > self._count:
            self._wait("Another process runs more shards. Restart this one when DISCORD_SHARDS is the same.")
            share = 0
        if excess := sorted(self.running)[share:]:
            log.info("Shards are left to other processes.", shards=excess)
            await self._stop(*excess)
        shards = await self._leases.live(SHARD.partition("{")[0])
        if any(_count(name) != self._count for name in shards):
            self._wait("Other processes still run another number of shards.")
            return
        for number in range(self._count):
            name = f"{SHARD.format(self._count)}{number}"
            if len(self.running) >= share:
                break
            if name not in shards and number not in self.running and (lease := await self._leases.take(name)) is not None:
                log.info("This process runs a shard.", shard=number, shards=self._count)
                run = self._run_shard(Shard(number, self._count))
                self.running[number] = asyncio.create_task(with_lease(lease, run), name=name)
        if not self.running and share:
            self._wait("Other processes run all shards. This one takes over if one of them ends.")
        elif self.running:
            self._waits = ""

    def _wait(self, reason: str) -> None:
        if reason != self._waits:
            log.warning("This process waits.", reason=reason)
        self._waits = reason

    def _forget_ended(self) -> None:
        for number, task in [*self.running.items()]:
            if task.done():
                del self.running[number]
                try:
                    task.result()
                except LeaseLost:
                    log.warning("A shard is left to other processes, since the database could not be reached.", shard=number)

    async def _stop(self, *numbers: int) -> None:
        tasks = [self.running.pop(number) for number in numbers]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _count(name: str) -> int:
    """The number of all shards in the name of a lease."""
    return int(name.split()[3])
