"""procrastinate's job manager with a fence: only the worker that holds a job can end it or put it back.

A worker holds a job if the row names it and counts as many attempts as when the worker took the job. Each putting back counts
one, so a worker that takes the same job twice holds it only as the second time.

Also, no fault of the database ends the worker: procrastinate's worker stops when it can't fetch a job or listen, and then
nobody watches its heartbeat. A job whose end could not be stored is put back by `storage.queue.heartbeat`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from storage.files.room import Room

RELISTEN_S = 1
ANSWER_S = 3  # for a connection and one statement; a stop waits for at most three: of a fetch, of the jobs' ends, of the worker's

FINISH = """
    DELETE FROM procrastinate_jobs
    WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND attempts = %(attempts)s AND status = 'doing'
"""
PUT_BACK = """
    WITH job AS (
        UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1
        WHERE id = %(job_id)s AND worker_id = %(worker_id)s AND attempts = %(attempts)s AND status = 'doing'
        RETURNING args ->> 'tune_id' AS tune_id
    )
    UPDATE tunes SET status = 'queued', bars = 0
    FROM job WHERE tunes.id = job.tune_id AND tunes.status IN ('composing', 'rendering')
"""

QUEUE_ERRORS = (ConnectorException, psycopg.Error, TimeoutError)

log = structlog.get_logger(__name__)


class FencedJobManager(JobManager):
    worker_id: int | None = None  # of this process, from the last registration
    held: set[int]  # ids of the jobs that this process runs
    room: Room | None = None  # jobs are only taken while there is room
    on_registered: Callable[[int], None] | None = None

    async def register_worker(self) -> int:
        self.held = set()
        self.worker_id = await super().register_worker()
        if self.on_registered is not None:
            self.on_registered(self.worker_id)
        return self.worker_id

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        """Does nothing: `storage.queue.heartbeat` finds dead workers, with their jobs and without comparing clocks."""
        return []

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                if self.room is not None and await self.room.look() is not None:
                    return None
                job = await super().fetch_job(queues, worker_id)
        except QUEUE_ERRORS as error:
            log.warning("Fetching a job failed; trying again.", error=_reason(error))
            return None
        if job is not None and job.id is not None:
            self.held.add(job.id)
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Deletes the job: the tune's row has the outcome."""
        await self._end(job, FINISH)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Puts the job back into the queue, unchanged."""
        await self._end(job, PUT_BACK)

    async def _end(self, job: Job, statement: str) -> None:
        held = {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts}
        try:
            async with asyncio.timeout(ANSWER_S):
                await self.connector.execute_query_async(statement, **held)
        except QUEUE_ERRORS as error:
            log.warning("The end of a job could not be stored.", job=job.id, error=_reason(error))
        finally:
            self.held.discard(job.id or 0)

    async def unregister_worker(self, worker_id: int) -> None:
        self.worker_id = None  # no heartbeats from here on
        try:
            async with asyncio.timeout(ANSWER_S):
                await super().unregister_worker(worker_id)
        except QUEUE_ERRORS as error:
            log.warning("A worker could not be unregistered; it counts as dead soon.", error=_reason(error))

    async def listen_for_jobs(self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None) -> None:
        """Listens until cancelled. While the connection is lost, jobs are found by polling."""
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except QUEUE_ERRORS as error:
                log.warning("The connection that listens for jobs was lost; reconnecting.", error=_reason(error))
            await asyncio.sleep(RELISTEN_S)


def _reason(error: BaseException) -> str:
    return str(error.__cause__ or error) or f"There was no answer within {ANSWER_S} seconds."
