"""Killing a process at every point of a scenario, starting it again, and looking at what became of the request.

A scenario is run once to list its points (see `injection`), then once for each point. The platforms' scenarios are in
`crash_points` and `slack_crash_points`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from tests.faults.children import Child, quick_worker
from tests.faults.databases import NewDatabase
from tests.faults.lanes import Lane, Victim
from tests.faults.report import Options, Report
from tests.patience import HANG_S

DONE_S = HANG_S  # from a restart to the posted tune; an idle machine needs about 3 s
TRAILING_S = 1.0  # after the last effect: the queue deletes the job, the bot deletes the card
ATTEMPTS = 3  # to reach a point that depends on time, such as the second edit of a card
STARTED = "compose/after commit of Storage.start"

L = TypeVar("L", bound=Lane)


@dataclass
class Outcome:
    """`accepted` is None if the point was not reached."""

    point: str
    accepted: bool | None = None
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what is allowed, and still worth counting


class Scenario(ABC, Generic[L]):
    """What a person does, from the request to the posted message."""

    name: str
    victim: Victim = "bot"
    armed_at_start = False
    most_starts = 2

    async def prepare(self, lane: L) -> None:
        """Before the process is started that is killed."""

    @abstractmethod
    async def act(self, lane: L) -> None:
        """After it was started."""

    @property
    @abstractmethod
    def event_id(self) -> str: ...

    @abstractmethod
    def acknowledged(self, lane: L) -> bool:
        """Whether the person saw that the request was accepted."""

    @abstractmethod
    async def check_card(self, lane: L, outcome: Outcome) -> None:
        """Notes a card that was left."""

    async def done(self, lane: L) -> bool:
        row = await lane.row(self.event_id)
        return row is not None and row.message_id is not None

    async def check(self, lane: L, outcome: Outcome) -> None:
        """After the restart: waits until all is done, and notes what is not as promised."""
        row = await lane.row(self.event_id)
        outcome.accepted = row is not None or self.acknowledged(lane)
        if row is None:
            if outcome.accepted:
                outcome.broken.append("lost: it was acknowledged and is not stored")
            return
        if not await lane.until_true(lambda: self.done(lane), DONE_S):
            outcome.broken.append(f"lost: {await lane.row(self.event_id)}")
            return
        await self._check_posted(lane, row.id, outcome)

    async def _check_posted(self, lane: L, tune_id: str, outcome: Outcome) -> None:
        row = await lane.row(self.event_id)
        assert row is not None
        posted = lane.times_posted(tune_id)
        if row.status != "finished" or posted != 1:
            outcome.broken.append(f"{row.status}, posted {posted} times")
        if row.starts > self.most_starts:
            outcome.broken.append(f"begun {row.starts} times")
        if row.starts > 1:
            outcome.notes.append("begun again")
        await self.check_card(lane, outcome)


async def record(scenario: type[Scenario[L]], lane: L) -> list[str]:
    """The points of a scenario, in the order in which they are reached."""
    run = scenario()
    child = await _begin(run, lane, kill_at="")
    assert await lane.until_true(lambda: run.done(lane), DONE_S), f"the scenario does not end: {child.folder}/log"
    await asyncio.sleep(TRAILING_S)
    await child.kill()
    return (child.folder / "points").read_text(encoding="utf-8").splitlines()


async def crash(scenario: type[Scenario[L]], lane: L, point: str) -> Outcome:
    """Kills the process at the point, starts it again, and checks."""
    outcome = Outcome(f"{scenario.name}: {point}")
    for _ in range(ATTEMPTS):
        run = scenario()
        child = await _begin(run, lane, kill_at=point)
        await lane.until_true(partial(_over, run, child, lane), DONE_S)
        if await child.ended(TRAILING_S) == -9:
            await lane.start(run.victim)
            await run.check(lane, outcome)
            return outcome
        await child.kill()
    return outcome


async def _over(run: Scenario[L], child: Child, lane: L) -> bool:
    return child.dead or await run.done(lane)


async def _begin(run: Scenario[L], lane: L, *, kill_at: str) -> Child:
    other: Victim = "worker" if run.victim == "bot" else "bot"
    if other not in lane.children or lane.children[other].dead:
        await lane.start(other)
    if run.victim in lane.children:
        await lane.children[run.victim].kill()
    await run.prepare(lane)
    child = await lane.start(run.victim, inject=True, kill_at=kill_at, armed=run.armed_at_start)
    (child.folder / "armed").touch()
    await run.act(lane)
    return child


async def crash_everywhere(
    lane: Callable[[str, Path], AbstractAsyncContextManager[L]],
    scenarios: Sequence[type[Scenario[L]]],
    new_database: NewDatabase,
    folder: Path,
    options: Options,
    *,
    program: Callable[[], None] = quick_worker,
) -> list[Outcome]:
    """Kills at every point of the scenarios, in several lanes. `program`: what the worker's process runs."""
    async with AsyncExitStack() as stack:
        lanes = [await stack.enter_async_context(lane(new_database(), folder / str(index))) for index in range(options.parallel)]
        for each in lanes:
            each.programs["worker"] = program
        points: list[tuple[type[Scenario[L]], str]] = []
        for scenario in scenarios:
            points += [(scenario, point) for point in await record(scenario, lanes[0])]
        points = [(scenario, point) for scenario, point in points if options.only in f"{scenario.name}: {point}"]
        waiting, outcomes = points[::-1], []

        async def drive(each: L) -> None:
            while waiting:
                scenario, point = waiting.pop()
                outcomes.append(await crash(scenario, each, point))

        await asyncio.gather(*(drive(each) for each in lanes))
        return outcomes


def summarize(outcomes: list[Outcome], report: Report) -> None:
    reached = [outcome for outcome in outcomes if outcome.accepted is not None]
    flows = Counter(outcome.point.partition(": ")[2].partition("/")[0] for outcome in reached)
    report.figure("points", len(reached))
    report.figure("of which", dict(flows))
    report.figure("accepted", sum(bool(outcome.accepted) for outcome in reached))
    report.figure("lost", sum("lost" in text for outcome in reached for text in outcome.broken))
    report.figure("twice", sum("times" in text for outcome in reached for text in outcome.broken))
    report.figure("notes", dict(Counter(note for outcome in reached for note in outcome.notes)))
    report.figure("not reached again", [outcome.point for outcome in outcomes if outcome.accepted is None])
    for outcome in reached:
        for text in outcome.broken:
            report.broken.append(f"{outcome.point}: {text}")
