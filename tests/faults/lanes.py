"""A lane: one stand-in for a platform, one database, a bot and a quick worker. It runs one crash point after the other."""

from __future__ import annotations

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import psycopg
from psycopg.rows import class_row

from tests.faults.children import Child, discord_bot, quick_worker
from tests.loopback.discord import BOT, TUNES, Channel, FakeDiscord, Payload
from tests.loopback.discord_server import EPHEMERAL
from tests.patience import HANG_S

Victim = Literal["bot", "worker"]
POLL_S = 0.05

L = TypeVar("L", bound="Lane")


@dataclass
class Row:
    """What the database knows about a request."""

    id: str
    status: str
    starts: int
    message_id: str | None
    shared_message_id: str | None
    shared: bool


ROW = """
    SELECT id, status, starts, message_id, shared_message_id, shared_at IS NOT NULL AS shared FROM tunes WHERE event_id = %s
"""


class Lane(ABC):
    """What lanes of all platforms share."""

    bot: Callable[[], None]  # the program that is the bot

    def __init__(self, environment: dict[str, str], url: str, folder: Path) -> None:
        self.environment, self.url, self.folder = environment, url, folder
        self.children: dict[Victim, Child] = {}
        self.programs: dict[Victim, Callable[[], None]] = {"bot": type(self).bot, "worker": quick_worker}
        self.seeds = itertools.count(1)
        self._runs = itertools.count(1)

    @abstractmethod
    def forget_connections(self) -> None:
        """Before a new bot is started."""

    @abstractmethod
    def is_connected(self) -> bool: ...

    @abstractmethod
    def times_posted(self, tune_id: str) -> int:
        """How often the tune is there, with its files."""

    async def start(self, which: Victim, *, inject: bool = False, kill_at: str = "", armed: bool = False) -> Child:
        """Starts a process in place of the last one, and waits until the bot is connected.

        `inject`: it counts its points, from now on if `armed`.
        """
        if which in self.children:
            await self.children[which].kill()
        folder = self.folder / f"{next(self._runs):04}-{which}"
        folder.mkdir(parents=True)
        if armed:
            (folder / "armed").touch()
        environment = self.environment | {"DATABASE_URL": self.url, "DATA_DIR": str(self.folder / "data")}
        child = self.children[which] = Child(self.programs[which], environment, folder, inject, kill_at)
        if which == "bot":
            self.forget_connections()
        child.start()
        if which == "bot":
            await self.until(lambda: child.dead or self.is_connected())
        return child

    async def stop(self) -> None:
        for child in self.children.values():
            await child.kill()

    async def row(self, event_id: str) -> Row | None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            return await (await connection.cursor(row_factory=class_row(Row)).execute(ROW, [event_id])).fetchone()

    async def until(self, holds: Callable[[], object], timeout_s: float = HANG_S) -> bool:
        """Whether it held within this time."""

        async def check() -> object:
            return holds()

        return await self.until_true(check, timeout_s)

    async def until_true(self, holds: Callable[[], Awaitable[object]], timeout_s: float = HANG_S) -> bool:
        deadline = time.monotonic() + timeout_s
        while not await holds():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True


class DiscordLane(Lane):
    """With the stand-in for Discord."""

    bot = discord_bot

    def __init__(self, discord: FakeDiscord, url: str, folder: Path) -> None:
        super().__init__(discord.environment, url, folder)
        self.discord = discord

    def forget_connections(self) -> None:
        self.discord.commands.clear()
        self.discord.gateway.connected.clear()

    def is_connected(self) -> bool:
        return bool(self.discord.commands) and self.discord.gateway.connected.is_set()

    def times_posted(self, tune_id: str) -> int:
        return len(self.messages_of(tune_id))

    def messages_of(self, tune_id: str, channel: Channel = TUNES) -> list[Payload]:
        """The bot's messages with files that show this tune."""
        return [message for message in self.discord.tunes(channel) if tune_id in str(message["components"])]

    def texts_to(self, message_id: str) -> list[Payload]:
        """The bot's replies to a message that have no files."""
        return [
            message
            for message in self.discord.messages.values()
            if message["author"] == BOT
            and not message["attachments"]
            and not message["flags"] & EPHEMERAL
            and (message.get("message_reference") or {}).get("message_id") == message_id
        ]


@asynccontextmanager
async def discord_lane(url: str, folder: Path) -> AsyncIterator[DiscordLane]:
    async with FakeDiscord() as discord, opened(DiscordLane(discord, url, folder)) as made:
        yield made


@asynccontextmanager
async def opened(lane: L) -> AsyncIterator[L]:
    """Makes the lane's folder, and ends its processes afterwards."""
    lane.folder.mkdir(parents=True, exist_ok=True)
    lane.folder.chmod(0o755)
    try:
        yield lane
    finally:
        await lane.stop()
