"""Many people who use the app at once, and a worker that composes their tunes in the order of the queue."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from storage.queue.jobs import work
from storage.tunes import Tune
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import Channel, Payload, Person, Sent

PEOPLE, ROOMS = 100, 10
SLOTS = 8  # tunes that the worker composes at once

CROWD = [Person(f"U0CROWD{number:02}", f"person-{number}") for number in range(PEOPLE)]
CHANNELS = [Channel(f"C0ROOM{number:02}0", f"room-{number}") for number in range(ROOMS)]


async def press(stage: Stage, message: Payload) -> list[Sent]:
    """At the same moment every second one presses Again under the tune, and the others use /tune in several channels."""
    slack = stage.slack
    slack.state.people |= {person.id: person for person in CROWD}

    async def one(number: int, person: Person) -> Sent:
        if number % 2:
            return await slack.click(message, "tune:again", person=person)
        return await slack.slash("tune", "a reel in D", channel=CHANNELS[number // 2 % ROOMS], person=person)

    return await asyncio.gather(*(one(number, person) for number, person in enumerate(CROWD)))


@asynccontextmanager
async def fake_worker(stage: Stage) -> AsyncIterator[None]:
    async def play(tune: Tune) -> None:
        await stage.compose(tune.id)

    task = asyncio.create_task(work(stage.storage, play, concurrency=SLOTS))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def all_delivered(stage: Stage, asked: list[Sent], timeout_s: float) -> None:
    """Waits until everything is acknowledged, and every tune is posted and stored as delivered."""
    messages, count = stage.slack.state.messages, 1 + len(asked)  # one is the message under which they pressed
    async with asyncio.timeout(timeout_s):
        await asyncio.gather(*(stage.slack.acked(sent, timeout_s) for sent in asked))
        await stage.slack.until(lambda: sum("files" in message for message in messages.values()) >= count, timeout_s)
        while await stage.storage.undelivered("slack"):
            await asyncio.sleep(0.1)
    await stage.idle()


def posted(stage: Stage) -> Counter[str]:
    """How many tunes each person got: the message names them."""
    texts = [str(message["blocks"]) for message in stage.slack.state.messages.values() if "files" in message]
    return Counter(person.id for person in CROWD for text in texts if f"<@{person.id}>" in text)
