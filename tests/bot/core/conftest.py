"""A desk with a real database, example requests, and helpers that follow a tune."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

import pytest

from bot.core.desk import Desk
from bot.core.following import Progress
from generator.request import TuneRequest
from storage import Composition, Origin, Storage, Viewer, changes
from tests.patience import HANG_S

ANN = Viewer("discord", "ann", "guild")
ABC = "X:1\nT:The Test\nR:jig\nM:6/8\nL:1/8\nK:Edor\n|:EFG ABc|BAG FED|EFG ABc|BGE E3:|\n|:gfe dcB|ABc BAG|FED EFG|BGE E3:|\n"
COMPOSITION = Composition(
    abc=ABC, title="The Test", rhythm="jig", key="Edor", metre="6/8", duration_ms=2_000, model="none", scores={}
)


def origin(event: str, user_id: str = "ann") -> Origin:
    return Origin(platform="discord", event_id=event, user_id=user_id)


def in_guild(event: str, *, channel_id: str = "1", user_id: str = "ann") -> Origin:
    return Origin(platform="discord", event_id=event, user_id=user_id, channel_id=channel_id, community_id="guild")


def tune_request(seed: int = 7) -> TuneRequest:
    return TuneRequest.check(rhythm="jig", seed=seed, title="Requested", temperature=0.7)


@pytest.fixture
async def desk(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(changes, "CHECK_EVERY_S", 10 * HANG_S)  # the tests find the desk's connection by its last command, LISTEN
    desk = Desk(storage, open_requests_per_person=2)
    listening = asyncio.create_task(desk.run())
    yield desk
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def collect(desk: Desk, tune_id: str) -> list[Progress]:
    async with aclosing(desk.follow(tune_id)) as changes:
        return [progress async for progress in changes]


@asynccontextmanager
async def following(desk: Desk, tune_id: str) -> AsyncIterator[asyncio.Task[list[Progress]]]:
    """Follows a tune in a task, which returns all its states at the end. Waits until the first one has arrived."""
    first_seen, seen = asyncio.Event(), list[Progress]()

    async def follow() -> list[Progress]:
        try:
            async with asyncio.timeout(HANG_S), aclosing(desk.follow(tune_id)) as changes:
                async for progress in changes:
                    seen.append(progress)
                    first_seen.set()
        finally:
            first_seen.set()
        return seen

    task = asyncio.create_task(follow())
    try:
        await first_seen.wait()
        yield task
    finally:
        task.cancel()
