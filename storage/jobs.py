"""The queue: procrastinate's jobs beside the tunes' rows, taken by workers that may die at any moment."""

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
RETRY_PAUSE_S = 2  # longer with every try: most failures that pass are of the database or the disk
HEARTBEAT_S = 2
STALLED_AFTER_S = 10  # five heartbeats: a loaded machine is not yet a dead one
RESCUE_EVERY_S = 5
POLL_S = 1  # new jobs are notified, those that are tried again are only found by looking
STOP_TIMEOUT_S = 20  # a stop has 30 s in all; what is not finished by then is given back
RECONNECT_S = 1

GAVE_UP = UserMessage(
    "The musician tried {tries} times and could not finish this tune; please ask again, perhaps with another seed.", tries=TRIES
)

# One statement, so that two rescuers cannot take the same job; unlike procrastinate's retry it counts no try, for the tune
# is not to blame for its worker's death.
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


class TryAgain(BaseRetryStrategy):
    """Never lets go of a job by itself: what is cut off by a stop goes on at once, what failed goes on after a pause."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        failed = isinstance(exception, Exception)
        return RetryDecision(retry_in={"seconds": RETRY_PAUSE_S * (job.attempts + 1) if failed else 0})


def make_app(conninfo: str) -> App:
    """The queue with its one task; to put a job in on somebody's connection, it need not be opened."""
    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
    app.task(name=TASK, queue=QUEUE, pass_context=True, retry=TryAgain())(_compose)
    return app


def queue_of(model: str) -> str:
    """Where jobs for a model wait: any worker takes those that name none."""
    return f"{QUEUE}:{model}" if model else QUEUE


async def put(
    app: App, tune_id: str, connection: psycopg.AsyncConnection[object], *, model: str, round: int, not_before: datetime | None
) -> None:
    """Puts the tune's job into the connection's transaction: to be taken before those of later rounds, and not earlier."""
    job = app.configure_task(TASK, connection=connection, queue=queue_of(model), priority=-round, schedule_at=not_before)
    await job.defer_async(tune_id=tune_id)


async def work(storage: Storage, handle: Handle, *, concurrency: int, models: Iterable[str] = ()) -> None:
    """Hands tunes for any model and for these to the handler until cancelled or told to stop by SIGTERM; survives the
    database's restarts.

    A tune may be handed in twice, when its worker was taken for dead: `Storage.finish` counts the first.
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
                log.warning("the worker lost the database and connects again", error=str(error or ""))
                await asyncio.sleep(RECONNECT_S)
        finally:
            stopped.cancel()


async def _work(storage: Storage, handle: Handle, concurrency: int, queues: list[str]) -> None:
    await _rescue(storage)  # first, for this brings back an embedded server that was killed
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
                install_signal_handlers=False,  # work() has them
                delete_jobs="always",  # the tune's row says what became of it
            )
        finally:
            rescuer.cancel()


async def _compose(context: JobContext, tune_id: str) -> None:
    storage, handle = context.additional_context["storage"], context.additional_context["handle"]
    try:
        await handle(tune_id)
    except Exception:
        log.exception("a tune could not be made", tune=tune_id, tries=context.job.attempts + 1)
        if context.job.attempts + 1 < TRIES:
            raise
        await storage.fail(tune_id, GAVE_UP)


async def _keep_rescuing(storage: Storage) -> None:
    # Not a job: it would wait for a free slot behind the tunes, and dead workers' tunes behind it.
    while True:
        await asyncio.sleep(RESCUE_EVERY_S)
        try:
            await _rescue(storage)
        except (DBAPIError, psycopg.Error):
            log.warning("dead workers' tunes could not be looked for", exc_info=True)


async def _rescue(storage: Storage) -> None:
    async with storage.database.engine.begin() as connection:
        found = await connection.execute(RESCUE, {"seconds": STALLED_AFTER_S})
        for (tune_id,) in found:
            log.warning("a worker died; its tune is made again", tune=tune_id)
