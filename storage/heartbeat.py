"""A worker's heartbeat, and the rescue of jobs that no living worker runs.

A worker is dead if its heartbeat stayed the same during STALLED_BEATS heartbeats of the worker that looks. So no clocks are
compared, and neither a clock that is set nor a database that hangs makes a living worker look dead. A worker that was taken for
dead finds its row gone and starts anew. What it still holds can't do harm: see `storage.job_manager` and `Storage.start`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import Row, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from generator.user_messages import UserMessage, message_as_dict
from storage import tables
from storage.database import Database
from storage.errors import DATABASE_ERRORS
from storage.job_manager import FencedJobManager
from storage.tunes import Status

HEARTBEAT_S = 2
STALLED_BEATS = 5  # a loaded machine is not a dead one
MAX_LONE_DEATHS = 3  # a tune during which the worker died that often with nothing else in hand is the cause
LONE_DEATH_ROUNDS = 4  # so many rounds later a tune is tried again, so that other suspects come first

KILLED_WORKERS = UserMessage("I crashed on this tune several times. Please ask for something else.")

tunes = tables.tunes
in_hand = tunes.c.status.in_((Status.COMPOSING, Status.RENDERING))

BEAT = text("UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = :worker_id RETURNING id")
OTHER_WORKERS = text("SELECT id, last_heartbeat FROM procrastinate_workers WHERE id <> :worker_id")
LOCK_DEAD = text("""
    SELECT id FROM procrastinate_workers
    WHERE id = :worker_id AND last_heartbeat = coalesce(CAST(:last_heartbeat AS timestamptz), last_heartbeat) FOR UPDATE
""")
DELETE_WORKER = text("DELETE FROM procrastinate_workers WHERE id = :worker_id")
PUT_BACK = "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL WHERE status = 'doing'"
PUT_BACK_OF_WORKER = text(f"{PUT_BACK} AND worker_id = :worker_id RETURNING id, args ->> 'tune_id' AS tune_id")
PUT_BACK_LOST = text(f"{PUT_BACK} AND id = ANY(:job_ids) RETURNING id, args ->> 'tune_id' AS tune_id")
TRY_ALONE = text("""
    UPDATE procrastinate_jobs SET args = args || '{"alone": true}', priority = priority - :rounds WHERE id = :job_id
""")
LOST_JOBS = text("""
    SELECT id FROM procrastinate_jobs
    WHERE status = 'doing' AND (worker_id IS NULL OR (worker_id = :worker_id AND id <> ALL(:held)))
""")

log = structlog.get_logger(__name__)


class Heartbeat:
    """Beats for the worker that the job manager registered last, and looks for jobs to rescue."""

    def __init__(self, database: Database, manager: FencedJobManager) -> None:
        self._database, self._manager = database, manager
        self._seen: dict[int, tuple[datetime, int]] = {}  # worker id → its last heartbeat, and our beats since it changed
        self._lost: set[int] = set()  # ids of the jobs that nobody seemed to run at our last beat

    async def run(self) -> None:
        """Runs until cancelled, or until this worker was taken for dead."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            worker_id = self._manager.worker_id
            if worker_id is None:  # not registered yet
                continue
            try:
                if not await self._beat(worker_id):
                    log.warning("This worker was taken for dead; it starts anew.", worker=worker_id)
                    return
                await self._rescue_from_dead_workers(worker_id)
                await self._rescue_lost_jobs(worker_id)
            except DATABASE_ERRORS as error:
                log.warning("A heartbeat failed; trying again.", error=str(error))

    async def _beat(self, worker_id: int) -> bool:
        async with self._database.engine.begin() as connection:
            return (await connection.execute(BEAT, {"worker_id": worker_id})).first() is not None

    async def _rescue_from_dead_workers(self, worker_id: int) -> None:
        async with self._database.engine.connect() as connection:
            others = (await connection.execute(OTHER_WORKERS, {"worker_id": worker_id})).all()
        seen = {}
        for other_id, last_heartbeat in others:
            before, beats = self._seen.get(other_id, (None, 0))
            seen[other_id] = (last_heartbeat, beats + 1 if before == last_heartbeat else 0)
        self._seen = seen
        for other_id, (last_heartbeat, beats) in seen.items():
            if beats >= STALLED_BEATS:
                await bury(self._database, other_id, last_heartbeat)

    async def _rescue_lost_jobs(self, worker_id: int) -> None:
        """Puts back jobs that nobody runs: the answer to a fetch was lost, or the end of a job could not be stored.

        They must have been seen twice: a fetch may be in progress.
        """
        held = {"worker_id": worker_id, "held": list(self._manager.held)}
        async with self._database.engine.connect() as connection:
            lost = set((await connection.execute(LOST_JOBS, held)).scalars())
        again = (lost & self._lost) - self._manager.held
        self._lost = lost
        if again:
            async with self._database.engine.begin() as connection:
                for job in (await connection.execute(PUT_BACK_LOST, {"job_ids": sorted(again)})).all():
                    log.warning("Nobody ran a job; its tune is queued again.", tune=job.tune_id)
                    await _queue_again(connection, job.tune_id)


async def bury(database: Database, worker_id: int, last_heartbeat: datetime | None = None) -> None:
    """Deletes a dead worker and puts its jobs back, unless that was done, or it has beaten since `last_heartbeat`.

    The tunes that it had in hand are suspects: one of them may have killed it. They are tried again alone.
    """
    dead = {"worker_id": worker_id, "last_heartbeat": last_heartbeat}
    async with database.engine.begin() as connection:
        if (await connection.execute(LOCK_DEAD, dead)).first() is None:
            return
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
    await connection.execute(TRY_ALONE, {"job_id": job.id, "rounds": LONE_DEATH_ROUNDS if alone else 0})


async def _queue_again(connection: AsyncConnection, tune_id: str) -> None:
    await connection.execute(update(tunes).where(tunes.c.id == tune_id, in_hand).values(status=Status.QUEUED, bars=0))
