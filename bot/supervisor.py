"""Keeps the worker's process alive beside the bot."""

from __future__ import annotations

import asyncio
import sys
import time

import structlog

READY = "ready"  # what a worker says on its standard output
STOP_S = 25  # a clean stop has 30 s in all
PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0  # before it is started again, longer each time
STEADY_S = 60  # a worker that lived this long begins with the shortest pause again

log = structlog.get_logger(__name__)


class WorkerProcess:
    """One worker as a child process, started again whenever it ends by itself."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None
        self._ready = False

    def ready(self) -> bool:
        """Whether it takes jobs: it has loaded its model, and lives."""
        return self._ready and self.process is not None and self.process.returncode is None

    async def run(self) -> None:
        """Until cancelled; then the worker is stopped as well."""
        pause = PAUSE_S
        while True:
            started = time.monotonic()
            # The worker ends when its standard input does, so it never outlives this process, however that ends.
            pipe = asyncio.subprocess.PIPE
            command = [sys.executable, "-m", "bot", "worker", "--supervised"]
            self.process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
            try:
                assert self.process.stdout is not None
                async for line in self.process.stdout:
                    self._ready = line.decode(errors="replace").strip() == READY or self._ready
                code = await self.process.wait()
            except asyncio.CancelledError:
                await self._stop()
                raise
            self._ready = False
            pause = PAUSE_S if time.monotonic() - started > STEADY_S else min(pause * 2, LONGEST_PAUSE_S)
            log.warning("the worker ended and is started again", code=code, seconds=pause)
            await asyncio.sleep(pause)

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
