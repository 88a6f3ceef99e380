"""Random kills of every part of the real product, while people ask for tunes."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from tests.faults.product import Part, Product, product
from tests.faults.report import Report, fault
from tests.faults.verdict import judge
from tests.loopback.discord_server import DEFERRED

PARTS: tuple[Part, ...] = ("worker", "bot", "renderer", "postgres", "all")
KILLS_PER_PART, REQUESTS = 6, 300
OPEN = 20  # requests in progress at any time
# Half of the kills come soon after the one before, in the middle of what mends it. The others come after so many more tunes.
SOON_S = (0.0, 15.0)
LATER_TUNES = (8, 28)
PATIENCE_S = 300.0  # for these tunes
DONE_S = 60.0


@fault(
    "random-kills",
    promise="300 requests under 30 kills of worker, bot, renderer, database and all: none lost, none twice, done 60 s later",
    limit_s=5400,
)
async def random_kills(report: Report) -> None:
    chance = random.Random(report.options.seed)
    victims = [part for part in PARTS for _ in range(KILLS_PER_PART)]
    chance.shuffle(victims)
    async with product(report.folder) as running:
        report.figure("seconds per tune before", await running.latency_s())
        last_kill = asyncio.Event()
        requesting = asyncio.create_task(_request(running, until=last_kill))
        killed: Counter[str] = Counter()
        for number, victim in enumerate(victims, start=1):
            if number == len(victims):
                await _accepted(running, REQUESTS)
            elif number % 2:
                await _more_posted(running, chance.randint(*LATER_TUNES))
            else:
                await asyncio.sleep(chance.uniform(*SOON_S))
            while not running.kill(victim):  # it is being started
                if requesting.done():
                    requesting.result()  # raises its error: without requests no renderer starts
                await asyncio.sleep(0.2)
            killed[victim] += 1
        last_kill.set()
        await requesting
        report.figure("kills", dict(killed))
        try:
            done_s = await running.all_over(running.requested, PATIENCE_S)
            report.figure("seconds from the last kill to the last tune", round(done_s, 1))
            report.check(done_s <= DONE_S, f"not done within {DONE_S:.0f} s of the last kill")
        except TimeoutError as error:
            report.check(False, str(error))
        report.figure("starts of the bot", running.starts)
        await judge(running, report)


async def _request(running: Product, *, until: asyncio.Event) -> None:
    """Keeps OPEN requests in progress, at least until REQUESTS were accepted. People whose request was not answered ask again."""
    while not until.is_set() or _count_accepted(running) < REQUESTS:
        unanswered = sum(each.callback is None and not running.too_late(each) for each in running.requested)
        if _count_accepted(running) + unanswered - running.posted < OPEN:
            await running.request()
        await asyncio.sleep(0.2)


def _count_accepted(running: Product) -> int:
    return sum(each.callback == DEFERRED for each in running.requested)


async def _accepted(running: Product, count: int) -> None:
    while _count_accepted(running) < count:
        await asyncio.sleep(0.2)


async def _more_posted(running: Product, count: int) -> None:
    """Waits for so many more tunes, unless it takes too long."""
    target, deadline = running.posted + count, time.monotonic() + PATIENCE_S
    while running.posted < target and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
