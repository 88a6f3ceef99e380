"""A small disk that tests fill: a file system in memory, which only root can mount."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Disk:
    """A file system with room for `size` bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, free: int = 0) -> None:
        """Leaves so many bytes free. Without any, others may write to the disk at the same time."""
        self.clear()
        with self._ballast.open("wb") as file, suppress(OSError):
            while (size := self._free() - free) > 0:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size if free else min(size, 1 << 20))

    def _free(self) -> int:
        place = os.statvfs(self.folder)
        return place.f_bavail * place.f_frsize

    def clear(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @contextmanager
    def full(self) -> Iterator[None]:
        self.fill()
        try:
            yield
        finally:
            self.clear()


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[Disk]:
    """Mounts a disk of `size` bytes. Raises OSError if that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    if not sys.platform.startswith("linux"):
        raise OSError("only Linux mounts a file system in memory")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise OSError(done.stderr.strip())
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
