"""The queue: one procrastinate job per tune. Workers that die lose no job."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.signals import on_stop
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from generator.user_messages import UserMessage

if TYPE_CHECKING:
    from storage.storage import Storage

QUEUE = "tunes"
TASK = "compose"
TRIES = 3
RETRY_PAUSE_S = 2  # times the number of the try: most temporary failures are of the database or the disk
HEARTBEAT_S = 2
STALLED_AFTER_S = 10  # five heartbeats: a loaded machine is not a dead one
RESCUE_EVERY_S = 5
POLL_S = 1  # new jobs are notified; jobs to retry are only found by polling
STOP_TIMEOUT_S = 20  # a stop may take 30 s in all; unfinished jobs are put back into the queue
RECONNECT_S = 1

GAVE_UP = UserMessage(
    "I tried {tries} times and couldn't finish this tune. Please ask again, perhaps with another seed.", tries=TRIES
)

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


class RetryForever(BaseRetryStrategy):
    """Retries every job: at once after a stop, after a pause if it failed. `_compose` counts the tries."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        failed = isinstance(exception, Exception)
        return RetryDecision(retry_in={"seconds": RETRY_PAUSE_S * (job.attempts + 1) if failed else 0})


def make_app(conninfo: str) -> App:
    """The queue with its one task. It need not be open to enqueue on an existing connection."""
    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
    app.task(name=TASK, queue=QUEUE, pass_context=True, retry=RetryForever())(_compose)
    return app


def queue_of(model: str) -> str:
    """The queue for requests of a model. Every worker takes jobs from the queue for no model."""
    return f"{QUEUE}:{model}" if model else QUEUE


async def enqueue(
    app: App, tune_id: str, connection: psycopg.AsyncConnection[object], *, model: str, round: int, not_before: datetime | None
) -> None:
    """Adds the tune's job in the connection's transaction. Jobs of earlier rounds are taken first, none before `not_before`."""
    job = app.configure_task(TASK, connection=connection, queue=queue_of(model), priority=-round, schedule_at=not_before)
    await job.defer_async(tune_id=tune_id)


async def work(storage: Storage, handle: Handle, *, concurrency: int, models: Iterable[str] = ()) -> None:
    """Calls the handler with tunes for no model or for one of these, until cancelled or stopped by SIGTERM. Survives restarts
    of the database.

    A tune may be handled twice if its worker seemed dead; `Storage.finish` accepts the first result.
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


async def _compose(context: JobContext, tune_id: str) -> None:
    storage, handle = context.additional_context["storage"], context.additional_context["handle"]
    try:
        await handle(tune_id)
    except Exception:
        log.exception("Making a tune failed.", tune=tune_id, tries=context.job.attempts + 1)
        if context.job.attempts + 1 < TRIES:
            raise
        await storage.fail(tune_id, GAVE_UP)


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
