"""A full disk: nobody's tune fails for it, and workers pause until there is room."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from storage import Status, Storage, StorageError, open_storage
from storage.errors import NoRoom, lacks_room
from storage.files import room
from storage.files.files import Files, digest_of
from storage.files.room import Room
from tests.full_disk import Disk
from tests.patience import HANG_S
from tests.storage.examples import execute, origin, request

ROOT = Path(__file__).parents[3]
MB = 1 << 20

# A worker whose tunes have a file of 20 MB each.
WORKER = """
import asyncio, os, sys
from pathlib import Path
from bot.logs import configure
from storage import open_storage, work
from storage.queue import heartbeat, tasks as queue
from storage.files import room
from storage.tunes import Tune
from tests.storage.examples import COMPOSITION

queue.MACHINE_PAUSE_S, room.FAILED_S, room.CHECK_S, heartbeat.HEARTBEAT_S = 0.2, 0.5, 0.1, 0.2
configure(json=True, level="INFO")

async def main(url, folder, disk):
    async with open_storage(data_dir=Path(folder), database_url=url, files_url=Path(disk).as_uri()) as storage:
        async def handle(tune: Tune) -> None:
            await storage.finish(tune.id, COMPOSITION, {"tune.mp3": ("audio/mpeg", os.urandom(20 << 20))}, starts=tune.starts)
        await work(storage, handle, concurrency=2)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_disk_lacks_room_before_it_is_full_and_until_there_is_more_than_the_reserve(disk: Disk) -> None:
    watched = Room({"files": disk.folder})  # the reserve is 6.4 MB
    assert await watched.look() is None
    disk.fill(free=7 * MB)
    assert await watched.look() is None
    disk.fill(free=6 * MB)
    assert await watched.look() == watched.lacking == "files"
    disk.fill(free=7 * MB)
    assert await watched.look() == "files"
    disk.fill(free=9 * MB)
    assert await watched.look() is None


async def test_a_failed_write_counts_as_lack_of_room_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a quota, which the free space does not show."""
    watched = Room({})
    watched.note_failure()
    assert await watched.look() == "writing"
    monkeypatch.setattr(room, "FAILED_S", 0)
    assert await watched.look() is None


async def test_a_write_that_failed_on_a_full_disk_does_not_outlast_the_lack_of_room(disk: Disk) -> None:
    watched = Room({"files": disk.folder})
    disk.fill()
    watched.note_failure()
    assert await watched.look() == "files"
    watched.note_failure()
    disk.clear()
    assert await watched.look() is None


async def test_a_write_to_a_full_disk_leaves_nothing_and_says_that_it_is_full(disk: Disk) -> None:
    disk.fill(free=2 * MB)
    files = Files.open(disk.folder, None)
    contents = [b"small", bytes(MB), bytes(3 * MB)]
    with pytest.raises(StorageError) as failed:
        await files.write(contents)
    assert lacks_room(failed.value)
    assert [path for path in (disk.folder / "files").rglob("*") if path.is_file()] == []
    disk.clear()
    await files.write(contents)
    assert [await files.read(digest_of(content)) for content in contents] == contents


async def wait_for(storage: Storage, tune_ids: list[str], status: Status) -> None:
    async with asyncio.timeout(HANG_S):
        for tune_id in tune_ids:
            while (tune := await storage.tune(tune_id)) is None or tune.status is not status:
                await asyncio.sleep(0.05)


async def logged(log: Path, event: str, times: int = 1) -> None:
    async with asyncio.timeout(HANG_S):
        while log.read_text().count(event) < times:
            await asyncio.sleep(0.05)


async def heartbeats(url: str, count: int) -> None:
    """Waits until the worker has looked for jobs: it does so before its first heartbeat."""
    seen: set[object] = set()
    async with asyncio.timeout(HANG_S):
        while len(seen) <= count:
            seen.update(last for (last,) in execute(url, "SELECT last_heartbeat FROM procrastinate_workers"))
            await asyncio.sleep(0.02)


async def test_a_worker_pauses_while_the_disk_is_full_and_no_tune_fails(url: str, tmp_path: Path, disk: Disk) -> None:
    log = tmp_path / "log"
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=disk.folder.as_uri()) as storage:
        tune_ids = [(await storage.add(request(), origin(event))).id for event in "12"]
        disk.fill(free=MB)
        with log.open("wb") as output:
            command = [sys.executable, "-c", WORKER, url, str(tmp_path), str(disk.folder)]
            worker = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        try:
            # Less than the reserve is free: no tune is taken.
            await logged(log, "A disk is full")
            await heartbeats(url, 3)
            assert execute(url, "SELECT starts, failures FROM tunes") == [(0, 0), (0, 0)]
            # More than the reserve is free, but not enough for a tune: the tunes are put back, and none has failed.
            disk.fill(free=10 * MB)
            await logged(log, "Making a tune failed because of the database or the disk")
            assert execute(url, "SELECT failures FROM tunes WHERE status <> 'failed'") == [(0,), (0,)]
            disk.clear()
            await wait_for(storage, tune_ids, Status.FINISHED)
            # The failed writes left nothing.
            assert len([path for path in disk.folder.rglob("*") if path.is_file()]) == 2
        finally:
            worker.terminate()
            worker.wait(HANG_S)
    events = [json.loads(line)["event"] for line in log.read_text().splitlines() if line.startswith("{")]
    assert 1 <= events.count("A disk is full. No tunes are taken until there is room.") <= 3
    assert events.count("There is room again. Tunes are taken.") <= 3


async def test_a_request_that_the_database_has_no_room_for_is_refused_and_not_stored(storage: Storage, url: str) -> None:
    execute(
        url,
        """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$""",
    )
    execute(url, "CREATE TRIGGER full_disk BEFORE INSERT ON procrastinate_jobs EXECUTE FUNCTION full_disk()")
    with pytest.raises(NoRoom, match="nothing was stored"):
        await storage.add(request(), origin())
    assert await storage.room.look() == "writing"
    execute(url, "DROP TRIGGER full_disk ON procrastinate_jobs")
    assert await storage.undelivered("discord") == []
    assert (await storage.add(request(), origin())).status is Status.QUEUED
