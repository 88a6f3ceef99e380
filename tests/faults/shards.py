"""Three processes of `tunesmith bot` share three shards, with one server in each; one process is killed in mid-work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

from tests.faults.children import Child, discord_bot, nimble_discord_bot, quick_worker
from tests.faults.databases import databases
from tests.faults.report import Report, fault
from tests.loopback.discord import BOT, MENTION, Channel, FakeDiscord, Interaction
from tests.loopback.discord_world import SERVER
from tests.patience import HANG_S

POLL_S = 0.05
COUNT = 3
SERVERS = [SERVER, *(str((shard << 22) + 200) for shard in range(1, COUNT))]  # by shard
ROOMS = [Channel(f"7{shard}{room}", "a room", server) for shard, server in enumerate(SERVERS) for room in range(2)]

TUNES = "SELECT event_id, id, status, message_id FROM tunes"
HOLDERS = "SELECT name, holder FROM leases WHERE name LIKE 'discord shard%'"


class Processes:
    """The bots and a quick worker."""

    worker: Child

    def __init__(
        self, discord: FakeDiscord, url: str, folder: Path, *, nimble: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        self.discord, self.url, self._folder = discord, url, folder
        self._run = nimble_discord_bot if nimble else discord_bot
        self.bots: list[Child] = []
        self._environment = discord.environment | {"DATABASE_URL": url, "DATA_DIR": str(folder / "data")}
        self._environment |= {"OPEN_REQUESTS_PER_PERSON": "100", **(environment or {})}

    def start(self, program: object = None, **environment: str) -> Child:
        folder = self._folder / f"process-{time.monotonic_ns()}"
        folder.mkdir(parents=True)
        (folder / "log").touch()
        child = Child(program or self._run, self._environment | environment, folder)  # type: ignore[arg-type]
        child.start()
        return child

    async def rows(self, query: str) -> list[tuple[str, ...]]:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def shared_out(self, processes: int) -> None:
        """Waits until all shards are connected, and so many processes have some."""
        while True:
            rows = await self.rows(HOLDERS)
            if (
                len(rows) == COUNT
                and len({holder for _, holder in rows}) == processes
                and self.discord.gateway.connected.is_set()
            ):
                return
            await asyncio.sleep(POLL_S)

    async def reopened(self, shard: int, before: str) -> None:
        """Waits until all shards are connected, this one with another session."""
        gateway = self.discord.gateway
        while gateway.sessions[shard].id == before or not gateway.connected.is_set():
            await asyncio.sleep(POLL_S)

    async def request_everywhere(self) -> list[Interaction]:
        return [await self.discord.slash("tune", rhythm="reel", seed=1, channel=room) for room in ROOMS]

    async def all_posted(self, interactions: list[Interaction]) -> None:
        while True:
            done = {event_id for event_id, _, _, message_id in await self.rows(TUNES) if message_id}
            if done >= {interaction.id for interaction in interactions}:
                return
            await asyncio.sleep(POLL_S)

    def times_posted(self, tune_id: str) -> int:
        messages = self.discord.messages.values()
        return sum(m["author"] == BOT and bool(m["attachments"]) and tune_id in str(m["components"]) for m in messages)


@asynccontextmanager
async def three_processes(
    url: str, folder: Path, *, nimble: bool = False, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Processes]:
    """Three bots, each with a shard, and a worker."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    async with FakeDiscord() as discord:
        discord.gateway.servers, discord.gateway.max_concurrency = SERVERS, COUNT
        discord.gateway.threads += ROOMS
        processes = Processes(discord, url, folder, nimble=nimble, environment=environment)
        processes.worker = processes.start(quick_worker)
        try:
            processes.bots = [processes.start(DISCORD_SHARDS=str(COUNT)) for _ in range(COUNT)]
            async with asyncio.timeout(HANG_S):
                await processes.shared_out(COUNT)
            yield processes
        finally:
            for child in (*processes.bots, processes.worker):
                await child.kill()


async def kill_one(processes: Processes, report: Report) -> None:
    """Kills a process while tunes of all servers are made. Reports how long its shard was away, and what is lost or doubled."""
    discord = processes.discord
    asked = [*await processes.request_everywhere(), *await processes.request_everywhere()]
    for interaction in asked:
        await discord.deferred(interaction)
    sessions = {shard: session.id for shard, session in discord.gateway.sessions.items()}
    await processes.bots[0].kill()
    killed = time.monotonic()
    while discord.gateway.connected.is_set():
        await asyncio.sleep(POLL_S)
    [lost] = [shard for shard, session in discord.gateway.sessions.items() if not session.is_open]
    missed = await discord.write(f"{MENTION} a reel, please", channel=ROOMS[2 * lost])  # while nobody has the shard
    await processes.reopened(lost, sessions[lost])
    report.figure("shard away: s", round(time.monotonic() - killed, 1))
    asked += await processes.request_everywhere()
    await processes.all_posted(asked)
    while missed["id"] not in {event_id for event_id, *_ in await processes.rows(TUNES)}:
        await asyncio.sleep(POLL_S)
    rows = await processes.rows(TUNES)
    report.figure("tunes", len(rows))
    for event_id, tune_id, status, message_id in rows:
        if event_id != missed["id"]:
            times = processes.times_posted(tune_id)
            report.check(
                times == 1 and status == "finished" and message_id, f"{tune_id} is {status} and was posted {times} times"
            )
    report.check(len(rows) == len(asked) + 1, f"{len(asked)} tunes were requested by command, {len(rows) - 1} are stored")
    report.check(not discord.gateway.doubled, f"two processes had shards: {discord.gateway.doubled}")
    await processes.shared_out(COUNT - 1)


@fault("shards", promise="a killed process's shard is taken over within 15 s; nothing is lost or doubled", limit_s=300)
async def shards(report: Report) -> None:
    async with databases() as new, three_processes(new(), report.folder) as processes:
        await kill_one(processes, report)
        away = report.figures["shard away: s"]
        report.check(isinstance(away, float) and away < 15, f"the shard was away for {away} s")
