"""Runs a worker as a child process of the bot, and restarts it."""

from __future__ import annotations

import asyncio
import math
import sys
import time

import structlog

from storage.errors import DATABASE_ERRORS
from storage.storage import Storage

READY = "ready"  # the line that a worker prints once it takes jobs
ALIVE, ALIVE_EVERY_S = "alive", 1.0  # the line that it prints again and again, unless it is stopped or hangs
SILENT_S = 4.0  # a worker that printed nothing for so long takes no jobs
REGISTERED = "registered"  # begins the line in which it prints its id in the queue
LACKING = "lacking"  # begins the line in which it prints what there is no room for, nothing if there is room again
STOP_S = 25  # service managers usually allow 30 s in all
BURY_S = 5
MIN_PAUSE_S, MAX_PAUSE_S = 1.0, 30.0  # before a restart; doubles each time
STEADY_S = 60  # after taking jobs for this long, the pause starts at its minimum again

log = structlog.get_logger(__name__)


class WorkerProcess:
    """A worker as a child process, restarted whenever it exits."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._worker_id: int | None = None
        self.process: asyncio.subprocess.Process | None = None
        self._ready = False
        self._heard_at = 0.0

    def ready(self) -> bool:
        """Whether the worker takes jobs: it has loaded its model, and neither ended, nor is stopped, nor hangs."""
        running = self.process is not None and self.process.returncode is None
        return self._ready and running and time.monotonic() - self._heard_at < SILENT_S

    async def run(self) -> None:
        """Runs the worker until this task is cancelled, then stops it."""
        pause = MIN_PAUSE_S
        while True:
            ready_at = math.inf
            # The worker exits when its standard input closes, so it never outlives this process, even if that is killed.
            pipe = asyncio.subprocess.PIPE
            command = [sys.executable, "-m", "bot", "worker", "--supervised"]
            self.process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
            try:
                assert self.process.stdout is not None
                async for line in self.process.stdout:
                    self._heard_at = time.monotonic()
                    word, _, value = line.decode(errors="replace").strip().partition(" ")
                    if word == READY:
                        self._ready, ready_at = True, time.monotonic()
                    elif word == REGISTERED:
                        self._worker_id = int(value)
                    elif word == LACKING:
                        self._storage.room.lacking_elsewhere = value or None
                code = await self.process.wait()
            except asyncio.CancelledError:
                await self._stop()
                raise
            self._ready = False
            self._storage.room.lacking_elsewhere = None
            await self._bury()
            pause = MIN_PAUSE_S if time.monotonic() - ready_at > STEADY_S else min(pause * 2, MAX_PAUSE_S)
            log.warning("The worker exited and is restarted.", code=code, seconds=pause)
            await asyncio.sleep(pause)

    async def _bury(self) -> None:
        """Puts the jobs of the dead worker back at once. If that fails, the next worker does it after some heartbeats."""
        if self._worker_id is not None:
            try:
                async with asyncio.timeout(BURY_S):
                    await self._storage.bury_worker(self._worker_id)
            except (TimeoutError, *DATABASE_ERRORS) as error:
                log.warning("The jobs of the worker could not be put back yet.", error=str(error))
        self._worker_id = None

    async def _stop(self) -> None:
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
