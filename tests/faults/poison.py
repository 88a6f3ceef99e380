"""A tune that kills its worker each time, beside others."""

from __future__ import annotations

import random

from tests.faults.product import product
from tests.faults.report import Report, fault
from tests.faults.verdict import judge

SEED = 666_666
NEIGHBOURS, ROUNDS = 7, 3
MOST_STARTS = 3


@fault(
    "poison",
    promise="a tune that kills its worker is set aside with its reason; the 7 beside it finish with at most 3 starts",
    limit_s=1800,
)
async def poison(report: Report) -> None:
    chance = random.Random(report.options.seed)
    async with product(report.folder, FAULTS_POISON=str(SEED)) as running:
        await running.latency_s(1)
        innocent, poisoned = [], []
        for _ in range(ROUNDS):
            turn = chance.randrange(NEIGHBOURS + 1)
            asked = [await running.request(SEED if index == turn else None) for index in range(NEIGHBOURS + 1)]
            poisoned.append(asked.pop(turn))
            innocent += asked
            await running.all_over([*asked, poisoned[-1]])
        rows = await running.tunes()
        killers = [rows[each.id] for each in poisoned]
        report.figure("poison", [f"{row.status} after {row.starts} starts" for row in killers])
        report.figure("its reason", next((row.error for row in killers if row.error), None))
        report.check(all(row.status == "failed" and row.error for row in killers), "the poison was not set aside with its reason")
        report.figure("deaths of the worker", len(running.events("The worker exited and is restarted.")))
        await judge(running, report, interactions=innocent, most_starts=MOST_STARTS)
