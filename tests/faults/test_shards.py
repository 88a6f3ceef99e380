"""Shards in several processes of the bot. `python -m tests.faults shards` measures how long one is away, with the real times."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.faults.report import Options, Report
from tests.faults.shards import ROOMS, Processes, kill_one, three_processes
from tests.loopback.discord import FakeDiscord
from tests.patience import HANG_S


async def test_the_shard_of_a_killed_process_is_taken_over_and_nothing_is_lost_or_doubled(url: str, tmp_path: Path) -> None:
    report = Report("shards", tmp_path, Options())
    async with three_processes(url, tmp_path / "processes", nimble=True) as processes:
        async with asyncio.timeout(4 * HANG_S):
            await kill_one(processes, report)
    assert report.broken == []


async def test_a_process_that_stops_leaves_its_shards_to_one_that_waits(url: str, tmp_path: Path) -> None:
    """Two `tunesmith bot` with the settings of one: the second does nothing until the first ends."""
    async with FakeDiscord() as discord:
        processes = Processes(discord, url, tmp_path / "processes")
        first = processes.start()
        try:
            await discord.connected()
            second = processes.start()
            log = second.folder / "log"
            async with asyncio.timeout(HANG_S):
                while "takes over if one of them ends" not in log.read_text():
                    await asyncio.sleep(0.05)
                session = discord.gateway.sessions[0].id
                assert discord.gateway.doubled == []
                assert first.process is not None and first.process.pid is not None
                first.process.terminate()
                await processes.reopened(0, session)
            await discord.deferred(await discord.slash("tune", channel=ROOMS[0]))
            assert discord.gateway.doubled == []
            assert await first.ended() in (0, -signal.SIGTERM)
        finally:
            for child in (first, second):
                await child.kill()
