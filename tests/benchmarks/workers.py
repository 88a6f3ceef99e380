"""Measures how the throughput grows with the number of workers, when composing and rendering take a fixed time:

    .venv/bin/python -m tests.benchmarks.workers [--workers 1 2 4] [--seconds 15]

Everything but composing and rendering is real: PostgreSQL, the queue, and processes of workers with two tunes at once each. They
wait instead of computing, so that the queue is measured and not the processor. Prints JSON. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from generator.request import TuneRequest
from storage import Origin, Storage, open_storage
from tests.faults.children import Child, quick_worker
from tests.faults.databases import databases
from tests.patience import HANG_S

PEOPLE = 40
TUNES_A_SECOND = 6.0  # more than a worker makes, to have enough of them


async def finished(storage: Storage) -> int:
    async with storage.database.begin() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM tunes WHERE status = 'finished'"))).scalar_one())


async def measure(url: str, folder: Path, workers: int, seconds: float) -> float:
    """Finished tunes a second."""
    async with open_storage(data_dir=folder / "data", database_url=url) as storage:
        for number in range(round(seconds * TUNES_A_SECOND * workers)):
            await storage.add(TuneRequest.check(seed=1), Origin("web", f"event {number}", f"person {number % PEOPLE}"))
        children = []
        for number in range(workers):
            (place := folder / f"worker-{number}").mkdir(parents=True)
            children.append(Child(quick_worker, {"DATABASE_URL": url, "DATA_DIR": str(folder / "data")}, place))
        try:
            for child in children:
                child.start()
            async with asyncio.timeout(HANG_S):
                while await finished(storage) < 4 * workers:
                    await asyncio.sleep(0.05)
            began, before = time.monotonic(), await finished(storage)
            await asyncio.sleep(seconds)
            return (await finished(storage) - before) / (time.monotonic() - began)
        finally:
            for child in children:
                await child.kill()


async def run(counts: list[int], seconds: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="tunes-", ignore_cleanup_errors=True) as folder:
        async with databases() as new:
            found = {count: await measure(new(), Path(folder) / str(count), count, seconds) for count in counts}
    least = min(counts)
    return {
        "tunes a second, by workers": {str(count): round(rate, 2) for count, rate in found.items()},
        "times as many": {str(count): round(rate / found[least], 2) for count, rate in found.items()},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(run(options.workers, options.seconds)), indent=1))
