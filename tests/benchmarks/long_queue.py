"""Measures a long queue: operations a second and milliseconds of submitting, taking, starting, finishing, and of queue positions.

    .venv/bin/python -m tests.benchmarks.long_queue [WAITING]

Fills the queue of an embedded PostgreSQL with WAITING requests (10,000 unless given) of a third as many people. One person
has 10,000 finished tunes. Uses the product's own functions. Prints JSON. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles

from procrastinate.jobs import Status as JobStatus
from sqlalchemy import text

from generator.request import TuneRequest
from storage import Composition, Origin, Status, Storage, open_storage

OPERATIONS = 300
AT_ONCE = 16  # while the queue is filled
PEOPLE = 20  # who ask at once
BUSY = 10_000  # tunes of one person
COMPOSITION = Composition("X:1\nK:D\nD2|", "Title", "reel", "D", "4/4", 1000, "none", {})

# Copies of one finished tune.
COPIES = """
INSERT INTO tunes SELECT (jsonb_populate_record(tunes, jsonb_build_object(
    'id', lpad(number::text, 12, '0'), 'event_id', 'copy ' || number, 'round', -2 * number))).*
FROM (SELECT tunes FROM tunes WHERE status = 'finished' LIMIT 1) AS finished, generate_series(1, :count) AS number
"""


async def timed(call: Callable[[int], Awaitable[object]], *, at_once: int = 1) -> dict[str, float]:
    """Calls with the numbers from 0, one after the other or several at once."""
    taken, numbers = [], iter(range(OPERATIONS))

    async def person() -> None:
        for number in numbers:
            called = time.perf_counter()
            await call(number)
            taken.append((time.perf_counter() - called) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(person() for _ in range(at_once)))
    a_second = OPERATIONS / (time.perf_counter() - began)
    cuts = quantiles(taken, n=20)
    return {"a second": round(a_second), "p50 ms": round(cuts[9], 2), "p95 ms": round(cuts[18], 2)}


async def run(folder: Path, waiting: int) -> dict[str, object]:
    async with open_storage(data_dir=folder) as storage, storage.jobs.open_async():
        first = await _add(storage, 0, "busy")
        await storage.start(first)
        await storage.finish(first, COMPOSITION, {})
        async with storage.database.begin(answer_s=600) as connection:
            await connection.execute(text(COPIES), {"count": BUSY})
        people = max(waiting // 3, 1)
        for start in range(0, waiting, AT_ONCE):
            several = range(start, min(start + AT_ONCE, waiting))
            *_, last = await asyncio.gather(*(_add(storage, number + 1, f"person {number % people}") for number in several))
            print(f"\r{start} waiting", end="", file=sys.stderr)
        print(file=sys.stderr)
        worker = await storage.job_manager.register_worker()
        taken: list[str] = []

        async def take(_: int) -> None:
            job = await storage.job_manager.fetch_job(["tunes"], worker)
            assert job is not None
            taken.append(str(job.task_kwargs["tune_id"]))

        async def make(_: int) -> None:
            job = await storage.job_manager.fetch_job(["tunes"], worker)
            assert job is not None
            tune = await storage.start(str(job.task_kwargs["tune_id"]), job=job)
            assert tune is not None
            await storage.finish(tune.id, COMPOSITION, {}, starts=tune.starts)
            await storage.job_manager.finish_job(job, JobStatus.SUCCEEDED, delete_job=True)

        found = {
            "submit": await timed(lambda number: _add(storage, waiting + 1 + number, f"new {number}")),
            f"submit, {PEOPLE} at once": await timed(
                lambda number: _add(storage, 2 * 10**6 + number, f"new {number}"), at_once=PEOPLE
            ),
            "submit, the busy person": await timed(lambda number: _add(storage, 10**6 + number, "busy")),
            "last position": await timed(lambda _: storage.queue_position(last)),
            "queue speed": await timed(lambda _: storage.queue_speed()),
            "take": await timed(take),
            "start": await timed(lambda number: storage.start(taken[number])),
            "progress": await timed(lambda number: storage.progress(taken[number], status=Status.COMPOSING, bars=4)),
            "finish": await timed(lambda number: storage.finish(taken[number], COMPOSITION, {})),
            f"take, start and finish, {PEOPLE} at once": await timed(make, at_once=PEOPLE),
        }
        return {"waiting": waiting, **found}


async def _add(storage: Storage, number: int, user_id: str) -> str:
    origin = Origin("web", f"event {number}", user_id)
    return (await storage.add(TuneRequest.check(seed=number), origin, limit=10**6, queue_limit=10**6)).id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("waiting", type=int, nargs="?", default=10_000)
    folder = Path(tempfile.mkdtemp(prefix="tunes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the database has stopped, which also happens at exit
    print(json.dumps(asyncio.run(run(folder, parser.parse_args().waiting)), indent=1))


if __name__ == "__main__":
    main()
