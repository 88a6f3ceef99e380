"""The real Slack app with the stand-in and a real database. The tests act as the people and the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.settings import Settings
from bot.slack.core import limits
from bot.slack.start import SlackSide
from storage.storage import Storage
from tests.loopback.slack import FakeSlack
from tests.patience import HANG_S


class Stage:
    """Slack, the database, and an app that can be started and stopped."""

    side: SlackSide
    running: asyncio.Task[None]  # runs the app

    def __init__(self, slack: FakeSlack, storage: Storage) -> None:
        self.slack, self.storage = slack, storage
        self._tasks: list[asyncio.Task[None]] = []

    async def start_app(self, **changed: Any) -> None:
        """Like a new process: only what is stored is carried over. Waits until events arrive."""
        desk = Desk(self.storage, open_requests_per_person=3)
        self.side = SlackSide(Settings(_env_file=None, **self.slack.settings | changed), desk, self.storage)
        self.running = asyncio.create_task(self.side.run())
        self._tasks = [asyncio.create_task(desk.run()), self.running]
        await self.until_ready()

    async def until_ready(self, ready: bool = True) -> None:
        async with asyncio.timeout(HANG_S):
            while self.side.ready() != ready and not self.running.done():
                await asyncio.sleep(0.01)
        if ready and self.running.done():
            self.running.result()

    async def stop_app(self) -> None:
        for task in self._tasks[::-1]:
            task.cancel()
            with suppress(asyncio.CancelledError, NoLogin):
                await task
        self._tasks = []

    async def restart(self) -> None:
        await self.stop_app()
        await self.start_app()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs that a busy machine does not reach, and no pauses. A test of a time-out sets its own."""
    for timeout in ("CALL_S", "TRANSFER_S", "HELLO_S", "PING_S"):
        monkeypatch.setattr(limits, timeout, HANG_S)
    monkeypatch.setattr(limits, "RECONNECT_S", 0.05)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack


@pytest.fixture
async def stopped_stage(slack: FakeSlack, storage: Storage) -> AsyncIterator[Stage]:
    stage = Stage(slack, storage)
    yield stage
    await stage.stop_app()


@pytest.fixture
async def stage(stopped_stage: Stage) -> Stage:
    await stopped_stage.start_app()
    return stopped_stage
