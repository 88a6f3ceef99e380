"""Every crash point of accepting, composing, finishing, delivering and sharing: the process is killed there, and started again.

A scenario is run once to list its points (see `injection`), then once for each point. Afterwards what was accepted must be
finished and posted once, and what was shared must be posted once in the sharing channel.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from storage import Viewer, open_storage
from tests.faults.children import Child, quick_worker, real_worker
from tests.faults.databases import NewDatabase, databases
from tests.faults.lanes import Lane, Row, Victim, lane
from tests.faults.report import Options, Report, fault
from tests.loopback.discord import MENTION, SHOWCASE, Interaction, Payload
from tests.loopback.discord_server import DEFERRED
from tests.loopback.discord_world import SERVER
from tests.patience import HANG_S

DONE_S = HANG_S  # from a restart to the posted tune; an idle machine needs about 3 s
CATCH_UP_S = 20.0  # from a restart until messages of the time before are read
TRAILING_S = 1.0  # after the last effect: the queue deletes the job, the bot deletes the card
ATTEMPTS = 3  # to reach a point that depends on time, such as the second edit of a card
STARTED = "compose/after commit of Storage.start"
POSTED_NOT_STORED = "deliver/before the answer of POST /channels/ID/messages"


@dataclass
class Outcome:
    """`accepted` is None if the point was not reached."""

    point: str
    accepted: bool | None = None
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what is allowed, and still worth counting


class Slash:
    """`/tune`, from the interaction to the posted message."""

    name = "slash"
    victim: Victim = "bot"
    armed_at_start = False
    most_starts = 2
    interaction: Interaction

    async def prepare(self, lane: Lane) -> None:
        """Before the process is started that is killed."""

    async def act(self, lane: Lane) -> None:
        """After it was started."""
        self.interaction = await lane.discord.slash("tune", rhythm="reel", seed=next(lane.seeds))

    @property
    def event_id(self) -> str:
        return self.interaction.id

    def acknowledged(self, lane: Lane) -> bool:
        """Whether the person saw that the request was accepted."""
        return self.interaction.callback == DEFERRED

    async def done(self, lane: Lane) -> bool:
        row = await lane.row(self.event_id)
        return row is not None and row.message_id is not None

    async def check(self, lane: Lane, outcome: Outcome) -> None:
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

    async def _check_posted(self, lane: Lane, tune_id: str, outcome: Outcome) -> None:
        row = await lane.row(self.event_id)
        assert row is not None
        posted = len(lane.messages_of(tune_id))
        if row.status != "finished" or posted != 1:
            outcome.broken.append(f"{row.status}, posted {posted} times")
        if row.starts > self.most_starts:
            outcome.broken.append(f"begun {row.starts} times")
        if row.starts > 1:
            outcome.notes.append("begun again")
        await self._check_card(lane, outcome)

    async def _check_card(self, lane: Lane, outcome: Outcome) -> None:
        if not await lane.until(lambda: not lane.discord.is_thinking(self.interaction), DONE_S):
            outcome.broken.append("the card says “thinking…” for ever")
        elif lane.discord.card(self.interaction) is not None:
            outcome.notes.append("the card was left")


class Chat(Slash):
    """A message that mentions the bot."""

    name = "chat"
    said: Payload

    async def act(self, lane: Lane) -> None:
        self.said = await lane.discord.write(f"{MENTION} a reel in D")

    @property
    def event_id(self) -> str:
        return str(self.said["id"])

    def acknowledged(self, lane: Lane) -> bool:
        return bool(lane.texts_to(self.event_id))

    async def check(self, lane: Lane, outcome: Outcome) -> None:
        # The message stays in the channel: whatever happens to the bot, it is answered.
        await lane.until_true(lambda: lane.row(self.event_id), CATCH_UP_S)
        await super().check(lane, outcome)
        if not outcome.accepted:
            outcome.broken.append("lost: the message was not answered")

    async def _check_card(self, lane: Lane, outcome: Outcome) -> None:
        if not await lane.until(lambda: not lane.texts_to(self.event_id), 1):
            outcome.notes.append("the card was left")


class Share(Slash):
    """The Share button under a posted tune, in a server with a sharing channel."""

    name = "share"
    pressed: Interaction
    row: Row

    async def prepare(self, lane: Lane) -> None:
        await lane.start("bot")
        await super().act(lane)
        assert await lane.until_true(lambda: super(Share, self).done(lane), DONE_S)
        row = await lane.row(self.event_id)
        assert row is not None
        self.row = row
        async with open_storage(data_dir=lane.folder / "data", database_url=lane.url) as storage:
            community = Viewer("discord", community_id=SERVER)
            await storage.preferences.change_community(community, sharing_channel=SHOWCASE.id)

    async def act(self, lane: Lane) -> None:
        [message] = lane.messages_of(self.row.id)
        self.pressed = await lane.discord.click(message, "Share")

    async def done(self, lane: Lane) -> bool:
        row = await lane.row(self.event_id)
        return row is not None and row.shared_message_id is not None

    async def check(self, lane: Lane, outcome: Outcome) -> None:
        row = await lane.row(self.event_id)
        assert row is not None
        outcome.accepted = row.shared
        if not row.shared:
            if self.pressed.callback is not None:
                outcome.notes.append("acknowledged and not shared")
            return
        if not await lane.until_true(lambda: self.done(lane), DONE_S):
            outcome.broken.append("shared and not posted in the sharing channel")
            return
        posted = len(lane.messages_of(row.id, SHOWCASE))
        if posted != 1:
            outcome.broken.append(f"posted {posted} times in the sharing channel")


class Resume(Slash):
    """A bot that starts after one that posted a tune, and died before it stored that."""

    name = "resume"
    armed_at_start = True

    async def prepare(self, lane: Lane) -> None:
        first = await lane.start("bot", inject=True, kill_at=POSTED_NOT_STORED)
        (first.folder / "armed").touch()
        await super().act(lane)
        assert await first.ended() == -9, "the first bot was not killed after it posted"

    async def act(self, lane: Lane) -> None:
        """The start is all that happens."""


class Work(Slash):
    """The worker, from the job to the finished tune."""

    name = "work"
    victim: Victim = "worker"
    armed_at_start = True

    async def prepare(self, lane: Lane) -> None:
        await super().act(lane)
        assert await lane.until_true(lambda: lane.row(self.event_id), DONE_S)

    async def act(self, lane: Lane) -> None:
        """The job waits for the worker."""


class Rescue(Work):
    """A worker that starts after one that died while it composed."""

    name = "rescue"
    most_starts = 3

    async def prepare(self, lane: Lane) -> None:
        first = await lane.start("worker", inject=True, kill_at=STARTED, armed=True)
        await super().prepare(lane)
        assert await first.ended() == -9, "the first worker was not killed when it had started the tune"


SCENARIOS = (Slash, Chat, Share, Resume, Work, Rescue)


async def record(scenario: type[Slash], lane: Lane) -> list[str]:
    """The points of a scenario, in the order in which they are reached."""
    run = scenario()
    child = await _begin(run, lane, kill_at="")
    assert await lane.until_true(lambda: run.done(lane), DONE_S), f"the scenario does not end: {child.folder}/log"
    await asyncio.sleep(TRAILING_S)
    await child.kill()
    return (child.folder / "points").read_text(encoding="utf-8").splitlines()


async def crash(scenario: type[Slash], lane: Lane, point: str) -> Outcome:
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


async def _over(run: Slash, child: Child, lane: Lane) -> bool:
    return child.dead or await run.done(lane)


async def _begin(run: Slash, lane: Lane, *, kill_at: str) -> Child:
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
    new_database: NewDatabase,
    folder: Path,
    options: Options,
    *,
    scenarios: tuple[type[Slash], ...] = SCENARIOS,
    program: Callable[[], None] = quick_worker,
) -> list[Outcome]:
    """Kills at every point of the scenarios, in several lanes. `program`: what the worker's process runs."""
    async with AsyncExitStack() as stack:
        lanes = [await stack.enter_async_context(lane(new_database(), folder / str(index))) for index in range(options.parallel)]
        for each in lanes:
            each.programs["worker"] = program
        points: list[tuple[type[Slash], str]] = []
        for scenario in scenarios:
            points += [(scenario, point) for point in await record(scenario, lanes[0])]
        points = [(scenario, point) for scenario, point in points if options.only in f"{scenario.name}: {point}"]
        waiting, outcomes = points[::-1], []

        async def drive(each: Lane) -> None:
            while waiting:
                scenario, point = waiting.pop()
                outcomes.append(await crash(scenario, each, point))

        await asyncio.gather(*(drive(each) for each in lanes))
        return outcomes


@fault(
    "crash-points",
    promise="killed at any point of accepting, composing, finishing, delivering or sharing: nothing lost, nothing twice",
    limit_s=3600,
)
async def every_crash_point(report: Report) -> None:
    async with databases() as new_database:
        summarize(await crash_everywhere(new_database, report.folder, report.options), report)


@fault("real-worker-crash-points", promise="the same for the worker with its real model, composing and finishing", limit_s=3600)
async def every_crash_point_of_a_real_worker(report: Report) -> None:
    async with databases() as new_database:
        made = crash_everywhere(new_database, report.folder, report.options, scenarios=(Work,), program=real_worker)
        summarize(await made, report)


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
