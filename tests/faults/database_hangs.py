"""A database that accepts connections and does not answer for half a minute, and for how long people wait then."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from tests.faults.product import Product, product, stopped
from tests.faults.report import Report, fault
from tests.faults.verdict import judge

HANG_S = 30.0
HEALTH_S, PAGE_S, DISCORD_S = 5.0, 6.0, 3.0
PAGES = ("/", "/gallery", "/gallery.json")
COMMANDS = ("mine", "gallery", "tunebook", "defaults", "tune")


@fault(
    "database-hangs",
    promise="PostgreSQL with its backends is stopped for 30 s: pages, /health and commands answer in seconds, nothing is lost",
    limit_s=900,
)
async def database_hangs(report: Report) -> None:
    async with product(report.folder) as running:
        before = await running.latency_s()
        for _ in range(16):
            await running.request()
        [postmaster] = running.processes("postgres")
        async with stopped([postmaster, *postmaster.children(recursive=True)]):
            began = time.monotonic()
            noticed = await running.health_is(down={"database"}, within_s=HANG_S)
            asking = [asyncio.create_task(_pages(running, path, began + HANG_S)) for path in ("/health", *PAGES)]
            commands = await _commands(running)
            pages = await asyncio.gather(*asking)
            await asyncio.sleep(max(began + HANG_S - time.monotonic(), 0))
        back = await running.health_is(down=set(), within_s=60)
        longest = {path: max(times) for path, times in zip(("/health", *PAGES), pages, strict=True)}
        report.figure("/health says down, up after, s", [noticed, back])
        report.figure("longest answer during the hang, s", longest)
        report.figure("commands answered after, s", commands)
        report.check(noticed is not None and noticed <= HEALTH_S, "/health did not say in time that the database is down")
        report.check(back is not None and back <= HEALTH_S, "/health did not say in time that all is up")
        report.check(max(longest.values()) <= PAGE_S, "a page took too long")
        report.check(max(commands.values()) <= DISCORD_S, "a command was answered too late")
        report.figure("all posted after, s", round(await running.all_over(running.requested), 1))
        report.figure("seconds per tune before and after", [before, await running.latency_s()])
        await judge(running, report, most_starts=2)


async def _pages(running: Product, path: str, until: float) -> list[float]:
    """How long each answer took, in s."""
    taken = []
    async with aiohttp.ClientSession(running.address) as session:
        while time.monotonic() < until:
            began = time.monotonic()
            async with session.get(path) as answer:
                await answer.read()
            taken.append(round(time.monotonic() - began, 2))
            await asyncio.sleep(0.5)
    return taken


async def _commands(running: Product) -> dict[str, float]:
    """After how many seconds each command got its first answer."""
    taken = {}
    for command in COMMANDS:
        asked = await running.discord.slash(command)
        if command == "tune":
            running.requested.append(asked)
        await running.discord.answered(asked)
        taken[command] = round(asked.answered_after_s, 2)
    return taken
