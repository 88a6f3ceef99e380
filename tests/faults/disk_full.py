"""Disks that are full for a while: of the files, of temporary files, and of everything with the embedded database.

The disks are file systems in memory, which only root can mount.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.faults.product import Product, product
from tests.faults.report import Report, fault
from tests.faults.verdict import judge
from tests.full_disk import mounted
from tests.loopback.discord import Interaction

FULL_S = 120.0
HEALTH_S = 5.0
QUOTA_S = 30.0  # noticed by the next tune that is written
BEFORE, DURING = 16, 8  # requests
MB = 1 << 20
PAUSE, RESUME = "A disk is full. No tunes are taken until there is room.", "There is room again. Tunes are taken."
WAITS, REFUSED = "Your tune is stored, and I make it as soon as there is room", "nothing was stored"


@fault("disk-full-files", promise="the disk of the files is full for 2 minutes: no tune fails, all say so", limit_s=900)
async def files_full(report: Report) -> None:
    with mounted(report.folder / "disk", 128 * MB) as disk:
        async with product(report.folder, FILES_URL=disk.folder.as_uri()) as running:
            await _fill(running, report, disk.full)
            left = [path for path in disk.folder.glob(".unfinished/*") if path.is_file()]
            report.check(not left, f"partial files: {left}")


@fault("disk-full-temporary", promise="the disk of temporary files is full for 2 minutes: no tune fails", limit_s=900)
async def temporary_full(report: Report) -> None:
    with mounted(report.folder / "disk", 128 * MB) as disk:
        disk.folder.chmod(0o1777)
        async with product(report.folder, TMPDIR=str(disk.folder)) as running:
            await _fill(running, report, disk.full)


@fault("disk-full-quota", promise="for 2 minutes writes fail though free space is shown: no tune fails, all say so", limit_s=900)
async def quota_used_up(report: Report) -> None:
    """A full disk in the folder of unfinished files, as a quota: the free space of the folder of files doesn't show it."""
    async with product(report.folder) as running:
        await _fill(running, report, lambda: mounted(report.folder / "data" / "files" / ".unfinished", 4096), QUOTA_S)


@fault("disk-full-everything", promise="the disk of database and files is full for 2 minutes: nothing is lost", limit_s=900)
async def everything_full(report: Report) -> None:
    with mounted(report.folder / "data", 512 * MB) as disk:
        disk.folder.chmod(0o755)
        async with product(report.folder) as running:
            await _fill(running, report, disk.full)


async def _fill(
    running: Product, report: Report, full: Callable[[], AbstractContextManager[object]], health_s: float = HEALTH_S
) -> None:
    before_s = await running.latency_s()
    for _ in range(BEFORE):
        await running.request()
    await asyncio.sleep(1)  # some are composed, some rendered
    with full():
        began = time.monotonic()
        report.figure("/health says full after, s", noticed := await running.health_is(down={"room"}, within_s=health_s))
        during = [await running.request() for _ in range(DURING)]
        await asyncio.sleep(FULL_S - (time.monotonic() - began))
        waiting, refused = ([each for each in during if _says(running, each, text)] for text in (WAITS, REFUSED))
        report.figure("requests during it that were told to wait, and refused", [len(waiting), len(refused)])
        report.check(len(waiting) + len(refused) == DURING, "somebody was not told")
    report.figure("/health says up after, s", up := await running.health_is(down=set(), within_s=60))
    accepted = [each for each in running.requested if each not in refused]
    report.figure("all posted after, s", round(await running.all_over(accepted), 1))
    after_s = await running.latency_s()
    report.figure("seconds per tune before and after", [before_s, after_s])
    report.figure("lines of the log about it", [len(running.events(PAUSE)), len(running.events(RESUME))])
    report.check(noticed is not None, f"/health did not say within {health_s:.0f} s that the disk is full")
    report.check(up is not None and up <= health_s, f"/health did not say within {health_s:.0f} s that there is room")
    report.check(after_s <= 2 * before_s + 1, f"a tune takes {after_s} s, before it took {before_s} s")
    report.check(len(running.events(PAUSE)) == 1, "the log repeats that a disk is full")
    await judge(running, report, interactions=[each for each in running.requested if each not in refused])


def _says(running: Product, interaction: Interaction, text: str) -> bool:
    messages = [running.discord.messages.get(id) for id in (interaction.original or "", *interaction.followups)]
    return any(text in message["content"] for message in messages if message)
