"""The real bot with the Discord stand-in and a real database. The tests act as the person and the worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.discord import client
from bot.discord.client import TunesmithBot
from bot.discord.core import limits
from bot.discord.core.rate_limit import CallRateLimit
from bot.discord.start import DiscordSide
from bot.settings import Settings
from storage import Storage, Tune
from tests.bot.worker import ABC, FILES, compose
from tests.loopback.discord import PIPER, TUNES, Channel, FakeDiscord, Interaction, Payload, Person
from tests.loopback.discord_server import LEFT_AT
from tests.patience import HANG_S

__all__ = ["ABC", "FILES", "Posted", "Stage"]

Posted = tuple[str, Payload]  # a tune's id and its message


class StampingRateLimit(CallRateLimit):
    """Writes the time into each call that it lets through; the stand-in counts calls by that time."""

    @property
    def trace(self) -> aiohttp.TraceConfig:
        async def stamp(_: object, __: object, request: aiohttp.TraceRequestStartParams) -> None:
            request.headers[LEFT_AT] = str(time.monotonic())

        trace = super().trace
        trace.on_request_start.append(stamp)
        return trace


class Stage:
    """Discord, the database, and a bot that can be started and stopped."""

    running: asyncio.Task[None]  # runs the bot

    def __init__(self, discord: FakeDiscord, storage: Storage) -> None:
        self.discord, self.storage = discord, storage
        self.side: DiscordSide | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start_bot(self) -> None:
        """Like a new process: only what is stored is carried over."""
        settings = Settings(_env_file=None, **self.discord.settings)
        desk = Desk(self.storage, open_requests_per_person=3)
        self.side = DiscordSide(settings, desk, self.storage)
        self.running = asyncio.create_task(self.side.run())
        self._tasks = [asyncio.create_task(desk.run()), self.running]
        await self.discord.connected()

    async def stop_bot(self) -> None:
        for task in self._tasks[::-1]:
            task.cancel()
            with suppress(asyncio.CancelledError, NoLogin):
                await task
        self._tasks = []
        async with asyncio.timeout(HANG_S):
            while self.discord.gateway.connected.is_set():
                await asyncio.sleep(0.01)

    async def accepted(self, interaction: Interaction) -> Tune:
        """The tune that an interaction requested, once it is stored."""
        await self.discord.deferred(interaction)
        async with asyncio.timeout(HANG_S):
            while True:
                for tune in await self.storage.undelivered("discord"):
                    if tune.origin.event_id == interaction.id:
                        return tune
                await asyncio.sleep(0.01)

    async def tune_of_message(self, said: Payload) -> Tune:
        """The tune that a message requested, once it is stored and its card is posted."""
        async with asyncio.timeout(HANG_S):
            while True:
                for tune in await self.storage.undelivered("discord"):
                    if tune.origin.event_id == said["id"] and self.side_bot.context.deliveries.is_running(tune):
                        return tune
                await asyncio.sleep(0.01)

    @property
    def side_bot(self) -> TunesmithBot:
        assert self.side is not None
        return self.side.bots[0]

    async def repeated(self, interaction: Interaction) -> None:
        """Sends an answered interaction again, and waits until the bot has tried to answer it."""
        await self.discord.repeat(interaction)
        callback = f"POST /interactions/{interaction.id}/{interaction.token}/callback"
        await self.discord.until(lambda: self.discord.calls.count(callback) == 2)

    async def compose(self, tune_id: str, **changes: Any) -> None:
        """Acts as the worker, from the first bar to the files."""
        await compose(self.storage, tune_id, **changes)

    async def posted(self, *, channel: Channel = TUNES, person: Person = PIPER, command: str = "tune", **options: Any) -> Posted:
        """A finished tune that somebody requested, and its message."""
        tune = await self.accepted(await self.discord.slash(command, channel=channel, person=person, **options))
        await self.compose(tune.id)
        return tune.id, self.discord.messages[await self.delivered(tune.id)]

    async def tune(self, tune_id: str) -> Tune:
        tune = await self.storage.tune(tune_id)
        assert tune is not None
        return tune

    async def restart(self) -> None:
        await self.stop_bot()
        await self.start_bot()

    async def delivered(self, tune_id: str) -> str:
        """The id of the tune's message, once it is stored."""
        async with asyncio.timeout(HANG_S):
            while True:
                tune = await self.storage.tune(tune_id)
                assert tune is not None
                if tune.message_id is not None:
                    return tune.message_id
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs that a busy machine does not reach. A test of a time-out sets its own."""
    for timeout in ("STORE_FIRST_S", "ACKNOWLEDGE_S", "LOOKUP_S", "DOWNLOAD_S", "CHANNEL_POST_S", "CLOSE_S"):
        monkeypatch.setattr(limits, timeout, HANG_S)
    monkeypatch.setattr(client, "CallRateLimit", StampingRateLimit)


@asynccontextmanager
async def silent_database(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Locks all tables, and shortens the time that the bot waits for the database."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await connection.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
        )
        [(tables,)] = await found.fetchall()
        await connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE".encode())
        with monkeypatch.context() as hurry:
            hurry.setattr(limits, "LOOKUP_S", 0.05)
            hurry.setattr(limits, "STORE_FIRST_S", 0.1)
            yield


@pytest.fixture
async def stopped_stage(storage: Storage) -> AsyncIterator[Stage]:
    async with FakeDiscord() as discord:
        stage = Stage(discord, storage)
        yield stage
        await stage.stop_bot()


@pytest.fixture
async def stage(stopped_stage: Stage) -> Stage:
    await stopped_stage.start_bot()
    return stopped_stage
