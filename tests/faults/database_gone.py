"""A database that is gone or hangs: workers stop in time all the same, and take jobs soon after it is back."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

from storage import Storage, Tune, open_parts, open_storage, work
from storage.tunes import Status
from tests.faults.databases import NewDatabase, databases
from tests.faults.report import Report, fault
from tests.loopback.database import DatabaseProxy
from tests.storage.examples import COMPOSITION, execute, origin, request

STOP_S = 30.0  # what service managers usually allow
AGAIN_S = 10.0
OUTAGE_S = 40.0
SETTLE_S = 4.0  # until the worker has noticed that the database is gone

# What a worker does when it is stopped: its tunes fail with a fault of the machine, are being stored, or take too long.
STATES = ("idle", "pausing", "storing", "composing", "waiting to be alone")
WORKER = """
import asyncio, sys
from pathlib import Path
import psycopg
from generator.worker import Worker
from storage import open_storage, work
from tests.storage.examples import COMPOSITION

async def main(url, folder, state):
    async with open_storage(data_dir=Path(folder), database_url=url) as storage:
        async def handle(tune):
            print("started", flush=True)
            while state == "composing" or state == "waiting to be alone" or not Path(folder, "gone").exists():
                await asyncio.sleep(0.1)
            if state == "pausing":
                raise psycopg.OperationalError("gone")
            await Worker(storage, None, None)._finish(tune, COMPOSITION, {"tune.abc": ("text/vnd.abc", b"X:1")})
        await work(storage, handle, concurrency=2)

asyncio.run(main(*sys.argv[1:]))
"""


@fault("stop-without-database", promise="a worker stops within 30 s, also if the database is gone or hangs", limit_s=900)
async def stop_without_database(report: Report) -> None:
    async with databases() as new:
        for hangs in (False, True):
            stops = [_stop(new, report.folder / f"{state} {hangs}", state, hangs=hangs) for state in STATES]
            for state, (code, seconds) in zip(STATES, await asyncio.gather(*stops), strict=True):
                name = f"{state}, the database {'hangs' if hangs else 'is gone'}"
                report.figure(f"{name}: s", round(seconds, 1))
                report.check(code == 0 and seconds < STOP_S, f"{name}: exit code {code} after {seconds:.0f} s")


async def _stop(new: NewDatabase, folder: Path, state: str, *, hangs: bool) -> tuple[int, float]:
    """The exit code of a worker that is stopped in a state, and the seconds that this took."""
    folder.mkdir()
    url = new()
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(DatabaseProxy(url).running())
        if state != "idle":
            await _add(url, folder, "first")
        command = [sys.executable, "-c", WORKER, proxy.url, str(folder), state]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            assert process.stdout is not None
            if state == "idle":
                while not execute(url, "SELECT 1 FROM procrastinate_workers"):
                    await asyncio.sleep(0.1)
            else:
                await process.stdout.readline()
            if state == "waiting to be alone":
                await _add(url, folder, "suspect")
                execute(url, """UPDATE procrastinate_jobs SET args = args || '{"alone": true}' WHERE status = 'todo'""")
                while execute(url, "SELECT 1 FROM procrastinate_jobs WHERE status = 'todo'"):
                    await asyncio.sleep(0.1)
            if hangs:
                proxy.silent = True
            else:
                await stack.aclose()
            (folder / "gone").touch()
            await asyncio.sleep(SETTLE_S)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            code = await process.wait()
            return code, time.monotonic() - began
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@fault("long-outage", promise="a worker takes jobs again within 10 s after the database did not answer for 40 s", limit_s=600)
async def long_outage(report: Report) -> None:
    async with AsyncExitStack() as stack:
        new = await stack.enter_async_context(databases())
        proxy = await stack.enter_async_context(DatabaseProxy(new()).running())
        storage = await stack.enter_async_context(open_storage(data_dir=report.folder, database_url=proxy.url))

        async def handle(tune: Tune) -> None:
            await storage.finish(tune.id, COMPOSITION, {}, starts=tune.starts)

        worker = asyncio.create_task(work(storage, handle, concurrency=2))
        before = await _seconds_per_tune(storage, "before")
        proxy.silent = True
        await asyncio.sleep(OUTAGE_S)
        proxy.silent = False
        after = await _seconds_per_tune(storage, "after")
        worker.cancel()
        await asyncio.wait({worker})
    report.figure("seconds until a tune was finished, before and after", [round(before, 1), round(after, 1)])
    report.check(after < AGAIN_S, f"the first tune after the outage took {after:.0f} s")


async def _add(url: str, folder: Path, event_id: str) -> None:
    async with open_parts(data_dir=folder, database_url=url, files_url=None) as parts:  # migrations can't run side by side
        await Storage(*parts).add(request(), origin(event_id))


async def _seconds_per_tune(storage: Storage, event_id: str) -> float:
    began = time.monotonic()
    tune_id = (await storage.add(request(), origin(event_id))).id
    while (tune := await storage.tune(tune_id)) is None or tune.status is not Status.FINISHED:
        await asyncio.sleep(0.1)
    return time.monotonic() - began
