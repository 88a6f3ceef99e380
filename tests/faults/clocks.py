"""The machine's clock is set by an hour, forward and back, while tunes are made. Needs libfaketime (Debian: faketime)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.product import product
from tests.faults.report import Report, fault
from tests.faults.verdict import judge

TUNES = 8
HEALTH_S = 5.0
CLOCKS = ("+1h", "-1h", "+0")


@fault("clock-set", promise="the clock is set 1 h forward, 2 h back, 1 h forward: nothing failed or doubled", limit_s=900)
async def clock_set(report: Report) -> None:
    await _set_clock(report, kill=False)


@fault("clock-set-and-killed", promise="the same, and the bot is killed after each change", limit_s=900)
async def clock_set_and_killed(report: Report) -> None:
    await _set_clock(report, kill=True)


async def _set_clock(report: Report, *, kill: bool) -> None:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        report.figure("not run", "libfaketime is not installed")
        return
    clock = report.folder / "clock"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # setting a clock does not change the monotonic one
        "FAKETIME_DISABLE_SHM": "1",  # PostgreSQL runs as a user of its own
    }
    async with product(report.folder, **faked) as running:
        before = await running.latency_s()
        health, clocks = [], []
        for setting in CLOCKS:
            for _ in range(TUNES):
                await running.request()
            await asyncio.sleep(1)
            clock.write_text(setting)
            if kill:
                running.kill("bot")
                await asyncio.sleep(3)
            health.append(await running.health_is(down=set(), within_s=60))
            clocks.append(str((await running.query("SELECT now()::timestamp(0)"))[0][0]))
            for _ in range(TUNES):
                await running.request()
            await running.all_over(running.requested)
        after = await running.latency_s()
        report.figure("clock of the database after each change", clocks)
        report.figure("/health says up after, s", health)
        report.check(kill or all(up is not None and up <= HEALTH_S for up in health), "/health was wrong for too long")
        report.figure("seconds per tune before and after", [before, after])
        await judge(running, report, most_starts=None if kill else 1, may_be_made_twice=kill)
