"""Takes jobs from the queue and runs them, until the worker is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from procrastinate.signals import on_stop
from sqlalchemy import text

from storage.errors import DATABASE_ERRORS
from storage.files.room import Room
from storage.queue.heartbeat import Heartbeat, Rescue
from storage.queue.tasks import queue_of
from storage.storage import Storage
from storage.tunes import Tune

POLL_S = 1  # new jobs are notified; jobs that were put back are only found by polling
STOP_TIMEOUT_S = 12  # then unfinished jobs are put back; the supervisor allows 25 s in all
RECONNECT_S = 1
NEVER_S = 10**9

Handle = Callable[[Tune], Awaitable[None]]
Remake = Callable[[str], Awaitable[None]]
MakeVersion = Callable[[str, str], Awaitable[None]]
log = structlog.get_logger(__name__)


async def _refuse(tune_id: str) -> None:
    raise NotImplementedError("this worker makes no files again")


async def _refuse_version(tune_id: str, version: str) -> None:
    raise NotImplementedError("this worker makes no versions")


async def work(
    storage: Storage,
    handle: Handle,
    *,
    concurrency: int,
    models: Iterable[str] = (),
    remake: Remake = _refuse,
    make_version: MakeVersion = _refuse_version,
) -> None:
    """Takes jobs and calls `handle` with each tune, until cancelled or stopped by SIGTERM.

    Takes the requests that name no model or one of `models`, and none while a disk is full. Calls `remake` with the id of a tune
    that has lost a file, and `make_version` with that of a tune and the name of a version. Survives restarts of the database. A
    tune may be handled twice if its worker seemed dead; `Storage.finish` accepts the first result.
    """
    handlers = {"handle": handle, "remake": remake, "make_version": make_version}
    stop, queues = asyncio.Event(), [queue_of(model) for model in ("", *models)]
    with on_stop(stop.set):
        stopped, logging = asyncio.create_task(stop.wait()), asyncio.create_task(_log_pauses(storage.room))
        try:
            while not stop.is_set():
                worker = asyncio.create_task(_work(storage, handlers, concurrency, queues))
                try:
                    await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    worker.cancel()
                    [error] = await asyncio.gather(worker, return_exceptions=True)
                if stop.is_set():
                    return
                if error is not None and not isinstance(error, DATABASE_ERRORS):
                    raise error
                log.warning("The worker starts anew.", error=str(error or ""))
                await asyncio.sleep(RECONNECT_S)
        finally:
            stopped.cancel()
            logging.cancel()


async def _log_pauses(room: Room) -> None:
    async for lacking in room.changes():
        if lacking:
            log.warning("A disk is full. No tunes are taken until there is room.", lacking=lacking)
        else:
            log.info("There is room again. Tunes are taken.")


async def _work(storage: Storage, handlers: Mapping[str, Any], concurrency: int, queues: list[str]) -> None:
    async with storage.database.begin() as connection:
        await connection.execute(text("SELECT 1"))  # also restarts an embedded server that was killed
    manager = storage.job_manager
    manager.worker_id = None
    async with storage.jobs.open_async():
        worker = asyncio.create_task(
            storage.jobs.run_worker_async(
                queues=queues,
                concurrency=concurrency,
                additional_context={"storage": storage, "slots": Slots(concurrency), **handlers},
                fetch_job_polling_interval=POLL_S,
                update_heartbeat_interval=NEVER_S,  # ours goes on while a stopped worker finishes its jobs
                shutdown_graceful_timeout=STOP_TIMEOUT_S,
                install_signal_handlers=False,  # work() installs them
            )
        )
        heartbeat = asyncio.create_task(Heartbeat(storage.database, manager).run())
        rescue = asyncio.create_task(Rescue(storage.database, manager).run())
        tasks = [worker, heartbeat, rescue]  # in this order: heartbeats go on while the stopped worker finishes its tunes
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                await _end(task)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels the task and waits until it has ended, even if the wait is cancelled: it uses the storage, which is closed next."""
    task.cancel()
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})


class Slots:
    """How many tunes a worker makes at the same time. A tune that may kill the worker gets all slots for itself."""

    def __init__(self, count: int) -> None:
        self._count, self._free = count, asyncio.Semaphore(count)
        self._entrance = asyncio.Lock()

    @asynccontextmanager
    async def take(self, *, alone: bool) -> AsyncIterator[None]:
        """Takes a slot, or all of them, until the context exits. Nobody starts while a tune waits to be alone."""
        taken = 0
        try:
            async with self._entrance:
                while taken < (self._count if alone else 1):
                    await self._free.acquire()
                    taken += 1
            yield
        finally:
            for _ in range(taken):
                self._free.release()
