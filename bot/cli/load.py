"""Load on what many people share: the queue, the desk and the page. For `tunesmith bench load`."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import aiohttp
from procrastinate.jobs import Job
from procrastinate.jobs import Status as JobStatus
from sqlalchemy import text

from bot.core.desk import Desk
from generator.request import TuneRequest
from storage import Composition, Origin, Storage, Tune, work

PATHS = ("/", "/gallery", "/gallery?sort=liked", "/gallery.json", "/editor")
SLOTS = 8  # of the worker that makes the desk's tunes in no time
ABC = "X:1\nT:Load\nR:reel\nM:4/4\nL:1/8\nK:Ador\n|:EAAB c2Bc|dBAB G2EG|EAAB c2Bc|dBGB A4:|\n"
COMPOSITION = Composition(ABC, "Load", "reel", "Ador", "4/4", 30_000, "none", {})


@dataclass
class Load:
    """What a number of people did at once for a while."""

    what: str
    seconds: float = 0.0
    taken_ms: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)  # by reason

    def as_dict(self) -> dict[str, Any]:
        cuts = quantiles(self.taken_ms, n=20) if len(self.taken_ms) > 1 else [*self.taken_ms, *[0.0] * 19]
        return {
            "what": self.what,
            "count": len(self.taken_ms),
            "a second": round(len(self.taken_ms) / self.seconds, 1) if self.seconds else 0.0,
            "p50 ms": round(cuts[9], 1),
            "p95 ms": round(cuts[18], 1),
            "failed": dict(self.failed),
        }


class Over(Exception):
    """There is nothing more to do."""


async def by_many(what: str, people: int, seconds: float, call: Callable[[int, int], Awaitable[str | None]]) -> Load:
    """People who call again and again until the time is over.

    `call` gets the person and a number. It returns a failure, if any, and raises Over.
    """
    load, numbers = Load(what), itertools.count()
    began = time.monotonic()

    async def person(number: int) -> None:
        while time.monotonic() - began < seconds:
            called = time.perf_counter()
            try:
                failure = await call(number, next(numbers))
            except Over:
                return
            if failure is None:
                load.taken_ms.append((time.perf_counter() - called) * 1000)
            else:
                load.failed[failure] += 1

    await asyncio.gather(*map(person, range(people)))
    load.seconds = time.monotonic() - began
    return load


async def queue(storage: Storage, people: int, seconds: float) -> list[Load]:
    """Requests are stored, positions read, and tunes taken and finished, each alone. The storage should be new."""
    last = ""

    async def submit(person: int, number: int) -> None:
        nonlocal last
        last = (await storage.add(TuneRequest.check(seed=number), Origin("web", f"queue {number}", f"person {person}"))).id

    async def position(_: int, __: int) -> None:
        await storage.queue_position(last)

    async def make(_: int, __: int) -> None:
        job: Job | None = await storage.job_manager.fetch_job(["tunes"], worker)
        if job is None:
            raise Over
        if (tune := await storage.start(str(job.task_kwargs["tune_id"]), job=job)) is not None:
            await storage.finish(tune.id, COMPOSITION, {}, starts=tune.starts)
        await storage.job_manager.finish_job(job, JobStatus.SUCCEEDED, delete_job=True)

    loads = [await by_many("queue: store a request", people, seconds, submit)]
    loads.append(await by_many("queue: read the last position", people, seconds, position))
    async with storage.jobs.open_async():
        worker = await storage.job_manager.register_worker()
        loads.append(await by_many("queue: take, start and finish", people, seconds, make))
        await storage.job_manager.unregister_worker(worker)
    return loads


async def desk(storage: Storage, people: int, seconds: float) -> Load:
    """People request a tune and follow it until it is finished, by a worker that makes it in no time."""
    counter = Desk(storage, open_requests_per_person=10)

    async def make(tune: Tune) -> None:
        await storage.finish(tune.id, COMPOSITION, {}, starts=tune.starts)

    async def request(person: int, number: int) -> str | None:
        origin = Origin("web", f"desk {number}", f"person {person}")
        tune = await counter.submit(TuneRequest.check(seed=number), origin)
        async with aclosing(counter.follow(tune.id)) as progress:
            states = [each.tune.status async for each in progress]
        return None if states and states[-1].over else "not followed to the end"

    running = [asyncio.create_task(counter.run()), asyncio.create_task(work(storage, make, concurrency=SLOTS))]
    try:
        return await by_many("desk: request a tune and follow it", people, seconds, request)
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def page(address: str, people: int, seconds: float) -> list[Load]:
    """Visitors read the pages at an address, each with a cookie of their own."""
    loads = []
    for path in PATHS:
        async with aiohttp.ClientSession(address, connector=aiohttp.TCPConnector(limit=0)) as session:

            async def read(_: int, __: int, path: str = path, session: aiohttp.ClientSession = session) -> str | None:
                try:
                    async with session.get(path) as answer:
                        await answer.read()
                        return None if answer.status == 200 else str(answer.status)
                except (aiohttp.ClientError, TimeoutError) as error:
                    return type(error).__name__

            loads.append(await by_many(f"page: {path}", people, seconds / len(PATHS), read))
    return loads


async def size(storage: Storage) -> tuple[int, int]:
    """The bytes of the database, and the number of its tunes."""
    query = "SELECT pg_database_size(current_database()), (SELECT count(*) FROM tunes)"
    async with storage.database.begin() as connection:
        [(size_bytes, count)] = (await connection.execute(text(query))).all()
        return size_bytes, count


def table(loads: list[dict[str, Any]]) -> str:
    lines = ["| | a second | half within, ms | 95 % within, ms | failed |", "|---|---|---|---|---|"]
    for load in loads:
        failed = ", ".join(f"{count} × {reason}" for reason, count in load["failed"].items()) or "–"
        lines.append(f"| {load['what']} | {load['a second']:,g} | {load['p50 ms']:,g} | {load['p95 ms']:,g} | {failed} |")
    return "\n".join(lines)
