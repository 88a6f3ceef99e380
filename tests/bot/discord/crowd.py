"""Many people who use /tune at once, and a worker that composes their tunes in the order of the queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from storage.queue.jobs import work
from storage.tunes import Tune
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import TUNES, Channel, Interaction, Person

PEOPLE, CHANNELS = 300, 60  # on average Discord takes one message a second in a channel
EAGER, PRESSES = 10, 3  # how many people use the command several times, and how often
SLOTS = 8  # tunes that the worker composes at once
WITHIN_S = 1.0

CROWD = [Person(str(1_000 + number), f"person-{number}") for number in range(PEOPLE)]
ROOMS = [Channel(str(2_000 + number), f"room-{number}", TUNES.server) for number in range(CHANNELS)]


async def press(stage: Stage) -> list[Interaction]:
    """Everybody uses /tune within a second, the eager ones also in the middle and at the end of it."""
    people = list(enumerate(CROWD))
    eager, half = people[:EAGER], len(people) // 2
    presses = [*people[:half], *eager, *people[half:], *eager]
    assert len(presses) == PEOPLE + (PRESSES - 1) * EAGER

    async def one(index: int, number: int, person: Person) -> Interaction:
        await asyncio.sleep(index * WITHIN_S / len(presses))
        return await stage.discord.slash("tune", channel=ROOMS[number % CHANNELS], person=person, seed=index)

    return await asyncio.gather(*(one(index, number, person) for index, (number, person) in enumerate(presses)))


@dataclass
class FakeWorker:
    stage: Stage
    served: list[str] = field(default_factory=list)  # ids of tunes in the order of the queue

    async def play(self, tune: Tune) -> None:
        self.served.append(tune.id)
        await self.stage.compose(tune.id)


@asynccontextmanager
async def fake_worker(stage: Stage) -> AsyncIterator[FakeWorker]:
    playing = FakeWorker(stage)
    task = asyncio.create_task(work(stage.storage, playing.play, concurrency=SLOTS))
    try:
        yield playing
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def all_delivered(stage: Stage, asked: list[Interaction], timeout_s: float) -> None:
    """Waits until every tune is posted and stored as delivered."""
    messages = stage.discord.messages
    await stage.discord.until(lambda: sum(bool(m["attachments"]) for m in messages.values()) >= len(asked), timeout_s)
    async with asyncio.timeout(timeout_s):
        while await stage.storage.undelivered("discord"):
            await asyncio.sleep(0.1)
