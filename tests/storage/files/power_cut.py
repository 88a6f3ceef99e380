"""A disk that loses everything that was not flushed, as a power cut does. It records what `os.fsync` flushes.

`record` is called in the process that writes; `files_after_power_cut` then rebuilds a folder as the disk would have it: of a file
its content at its last flush, of a folder its names at its last flush. What was never flushed is gone.

Run as a program it finishes tunes and kills itself just after the commit of the last one:

    python -m tests.storage.files.power_cut DATA_DIR DATABASE_URL RECORD TUNE_ID …
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path

from sqlalchemy import event

from storage import open_storage
from tests.storage.examples import COMPOSITION


def contents(tune_id: str) -> dict[str, tuple[str, bytes]]:
    """Files that no other tune has."""
    return {f"tune.{kind}": ("text/plain", f"{tune_id} {kind}".encode() * 1000) for kind in ("abc", "mid", "mp3", "png", "svg")}


def record(folder: Path) -> None:
    """From now on writes to `folder` what each flush of this process writes to the disk, and a line for each event."""
    fsync, replace = os.fsync, Path.replace
    for name in ("files", "folders"):
        (folder / name).mkdir(parents=True)

    def flush(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        inode = os.fstat(descriptor).st_ino
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            names = {entry.name: entry.inode() for entry in os.scandir(path)}
            (folder / "folders" / str(inode)).write_text(json.dumps(names))
        else:
            (folder / "files" / str(inode)).write_bytes(path.read_bytes())
        note(folder, "flush of a folder" if path.is_dir() else "flush of a file")

    def rename(self: Path, target: Path) -> Path:
        note(folder, "rename")
        return replace(self, target)

    os.fsync = flush  # type: ignore[assignment]
    Path.replace = rename  # type: ignore[assignment,method-assign]


def note(folder: Path, line: str) -> None:
    with (folder / "events").open("a") as events:
        events.write(line + "\n")


def files_after_power_cut(folder: Path, recorded: Path, result: Path) -> None:
    """Makes `result` what the disk has of `folder`, whose own name is taken as written."""
    result.mkdir(parents=True)
    names = recorded / "folders" / str(folder.stat().st_ino)
    if names.exists():
        _rebuild(json.loads(names.read_text()), recorded, result)


def _rebuild(names: dict[str, int], recorded: Path, result: Path) -> None:
    for name, inode in names.items():
        if (file := recorded / "files" / str(inode)).exists():
            (result / name).write_bytes(file.read_bytes())
        elif (folder := recorded / "folders" / str(inode)).exists():
            (result / name).mkdir()
            _rebuild(json.loads(folder.read_text()), recorded, result / name)


async def finish(data_dir: Path, url: str, recorded: Path, tune_ids: list[str]) -> None:
    record(recorded)
    async with open_storage(data_dir=data_dir, database_url=url, files_url=None) as storage:
        # SQLAlchemy tells before each commit.
        event.listen(storage.database.engine.sync_engine, "commit", lambda connection: note(recorded, "commit"))
        for tune_id in tune_ids:
            await storage.finish(tune_id, COMPOSITION, contents(tune_id))
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    data_dir, url, recorded, *tune_ids = sys.argv[1:]
    asyncio.run(finish(Path(data_dir), url, Path(recorded), tune_ids))
