"""A worker's heartbeat, and the rescue of jobs that no living worker runs.

A worker is dead if its heartbeat stayed the same while another worker looked STALLED_BEATS times. So no clocks are compared, and
neither a clock that is set nor a database that hangs makes a living worker look dead. A worker that was taken for dead finds its
row gone and starts anew. What it still holds can't do harm: see `storage.queue.job_manager` and `Storage.start`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import structlog
from sqlalchemy import Row, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generator.user_messages import UserMessage, message_as_dict
from storage import tables
from storage.database import Database
from storage.errors import DATABASE_ERRORS
from storage.queue.job_manager import FencedJobManager
from storage.queue.tasks import REMAKE
from storage.tunes import Status

HEARTBEAT_S = 2
STALLED_BEATS = 5  # looks, one every HEARTBEAT_S: a loaded machine is not a dead one
MAX_LONE_DEATHS = 3  # a tune during which the worker died that often with nothing else in hand is the cause
LONE_DEATH_ROUNDS = 4  # so many rounds later a tune is tried again, so that other suspects come first

KILLED_WORKERS = UserMessage("I crashed on this tune several times. Please ask for something else.")

tunes = tables.tunes
in_hand = tunes.c.status.in_((Status.COMPOSING, Status.RENDERING))

BEAT = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker_id)s RETURNING id"
OTHER_WORKERS = text("SELECT id, last_heartbeat FROM procrastinate_workers WHERE id <> :worker_id")
DONT_WAIT = text("SET LOCAL lock_timeout = '1s'")
LOCK_DEAD = text("""
    SELECT id FROM procrastinate_workers
    WHERE id = :worker_id AND last_heartbeat = coalesce(CAST(:last_heartbeat AS timestamptz), last_heartbeat) FOR UPDATE
""")
DELETE_WORKER = text("DELETE FROM procrastinate_workers WHERE id = :worker_id")
DELETE_REMAKES = text("DELETE FROM procrastinate_jobs WHERE worker_id = :worker_id AND task_name = :task")
DELETE_JOB = text("DELETE FROM procrastinate_jobs WHERE id = :job_id")
PUT_BACK = "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1 WHERE status = 'doing'"
PUT_BACK_OF_WORKER = text(f"{PUT_BACK} AND worker_id = :worker_id RETURNING id, args ->> 'tune_id' AS tune_id")
PUT_BACK_LOST = text(f"{PUT_BACK} AND id = :job_id AND attempts = :attempts RETURNING args ->> 'tune_id' AS tune_id")
TRY_ALONE = text("""
    UPDATE procrastinate_jobs SET args = args || '{"alone": true}', priority = priority - :rounds WHERE id = :job_id
""")
LOST_JOBS = text("""
    SELECT id, attempts FROM procrastinate_jobs
    WHERE status = 'doing' AND (worker_id IS NULL OR (worker_id = :worker_id AND id <> ALL(:held)))
""")

log = structlog.get_logger(__name__)


class Heartbeat:
    """Beats for the worker that the job manager registered last.

    On a connection of its own: others wait for their turn while tunes are stored, and for each other's locks.
    """

    def __init__(self, database: Database, manager: FencedJobManager) -> None:
        self._database, self._manager = database, manager

    async def run(self) -> None:
        """Runs until cancelled, or until this worker was taken for dead."""
        while True:
            try:
                async with await self._database.connect(autocommit=True) as connection:
                    while True:
                        if not await self._beat(connection):
                            log.warning("This worker was taken for dead; it starts anew.")
                            return
                        await asyncio.sleep(HEARTBEAT_S)
            except DATABASE_ERRORS as error:
                log.warning("A heartbeat failed; trying again.", error=str(error))
            await asyncio.sleep(HEARTBEAT_S)

    async def _beat(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        """False if this worker was taken for dead."""
        worker_id = self._manager.worker_id
        if worker_id is None:  # not registered yet, or no longer
            return True
        beaten = await connection.execute(BEAT, {"worker_id": worker_id})
        return await beaten.fetchone() is not None or self._manager.worker_id != worker_id


class Rescue:
    """Puts back the jobs of dead workers, and jobs that nobody runs."""

    def __init__(self, database: Database, manager: FencedJobManager) -> None:
        self._database, self._manager = database, manager
        self._seen: dict[int, tuple[datetime, int]] = {}  # worker id → its last heartbeat, and our looks since it changed
        self._lost: set[tuple[int, int]] = set()  # ids and attempts of the jobs that nobody seemed to run at our last look

    async def run(self) -> None:
        """Looks at every heartbeat until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if self._manager.worker_id is not None:
                with _tried_again():
                    await self._bury_dead_workers(self._manager.worker_id)
                    await self._put_back_lost_jobs(self._manager.worker_id)

    async def _bury_dead_workers(self, worker_id: int) -> None:
        async with self._database.begin() as connection:
            others = (await connection.execute(OTHER_WORKERS, {"worker_id": worker_id})).all()
        seen = {}
        for other_id, last_heartbeat in others:
            before, looks = self._seen.get(other_id, (None, 0))
            seen[other_id] = (last_heartbeat, looks + 1 if before == last_heartbeat else 0)
        self._seen = seen
        for other_id, (last_heartbeat, looks) in seen.items():
            if looks >= STALLED_BEATS:
                with _tried_again():
                    await bury(self._database, other_id, last_heartbeat)

    async def _put_back_lost_jobs(self, worker_id: int) -> None:
        """Puts back jobs that nobody runs: the answer to a fetch was lost, or the end of a job could not be stored.

        They must have been seen twice: a fetch may be in progress.
        """
        held = {"worker_id": worker_id, "held": list(self._manager.held)}
        async with self._database.begin() as connection:
            lost = {(job.id, job.attempts) for job in await connection.execute(LOST_JOBS, held)}
        again, self._lost = lost & self._lost, lost
        for job_id, attempts in sorted(again):
            if job_id not in self._manager.held:
                await self._put_back(job_id, attempts)

    async def _put_back(self, job_id: int, attempts: int) -> None:
        async with self._database.begin() as connection:
            job = (await connection.execute(PUT_BACK_LOST, {"job_id": job_id, "attempts": attempts})).one_or_none()
            if job is not None:
                this = update(tunes).where(tunes.c.id == job.tune_id, in_hand)
                await connection.execute(this.values(status=Status.QUEUED, bars=0))
                log.warning("Nobody ran a job; it is queued again.", tune=job.tune_id)


@contextmanager
def _tried_again() -> Iterator[None]:
    try:
        yield
    except DATABASE_ERRORS as error:
        log.warning("Putting back the jobs of others failed; trying again.", error=str(error))


async def bury(database: Database, worker_id: int, last_heartbeat: datetime | None = None) -> None:
    """Deletes a dead worker and puts its jobs back, unless that was done, or it has beaten since `last_heartbeat`.

    The tunes that it had in hand are suspects: one of them may have killed it. They are tried again alone. Raises one of
    DATABASE_ERRORS also if a stopped worker holds one of the rows.
    """
    dead = {"worker_id": worker_id, "last_heartbeat": last_heartbeat}
    async with database.begin() as connection:
        await connection.execute(DONT_WAIT)  # others wait for the worker's row meanwhile, perhaps its own heartbeat
        if (await connection.execute(LOCK_DEAD, dead)).first() is None:
            return
        # Not put back, since one of them may have killed it. The next reader of a file queues it again.
        await connection.execute(DELETE_REMAKES, {"worker_id": worker_id, "task": REMAKE})
        jobs = (await connection.execute(PUT_BACK_OF_WORKER, {"worker_id": worker_id})).all()
        held = tunes.c.id.in_([job.tune_id for job in jobs])
        suspects = set((await connection.execute(select(tunes.c.id).where(held, in_hand).with_for_update())).scalars())
        for job in jobs:
            if job.tune_id in suspects:
                await _suspect(connection, job, alone=len(suspects) == 1)
        await connection.execute(DELETE_WORKER, {"worker_id": worker_id})
    log.warning("A worker died; its tunes are queued again.", worker=worker_id, tunes=sorted(suspects))


async def _suspect(connection: AsyncConnection, job: Row[tuple[int, str]], *, alone: bool) -> None:
    counted = {"deaths": tunes.c.deaths + 1, "lone_deaths": tunes.c.lone_deaths + int(alone)}
    this = update(tunes).where(tunes.c.id == job.tune_id)
    row = (await connection.execute(this.values(status=Status.QUEUED, bars=0, **counted).returning(tunes))).mappings().one()
    if row["lone_deaths"] >= MAX_LONE_DEATHS:
        log.error("A tune kills the worker; it is set aside.", tune=job.tune_id, deaths=row["deaths"])
        failed = {"status": Status.FAILED, "error": message_as_dict(KILLED_WORKERS), "finished_at": func.now()}
        await connection.execute(this.values(failed))
        await connection.execute(DELETE_JOB, {"job_id": job.id})
    else:
        await connection.execute(TRY_ALONE, {"job_id": job.id, "rounds": LONE_DEATH_ROUNDS if alone else 0})
