"""Other users of the machine can't read what is stored."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.services import backup_to
from bot.settings import Settings
from storage import Storage, open_storage
from storage.backup.dumps import Dumps
from tests.storage.examples import COMPOSITION, origin, request

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")

OTHERS = 0o077


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """The umask of somebody who lets others read everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def readable(folder: Path) -> list[str]:
    """What other users can read or enter, of all that is in the folder and of itself."""
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & OTHERS]


async def finished(storage: Storage, event_id: str = "1") -> str:
    tune = await storage.add(request(), origin(event_id))
    await storage.finish(tune.id, COMPOSITION, {"tune.abc": ("text/vnd.abc", event_id.encode())})
    return tune.id


async def test_files_of_tunes_are_private(storage: Storage, tmp_path: Path) -> None:
    await finished(storage)
    assert readable(tmp_path / "files") == []


async def test_files_of_an_older_tunesmith_are_made_private_at_the_start(storage: Storage, tmp_path: Path, url: str) -> None:
    tune_id = await finished(storage)
    folder = tmp_path / "files"
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    async with open_storage(data_dir=tmp_path, database_url=url) as again:
        assert readable(folder) == []
        await finished(again, "2")
        assert await again.read(tune_id, "tune.abc") == b"1"
    assert readable(folder) == []


async def test_backups_and_dumps_are_private(storage: Storage, tmp_path: Path, url: str) -> None:
    await finished(storage)
    backup = tmp_path / "tunes.tar"
    await backup_to(backup, Settings(_env_file=None, data_dir=tmp_path, database_url=url))
    assert readable(backup) == []
    dumps = Dumps(tmp_path / "postgres")
    await asyncio.to_thread(dumps.make, url, cancelled=threading.Event())
    assert readable(dumps.folder) == []
