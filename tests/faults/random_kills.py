"""Random kills of every part of the real product, while people ask for tunes."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from tests.faults.product import Part, Product, product
from tests.faults.report import Report, fault
from tests.faults.verdict import judge

PARTS: tuple[Part, ...] = ("worker", "bot", "renderer", "postgres", "all")
KILLS_PER_PART, REQUESTS = 6, 300
PAUSE_S = (12.0, 36.0)  # between two kills: from shorter than a restart with its model to longer
DONE_S = 60.0


@fault(
    "random-kills",
    promise="300 requests under 30 kills of worker, bot, renderer, database and all: none lost, none twice, done 60 s later",
    limit_s=3600,
)
async def random_kills(report: Report) -> None:
    chance = random.Random(report.options.seed)
    victims = [part for part in PARTS for _ in range(KILLS_PER_PART)]
    chance.shuffle(victims)
    pauses = [chance.uniform(*PAUSE_S) for _ in victims]
    async with product(report.folder) as running:
        report.figure("seconds per tune before", await running.latency_s())
        requesting = asyncio.create_task(_request(running, 0.85 * sum(pauses) / REQUESTS))
        killed: Counter[str] = Counter()
        for victim, pause in zip(victims, pauses, strict=True):
            await asyncio.sleep(pause)
            while not running.kill(victim):  # it is being started
                await asyncio.sleep(0.2)
            killed[victim] += 1
        last_kill = time.monotonic()
        await requesting
        await running.all_over(running.requested)
        report.figure("kills", dict(killed))
        report.figure("seconds from the last kill to the last tune", round(time.monotonic() - last_kill, 1))
        report.check(time.monotonic() - last_kill <= DONE_S, f"not done within {DONE_S:.0f} s of the last kill")
        report.figure("starts of the bot", running.starts)
        await judge(running, report)


async def _request(running: Product, pause_s: float) -> None:
    """Requests until so many were accepted: people whose request was not answered ask again."""
    while sum(each.callback is not None for each in running.requested) < REQUESTS:
        await running.request()
        await asyncio.sleep(pause_s)
