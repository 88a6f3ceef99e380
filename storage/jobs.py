"""Takes jobs from the queue and runs them. Jobs of workers that die are queued again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.signals import on_stop
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.queue import queue_of
from storage.storage import Storage

HEARTBEAT_S = 2
STALLED_AFTER_S = 10  # five heartbeats: a loaded machine is not a dead one
RESCUE_EVERY_S = 5
POLL_S = 1  # new jobs are notified; jobs to retry are only found by polling
STOP_TIMEOUT_S = 20  # a stop may take 30 s in all; unfinished jobs are put back into the queue
RECONNECT_S = 1

# One statement, so that two workers can't rescue the same job. Unlike procrastinate's retry it doesn't count as a try: the
# death of a worker is not the fault of each of its tunes.
RESCUE = text("""
    UPDATE procrastinate_jobs AS job SET status = 'todo', worker_id = NULL
    WHERE status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers AS worker
        WHERE worker.id = job.worker_id AND worker.last_heartbeat > now() - make_interval(secs => :seconds)
    )
    RETURNING args ->> 'tune_id'
""")

Handle = Callable[[str], Awaitable[None]]
log = structlog.get_logger(__name__)


async def work(storage: Storage, handle: Handle, *, concurrency: int, models: Iterable[str] = ()) -> None:
    """Takes jobs and calls `handle` with the id of each tune, until cancelled or stopped by SIGTERM.

    Takes the requests that name no model or one of `models`. Survives restarts of the database. A tune may be
    handled twice if its worker seemed dead; `Storage.finish` accepts the first result.
    """
    stop, queues = asyncio.Event(), [queue_of(model) for model in ("", *models)]
    with on_stop(stop.set):
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                worker = asyncio.create_task(_work(storage, handle, concurrency, queues))
                try:
                    await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    worker.cancel()
                    [error] = await asyncio.gather(worker, return_exceptions=True)
                if stop.is_set():
                    return
                if error is not None and not isinstance(error, (ConnectorException, psycopg.Error, DBAPIError)):
                    raise error
                log.warning("The worker lost the database and reconnects.", error=str(error or ""))
                await asyncio.sleep(RECONNECT_S)
        finally:
            stopped.cancel()


async def _work(storage: Storage, handle: Handle, concurrency: int, queues: list[str]) -> None:
    await _rescue(storage)  # first: it also restarts an embedded server that was killed
    async with storage.jobs.open_async():
        rescuer = asyncio.create_task(_keep_rescuing(storage))
        try:
            await storage.jobs.run_worker_async(
                queues=queues,
                concurrency=concurrency,
                additional_context={"storage": storage, "handle": handle},
                fetch_job_polling_interval=POLL_S,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=STALLED_AFTER_S,
                shutdown_graceful_timeout=STOP_TIMEOUT_S,
                install_signal_handlers=False,  # work() installs them
                delete_jobs="always",  # the tune's row has the outcome
            )
        finally:
            rescuer.cancel()


async def _keep_rescuing(storage: Storage) -> None:
    # Not a job: it would wait behind the tunes for a free slot, and the tunes of dead workers would wait for it.
    while True:
        await asyncio.sleep(RESCUE_EVERY_S)
        try:
            await _rescue(storage)
        except (DBAPIError, psycopg.Error):
            log.warning("Looking for tunes of dead workers failed.", exc_info=True)


async def _rescue(storage: Storage) -> None:
    async with storage.database.engine.begin() as connection:
        found = await connection.execute(RESCUE, {"seconds": STALLED_AFTER_S})
        for (tune_id,) in found:
            log.warning("A worker died; its tune is queued again.", tune=tune_id)
