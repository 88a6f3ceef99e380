"""Measures the throughput in finished tunes a minute, with composing, rendering and storing, under constant load:

    .venv/bin/python -m tests.benchmarks.throughput [--minutes 5] [--people 16] [--cores 2]

Everything is real: the embedded PostgreSQL, the submission of requests, and the worker as `tunesmith run` starts it, all on the
given number of cores. Each user submits a request with default settings, follows the tune until it is finished and submits the
next. Counting begins when as many tunes as there are users have finished. Prints JSON: the tunes in each minute, the time from
submission to finish, and processor time and memory of the worker and its renderer processes. Run it on an idle machine.
"""

import argparse
import asyncio
import atexit
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import aclosing, suppress
from itertools import count
from pathlib import Path
from statistics import median

import psutil

from bot.core.desk import Desk
from bot.logs import configure
from bot.process import storage_of
from bot.settings import Settings, quiet_tensorflow
from bot.supervisor import WorkerProcess
from generator.request import TuneRequest
from storage import Origin, Status

START_S = 90
SAMPLE_S = 1  # between measurements of the memory


class Bench:
    def __init__(self, desk: Desk, people: int) -> None:
        self.desk, self.people = desk, people
        self.seeds = count(1)
        self.finished: list[tuple[float, float]] = []  # (time in seconds, milliseconds from submission to finish)
        self.failed: list[str] = []

    async def person(self, name: str) -> None:
        """Submits a request, follows its tune and submits the next, until cancelled."""
        while True:
            seed = next(self.seeds)
            submitted = time.perf_counter()
            tune = await self.desk.submit(TuneRequest.check(seed=seed), Origin("web", f"event {seed}", name))
            async with aclosing(self.desk.follow(tune.id)) as changes:
                async for progress in changes:
                    tune = progress.tune
            now = time.perf_counter()
            if tune.status is Status.FINISHED:
                self.finished.append((now, (now - submitted) * 1000))
            else:
                self.failed.append(str(tune.error))

    async def measure(self, worker: psutil.Process, seconds: float) -> dict[str, object]:
        people = [asyncio.create_task(self.person(f"person {number}")) for number in range(self.people)]
        memory: list[tuple[int, dict[str, int]]] = []
        try:
            while len(self.finished) + len(self.failed) < self.people:
                await _alive(people)
            began, before, used = time.perf_counter(), len(self.finished), _cpu_s(worker)
            while time.perf_counter() < began + seconds:
                await _alive(people)
                memory.append((len(self.finished), _memory(worker)))
                print(f"\r{len(self.finished) - before} tunes", end="", file=sys.stderr)
            spent = {name: seconds - used[name] for name, seconds in _cpu_s(worker).items()}
        finally:
            for task in people:
                task.cancel()
            await asyncio.gather(*people, return_exceptions=True)
        print(file=sys.stderr)
        inside = [(when - began, taken) for when, taken in self.finished[before:] if when < began + seconds]
        if not inside:
            sys.exit("No tune was finished in this time.")
        times = sorted(taken for _, taken in inside)
        quantiles = {"p50": median(times), "p95": times[int(0.95 * len(times))], "longest": times[-1]}
        return {
            "minutes": seconds / 60,
            "people": self.people,
            "tunes a minute": round(60 * len(inside) / seconds, 1),
            "in each minute": [sum(at <= when < at + 60 for when, _ in inside) for at in range(0, int(seconds) - 59, 60)],
            "submission to finish, ms": {name: round(value) for name, value in quantiles.items()},
            "processor time per tune, ms": {name: round(1000 * seconds / len(inside)) for name, seconds in spent.items()},
            "failed": self.failed,
            "memory, MB": {name: _growth([(tunes, held[name]) for tunes, held in memory]) for name in ("worker", "renderer")},
        }


def _growth(held: list[tuple[int, int]]) -> dict[str, int]:
    """The memory at the beginning, in the middle and at the end, and the maximum."""
    three = (held[0], held[len(held) // 2], held[-1])
    return {f"after {tunes} tunes": megabytes for tunes, megabytes in three} | {"most": max(megabytes for _, megabytes in held)}


async def _alive(people: list["asyncio.Task[None]"]) -> None:
    """Waits SAMPLE_S; raises the exception of a user that failed."""
    done, _ = await asyncio.wait(people, timeout=SAMPLE_S, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


def _memory(worker: psutil.Process) -> dict[str, int]:
    """Memory of the worker and of its largest renderer process, in MB."""
    held = {"worker": round(worker.memory_info().rss / 1e6), "renderer": 0}
    for child in _renderers(worker):
        with suppress(psutil.Error):
            held["renderer"] = max(held["renderer"], round(child.memory_info().rss / 1e6))
    return held


def _cpu_s(worker: psutil.Process) -> dict[str, float]:
    """Processor time of the worker, which composes, and of its renderer processes with the programs that they started."""
    return {
        "worker": sum(worker.cpu_times()[:2]),
        "renderers": sum(sum(child.cpu_times()[:4]) for child in _renderers(worker)),
    }


def _renderers(worker: psutil.Process) -> list[psutil.Process]:
    return [child for child in worker.children() if "generator.rendering.renderer_process" in child.cmdline()]


async def run(folder: Path, minutes: float, people: int) -> dict[str, object]:
    settings = Settings(data_dir=folder)
    async with storage_of(settings) as storage:
        desk = Desk(storage, open_requests_per_person=settings.open_requests_per_person)
        process = WorkerProcess(storage)
        serving = [asyncio.create_task(desk.run()), asyncio.create_task(process.run())]
        try:
            async with asyncio.timeout(START_S):
                while not process.ready():
                    await asyncio.sleep(0.1)
            assert process.process is not None
            return await Bench(desk, people).measure(psutil.Process(process.process.pid), minutes * 60)
        finally:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--people", type=int, default=16, help="number of users, who each have one tune in progress")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tunes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # runs after the database has stopped, which also happens at exit
    quiet_tensorflow()
    configure(json=False, level="WARNING")
    os.environ |= {"DATA_DIR": str(folder), "LOG_LEVEL": "WARNING"}  # for the worker
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    found = asyncio.run(run(folder, options.minutes, options.people))
    print(json.dumps({"cores": options.cores} | found, indent=1))
    sys.exit(bool(found["failed"]))


if __name__ == "__main__":
    main()
