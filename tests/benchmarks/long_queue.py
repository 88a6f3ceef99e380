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

from sqlalchemy import text

from generator.request import TuneRequest
from storage import Composition, Origin, Status, Storage, open_storage

OPERATIONS = 300
AT_ONCE = 16  # while the queue is filled
BUSY = 10_000  # tunes of one person
COMPOSITION = Composition("X:1\nK:D\nD2|", "Title", "reel", "D", "4/4", 1000, "none", {})

# Copies of one finished tune.
COPIES = """
INSERT INTO tunes SELECT (jsonb_populate_record(tunes, jsonb_build_object(
    'id', lpad(number::text, 12, '0'), 'event_id', 'copy ' || number, 'round', -2 * number))).*
FROM (SELECT tunes FROM tunes WHERE status = 'finished' LIMIT 1) AS finished, generate_series(1, :count) AS number
"""


async def timed(call: Callable[[int], Awaitable[object]], count: int = OPERATIONS) -> dict[str, float]:
    taken = []
    for number in range(count):
        began = time.perf_counter()
        await call(number)
        taken.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(taken, n=20)
    return {"a second": round(1000 * count / sum(taken)), "p50 ms": round(cuts[9], 2), "p95 ms": round(cuts[18], 2)}


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

        found = {
            "submit": await timed(lambda number: _add(storage, waiting + 1 + number, f"new {number}")),
            "submit, the busy person": await timed(lambda number: _add(storage, 10**6 + number, "busy")),
            "last position": await timed(lambda _: storage.queue_position(last)),
            "queue speed": await timed(lambda _: storage.queue_speed()),
            "take": await timed(take),
            "start": await timed(lambda number: storage.start(taken[number])),
            "progress": await timed(lambda number: storage.progress(taken[number], status=Status.COMPOSING, bars=4)),
            "finish": await timed(lambda number: storage.finish(taken[number], COMPOSITION, {})),
        }
        return {"waiting": waiting, **found}


async def _add(storage: Storage, number: int, user_id: str) -> str:
    origin = Origin("web", f"event {number}", user_id)
    return (await storage.add(TuneRequest.check(seed=number), origin, limit=10**6)).id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("waiting", type=int, nargs="?", default=10_000)
    folder = Path(tempfile.mkdtemp(prefix="tunes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the database has stopped, which also happens at exit
    print(json.dumps(asyncio.run(run(folder, parser.parse_args().waiting)), indent=1))


if __name__ == "__main__":
    main()
