"""Processes that are stopped for a while and woken, and connections of the database that end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import psutil
import psycopg

from tests.faults.product import Product, product, stopped
from tests.faults.report import Report, fault
from tests.faults.verdict import judge

STOPPED_S = 20.0
HEALTH_S = 5.0
TUNES = 24
CUTS = 3
# The last statement of a connection tells what it is for.
END_LISTENERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()"
HOLD_HEARTBEATS = "LOCK TABLE procrastinate_workers IN EXCLUSIVE MODE"
END_HEARTBEATS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE procrastinate_workers%' AND pid <> pg_backend_pid()
"""


@fault("worker-stopped", promise="SIGSTOP of a worker for 20 s beside another: nothing failed or doubled", limit_s=900)
async def worker_stopped(report: Report) -> None:
    async with product(report.folder) as running:
        await running.add_worker()
        await _stop(running, report, running.processes("worker"), down="worker")


@fault("bot-stopped", promise="SIGSTOP of the bot for 20 s: nothing failed or doubled", limit_s=900)
async def bot_stopped(report: Report) -> None:
    async with product(report.folder) as running:
        await _stop(running, report, running.processes("bot"), down="page")


@fault("database-stopped", promise="SIGSTOP of PostgreSQL for 20 s: nothing failed or doubled", limit_s=900)
async def database_stopped(report: Report) -> None:
    async with product(report.folder) as running:
        [postmaster] = running.processes("postgres")
        await _stop(running, report, [postmaster, *postmaster.children(recursive=True)], down="database")


@fault(
    "heartbeat-ended",
    promise="the connection ends in the middle of a heartbeat, three times: no tune is begun again",
    limit_s=900,
)
async def heartbeat_ended(report: Report) -> None:
    async with product(report.folder) as running:
        await _cut(running, report, _end_heartbeat)


@fault("listener-ended", promise="the connections of all listeners end, three times: nothing failed or doubled", limit_s=900)
async def listener_ended(report: Report) -> None:
    async with product(report.folder) as running:
        await _cut(running, report, _end_listeners)


async def _stop(running: Product, report: Report, processes: list[psutil.Process], *, down: str) -> None:
    before = await running.latency_s()
    await _request(running)
    async with stopped(processes):
        noticed = await running.health_is(down={down}, within_s=STOPPED_S)
        await asyncio.sleep(STOPPED_S - (noticed or STOPPED_S))
    report.figure("/health says down after, s", noticed)
    report.check(noticed is not None and noticed <= HEALTH_S, f"/health did not say within {HEALTH_S:.0f} s what is down")
    await _recovered(running, report, before, most_starts=2)


async def _cut(running: Product, report: Report, cut: Callable[[Product], Awaitable[int]]) -> None:
    before = await running.latency_s()
    await _request(running)
    ended = 0
    for _ in range(CUTS):
        ended += await cut(running)
        await asyncio.sleep(2)
    report.figure("connections ended", ended)
    report.check(ended >= CUTS, "no connection was found")
    await _recovered(running, report, before, most_starts=1)


async def _end_listeners(running: Product) -> int:
    return len(await running.query(END_LISTENERS))


async def _end_heartbeat(running: Product) -> int:
    """Holds the worker's next heartbeat up, and ends its connection."""
    async with await psycopg.AsyncConnection.connect(running.conninfo) as connection:
        await connection.execute(HOLD_HEARTBEATS)
        for _ in range(100):
            if ended := await running.query(END_HEARTBEATS):
                return len(ended)
            await asyncio.sleep(0.1)
    return 0


async def _request(running: Product) -> None:
    for _ in range(TUNES):
        await running.request()
        await asyncio.sleep(0.1)


async def _recovered(running: Product, report: Report, before_s: float, *, most_starts: int) -> None:
    up = await running.health_is(down=set(), within_s=60)
    report.figure("/health says up after, s", up)
    report.check(up is not None and up <= HEALTH_S, f"/health did not say within {HEALTH_S:.0f} s that all is up")
    report.figure("all posted after, s", round(await running.all_over(running.requested), 1))
    after = await running.latency_s()
    report.figure("seconds per tune before and after", [before_s, after])
    report.check(after <= 2 * before_s + 1, f"a tune takes {after} s, before it took {before_s} s")
    # Only a tune that was begun again may be made twice: a worker that was taken for dead and wakes up finishes what it has.
    await judge(running, report, most_starts=most_starts, may_be_made_twice=most_starts > 1)
