"""The queue: one procrastinate job per tune, added in the transaction that stores the tune."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job

from generator.user_messages import UserMessage
from storage import tracing
from storage.connection import CONNECT_S, Connection, set_limits
from storage.errors import is_fault_of_machine, lacks_room
from storage.queue.job_manager import FencedJobManager
from storage.tunes import Tune

QUEUE = "tunes"
TASK = "compose"
REMAKE = "remake"
VERSION = "version"
REMAKE_PRIORITY = 1  # somebody waits for the file; jobs of tunes have 0 and less
RECONNECT_S = 1  # then the next statement connects; a longer time would double the wait with every attempt, up to minutes
TRIES = 3
RETRY_PAUSE_S = 2  # times the number of the try
MACHINE_PAUSE_S = 5  # after a fault of the machine

GAVE_UP = UserMessage(
    "I tried {tries} times and couldn't finish this tune. Please ask again, perhaps with another seed.", tries=TRIES
)

log = structlog.get_logger(__name__)


class PutBack(BaseRetryStrategy):
    """Puts every job back that ended with an exception. `_compose` counts the failures."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        return RetryDecision(retry_in={"seconds": 0})


def make_app(conninfo: str) -> tuple[App, FencedJobManager]:
    """The queue with its tasks. It need not be open to enqueue on an existing connection."""
    limits: dict[str, Any] = {"connection_class": Connection, "configure": set_limits, "timeout": CONNECT_S}
    connector = PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4, reconnect_timeout=RECONNECT_S, **limits)
    app = App(connector=connector)
    app.job_manager = manager = FencedJobManager(app.connector)
    app.task(name=TASK, queue=QUEUE, pass_context=True, retry=PutBack())(_compose)
    app.task(name=REMAKE, queue=QUEUE, pass_context=True, retry=PutBack())(_remake)
    app.task(name=VERSION, queue=QUEUE, pass_context=True, retry=PutBack())(_make_version)
    return app, manager


def queue_of(model: str) -> str:
    """The queue for requests of a model. Every worker takes jobs from the queue for no model."""
    return f"{QUEUE}:{model}" if model else QUEUE


async def enqueue(
    app: App, tune_id: str, connection: psycopg.AsyncConnection[object], *, model: str, round: int, not_before: datetime | None
) -> int:
    """Adds the tune's job in the connection's transaction. Jobs of earlier rounds are taken first, none before `not_before`.

    Returns the job's id.
    """
    job = app.configure_task(TASK, connection=connection, queue=queue_of(model), priority=-round, schedule_at=not_before)
    return await job.defer_async(tune_id=tune_id)


async def enqueue_remake(app: App, tune_id: str, connection: psycopg.AsyncConnection[object]) -> None:
    """Adds a job that makes a finished tune's files again, before all tunes, in the connection's transaction."""
    job = app.configure_task(REMAKE, connection=connection, queue=QUEUE, priority=REMAKE_PRIORITY)
    await job.defer_async(tune_id=tune_id)


async def enqueue_version(app: App, tune_id: str, version: str, connection: psycopg.AsyncConnection[object]) -> None:
    """Adds a job that makes a version of a finished tune, before all tunes, in the connection's transaction."""
    job = app.configure_task(VERSION, connection=connection, queue=QUEUE, priority=REMAKE_PRIORITY)
    await job.defer_async(tune_id=tune_id, version=version)


async def _compose(context: JobContext, tune_id: str, alone: bool = False) -> None:
    """Makes the tune. `alone`: its worker died before, perhaps because of it, so nothing else is made at the same time.

    An exception puts the job back, after a pause in which the slot stays taken.
    """
    storage, handle, slots = (context.additional_context[name] for name in ("storage", "handle", "slots"))
    tune: Tune | None = None
    try:
        async with slots.take(alone=alone):
            tune = await storage.start(tune_id, job=context.job)
            if tune is not None:
                structlog.contextvars.bind_contextvars(request=tune.origin.request_id)
                log.info("A tune is started.", tune=tune_id, starts=tune.starts)
                tracing.record_waiting(tune)
                await handle(tune)
                tracing.record_tune(tune)
    except Exception as error:
        if lacks_room(error):
            storage.room.note_failure()
        if is_fault_of_machine(error):
            log.warning("Making a tune failed because of the database or the disk; it is tried again.", tune=tune_id, error=error)
            await asyncio.sleep(MACHINE_PAUSE_S)
            raise
        starts = tune.starts if tune is not None else None
        failures = await storage.count_failure(tune_id, starts=starts)
        log.exception("Making a tune failed.", tune=tune_id, tries=failures)
        if failures < TRIES:
            await asyncio.sleep(RETRY_PAUSE_S * failures)
            raise
        await storage.fail(tune_id, GAVE_UP, starts=starts)
        if tune is not None:
            tracing.record_tune(tune, error=type(error).__name__)


async def _remake(context: JobContext, tune_id: str) -> None:
    """Makes a finished tune's files again. Not tried again after a failure: the next reader of a file queues it again."""
    remake, slots = (context.additional_context[name] for name in ("remake", "slots"))
    try:
        async with slots.take(alone=False):
            await remake(tune_id)
    except Exception:
        log.exception("The files of a tune could not be made again.", tune=tune_id)


async def _make_version(context: JobContext, tune_id: str, version: str) -> None:
    """Makes a version of a finished tune. Not tried again after a failure: who waits for it is told."""
    make_version, slots = (context.additional_context[name] for name in ("make_version", "slots"))
    try:
        async with slots.take(alone=False):
            await make_version(tune_id, version)
    except Exception:
        log.exception("A version of a tune could not be made.", tune=tune_id, version=version)
