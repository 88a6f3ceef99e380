"""Room on the disks. Workers pause before a disk is full, so that requests can still be stored and tunes in hand be finished."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

# Tunes are made only while so much is free, on a small disk a tenth of it. It holds what the tunes in hand still write (8 slots
# with 2 MB each, and 64 MB of temporary files per renderer), the database's next log files (16 MB each), and then about 50,000
# accepted requests.
RESERVE = 256 << 20  # bytes
RESERVE_OF_SMALL = 0.1
RESUME_AT = 1.25  # times the reserve, so that a disk at the limit doesn't start and stop the workers all the time
MIN_NAMES = 1000  # free inodes
CHECK_S = 1.0
WRITING = "writing"  # in some folder
FAILED_S = 10.0  # a failed write counts for so long: a quota doesn't show in the free space. In hand it is tried again sooner


class Room:
    """Whether there is room in the folders: what each is for → the folder."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        self._seen: str | None = None  # what there was no room for by the free space, when it was looked at last
        self._failed_at = -math.inf
        self.lacking: str | None = None  # what there is no room for, when it was looked at last
        self.lacking_elsewhere: str | None = None  # what this process's worker lacks room for: it sees its own failed writes

    def add(self, purpose: str, folder: Path) -> None:
        self._folders[purpose] = folder

    def note_failure(self) -> None:
        """A write failed because there was no room."""
        if self._seen is None:  # otherwise the free space tells when there is room again
            self._failed_at = time.monotonic()

    async def look(self) -> str | None:
        """What there is no room for at the moment; None if there is room everywhere."""
        # In a thread: a network folder may hang.
        self._seen = await asyncio.to_thread(self._full)
        if self._seen is not None:
            self._failed_at = -math.inf  # this is why writes failed
        failed = WRITING if time.monotonic() - self._failed_at < FAILED_S else None
        self.lacking = self._seen or failed or self.lacking_elsewhere
        return self.lacking

    async def wait(self) -> None:
        """Returns when there is room."""
        while True:
            if await self.look() is None:
                return
            await asyncio.sleep(CHECK_S)

    async def changes(self) -> AsyncIterator[str | None]:
        """What there is no room for when a disk becomes full, None when there is room again. Never ends."""
        full = False
        while True:
            lacking = await self.look()
            if (lacking is not None) != full:
                full = lacking is not None
                yield lacking
            await asyncio.sleep(CHECK_S)

    def _full(self) -> str | None:
        factor = RESUME_AT if self.lacking else 1
        return next((purpose for purpose, folder in self._folders.items() if _is_full(folder, factor)), None)


def _is_full(folder: Path, factor: float) -> bool:
    try:
        disk = shutil.disk_usage(folder)
        if disk.free < factor * min(RESERVE, RESERVE_OF_SMALL * disk.total):
            return True
        names = os.statvfs(folder) if hasattr(os, "statvfs") else None
        return names is not None and names.f_files > 0 and names.f_favail < factor * MIN_NAMES
    except OSError:  # the folder is gone, which is another fault
        return False
