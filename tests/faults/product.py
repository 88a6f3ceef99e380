"""The real product under a fault: `tunesmith run` with the real model, the embedded PostgreSQL, and the stand-in for Discord."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

import aiohttp
import psutil
import psycopg
from psycopg.rows import class_row

from tests.end_to_end.tunesmith import Tunesmith
from tests.faults.hooks import PYTHONPATH
from tests.loopback.discord import BOT, Channel, FakeDiscord, Interaction, Person
from tests.loopback.discord_world import SERVER

Part = Literal["worker", "bot", "renderer", "postgres", "all"]
POLL_S = 0.25
PEOPLE, CHANNELS = 100, 20  # Discord takes one message a second in a channel
PATIENCE_S = 60.0  # a stop takes 30 s at most
ANSWER_S = 5.0  # a request that is not answered in this time is not accepted
RESTART_S = 1.0  # what a service manager waits before it starts a process again
_ID = re.compile(r":([0-9A-Za-z]{12})\b")


@dataclass
class Tune:
    """A row of the database."""

    id: str
    event_id: str
    status: str
    starts: int
    message_id: str | None
    error: dict[str, Any] | None
    seed: int


TUNES = "SELECT id, event_id, status, starts, message_id, error, (request ->> 'seed')::bigint AS seed FROM tunes"


class Product(Tunesmith):
    """Starts `tunesmith run` again when it ends, as service managers do."""

    def __init__(self, folder: Path, discord: FakeDiscord, **environment: str) -> None:
        super().__init__(folder, discord.environment | {"PYTHONPATH": PYTHONPATH, "LOG_LEVEL": "INFO"} | environment)
        self.discord = discord
        self.requested: list[Interaction] = []
        self.starts = 0
        self.further: list[subprocess.Popen[bytes]] = []  # workers beside the product's own
        self._numbers = itertools.count(1)
        self._people = [Person(f"5{number:05}", f"person {number}") for number in range(PEOPLE)]
        self._channels = [Channel(f"6{number:05}", f"room {number}", SERVER) for number in range(CHANNELS)]

    async def start(self) -> None:
        self.starts += 1
        self.discord.commands.clear()
        await super().start()
        await self.discord.connected()

    async def keep_running(self) -> None:
        """Starts the product again whenever it has ended, until cancelled."""
        while True:
            if self.process is not None and self.process.poll() is not None:
                await asyncio.sleep(RESTART_S)
                self.starts += 1
                with self.log.open("ab") as log:
                    command = [sys.executable, "-m", "bot", "run"]
                    self.process = subprocess.Popen(
                        command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                    )
            await asyncio.sleep(POLL_S)

    async def add_worker(self) -> psutil.Process:
        """A second worker on the same machine."""
        began = self.log.stat().st_size
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "bot", "worker"]
            self.further.append(subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        await self.logged("worker ready", began)
        return psutil.Process(self.further[-1].pid)

    # --- its processes
    def processes(self, part: Part) -> list[psutil.Process]:
        """The running processes of a part; for PostgreSQL only the postmaster, whose children end with it."""
        assert self.process is not None
        with suppress(psutil.Error, OSError, ValueError, IndexError):
            if part == "postgres":
                return [psutil.Process(int((self.folder / "data/postgres/postmaster.pid").read_text().split()[0]))]
            main = psutil.Process(self.process.pid)
            if part == "bot":
                return [main]
            workers = _children(main, "worker")
            if part == "worker":
                return workers
            renderers = [child for worker in workers for child in _children(worker, "renderer_process")]
            return renderers if part == "renderer" else [*renderers, *workers, main, *self.processes("postgres")]
        return []

    def kill(self, part: Part) -> int:
        """Kills the processes of a part, one of the renderers. Returns how many were killed."""
        found = self.processes(part)
        found = found[:1] if part == "renderer" else found
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(found)

    async def end(self) -> int:
        for worker in self.further:
            worker.terminate()
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self.process.wait, PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(1)
            self.process.kill()
            raise AssertionError(f"SIGTERM does not end it: {self.log.read_text(encoding='utf-8')[-4000:]}") from None

    # --- requests
    async def request(self, seed: int | None = None) -> Interaction:
        """Somebody types /tune. The seed is the number of the request unless given."""
        number = next(self._numbers)
        interaction = await self.discord.slash(
            "tune",
            rhythm="reel",
            seed=number if seed is None else seed,
            person=self._people[number % PEOPLE],
            channel=self._channels[number % CHANNELS],
        )
        self.requested.append(interaction)
        return interaction

    async def latency_s(self, count: int = 3) -> float:
        """Median seconds from /tune to the posted message, one after the other."""
        taken = []
        for _ in range(count):
            began = time.monotonic()
            interaction = await self.request()
            await self.all_over([interaction])
            taken.append(time.monotonic() - began)
        return round(median(taken), 2)

    # --- what became of them
    @property
    def conninfo(self) -> str:
        lines = (self.folder / "data/postgres/postmaster.pid").read_text().splitlines()
        return f"host={lines[4]} port={lines[3]} user=postgres dbname=postgres connect_timeout=3"

    async def query(self, text: str) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
            return await (await connection.execute(text.encode())).fetchall()

    async def tunes(self) -> dict[str, Tune]:
        """The rows of requests, by the ids of their interactions."""
        async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
            rows = await (await connection.cursor(row_factory=class_row(Tune)).execute(TUNES)).fetchall()
        return {row.event_id: row for row in rows}

    async def all_over(self, interactions: list[Interaction], timeout_s: float = 600) -> float:
        """Waits until every accepted request is over and posted. Returns the seconds that it took; raises TimeoutError."""
        began = time.monotonic()
        while True:
            with suppress(psycopg.OperationalError, OSError, IndexError):
                rows = await self.tunes()
                waiting = [each for each in interactions if self.is_waiting(each, rows.get(each.id))]
                if not waiting:
                    return time.monotonic() - began
            if time.monotonic() - began > timeout_s:
                raise TimeoutError(f"{len(waiting)} of {len(interactions)} requests are not over")
            await asyncio.sleep(POLL_S)

    @staticmethod
    def too_late(interaction: Interaction) -> bool:
        """Whether an interaction that has no answer won't get one."""
        return time.monotonic() - interaction.clock_s > ANSWER_S

    def is_waiting(self, interaction: Interaction, row: Tune | None) -> bool:
        """Whether the person may still expect the tune. Nobody does whose request was refused, or not answered in time."""
        if row is not None:
            return row.message_id is None
        if interaction.callback is None:
            return not self.too_late(interaction)
        return self.discord.is_thinking(interaction)

    @property
    def posted(self) -> int:
        """The number of messages with files."""
        return sum(bool(message["attachments"]) for message in self.discord.messages.values())

    def posts(self) -> Counter[str]:
        """How often each tune was posted with its files, by its id."""
        posts: Counter[str] = Counter()
        for message in self.discord.messages.values():
            if message["author"] == BOT and message["attachments"]:
                posts.update(set(_ID.findall(json.dumps(message["components"]))))
        return posts

    def events(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log with this event."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [json.loads(line) for line in lines if event in line and line.startswith("{") and line.endswith("}")]
        return [entry for entry in found if entry.get("event") == event]

    # --- health
    async def health(self, timeout_s: float = 3) -> dict[str, str]:
        """The parts that `/health` calls up or down; `{"page": "down"}` if it does not answer."""
        try:
            timeout = aiohttp.ClientTimeout(total=timeout_s)
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{self.address}/health") as response:
                return dict((await response.json())["parts"])
        except (aiohttp.ClientError, TimeoutError, OSError):
            return {"page": "down"}

    async def health_is(self, *, down: set[str], within_s: float) -> float | None:
        """Seconds until `/health` names just these parts as down; None if it does not in this time."""
        began = time.monotonic()
        while time.monotonic() - began < within_s:
            seen = await self.health()
            if {part for part, state in seen.items() if state == "down"} == down:
                return round(time.monotonic() - began, 1)
            await asyncio.sleep(POLL_S)
        return None


def _children(process: psutil.Process, word: str) -> list[psutil.Process]:
    """The running children with the word in their command. A child that was killed stays as a zombie until its parent looks."""
    found = []
    for child in process.children():
        with suppress(psutil.NoSuchProcess):  # also raised for a zombie
            if word in str(child.cmdline()):
                found.append(child)
    return found


@asynccontextmanager
async def product(folder: Path, **environment: str) -> AsyncIterator[Product]:
    """Tunesmith, started and connected to the stand-in, and started again when it ends."""
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    async with FakeDiscord() as discord:
        running = Product(folder, discord, **environment)
        await running.start()
        keeper = asyncio.create_task(running.keep_running())
        try:
            yield running
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            await running.end()


@asynccontextmanager
async def stopped(processes: list[psutil.Process]) -> AsyncIterator[None]:
    """The processes get no processor time (SIGSTOP)."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
