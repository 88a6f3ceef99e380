"""Backups that are made while tunes are added, finished and deleted, and what a restore makes of them."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import true

from storage import Status, Storage, StorageError, Tune, open_storage, work
from storage.backup import backup as backup_module
from storage.backup.archive import Missing, Writer
from storage.backup.snapshot import Snapshot, write_dump
from storage.files import removal
from storage.files.files import Files, digest_of
from tests.patience import HANG_S
from tests.storage.backup.backups import back_up, contents_of, digests_in, restore_into, rows, rows_in, stored_contents
from tests.storage.examples import COMPOSITION, origin, request


async def test_a_backup_under_load_restores_rows_and_files_of_one_point_in_time(
    storage: Storage, tmp_path: Path, other_url: str, other_folder: Path, monkeypatch: pytest.MonkeyPatch, short_intervals: None
) -> None:
    """100 tunes are added, finished and deleted meanwhile. What is expected is read within the backup's own snapshot."""
    finished: list[str] = []
    deleted: list[str] = []
    half, taken, deleted_since = asyncio.Event(), threading.Event(), asyncio.Event()
    expected: dict[str, bytes] = {}
    before = 0

    async def handle(tune: Tune) -> None:
        await storage.finish(tune.id, COMPOSITION, contents_of(tune.id), starts=tune.starts)
        finished.append(tune.id)

    async def add() -> None:
        for number in range(100):
            await storage.add(request(number), origin(str(number), user_id=f"user{number % 7}"))
            if number == 50:
                half.set()
            while number > 70 and not taken.is_set():  # there is something left to do after the point in time
                await asyncio.sleep(0.01)

    async def delete() -> None:
        while True:  # each when ten more are finished
            if len(finished) > len(deleted) + 10:
                assert await storage.sharing.remove(finished[len(deleted)], true()) is not None
                deleted.append(finished[len(deleted)])
            await asyncio.sleep(0.001)
            if taken.is_set() and len(deleted) >= before + 8:
                deleted_since.set()

    def expect(writer: Writer, at: Snapshot, conninfo: str, *, cancelled: threading.Event) -> str:
        nonlocal before
        expected.update(rows(at.connection))
        before = len(deleted)
        taken.set()
        return write_dump(writer, at, conninfo, cancelled=cancelled)

    async def read_late(self: Files, digest: str) -> bytes | None:
        async with asyncio.timeout(HANG_S):
            await deleted_since.wait()
        return await read(self, digest)

    read = Files.read_unchecked
    monkeypatch.setattr(backup_module, "write_dump", expect)
    monkeypatch.setattr(Files, "read_unchecked", read_late)
    working, deleting, adding = (asyncio.create_task(each) for each in (work(storage, handle, concurrency=4), delete(), add()))
    await half.wait()
    summary = await back_up(storage, tmp_path / "backup.tar")
    monkeypatch.undo()
    await adding
    async with asyncio.timeout(HANG_S):
        while len(finished) < 100 or len(deleted) < 90:
            await asyncio.sleep(0.01)
    for task in (working, deleting):
        task.cancel()
    await asyncio.gather(working, deleting, return_exceptions=True)

    assert summary.missing == []
    assert await storage._files.marked_for_removal() == []
    at_present = digests_in(storage.database.conninfo)
    assert set(stored_contents(tmp_path)) == at_present  # what was deleted during the backup is gone
    await restore_into(other_url, other_folder, tmp_path / "backup.tar")
    assert rows_in(other_url) == expected
    restored = stored_contents(other_folder)
    assert {digest: digest_of(content) for digest, content in restored.items()} == {digest: digest for digest in restored}
    assert set(restored) == digests_in(other_url)
    assert len(set(restored) - at_present) >= 8


async def test_unfinished_requests_go_on_after_a_restore(
    example: bytes, other_url: str, other_folder: Path, short_intervals: None
) -> None:
    await restore_into(other_url, other_folder, example)
    async with (
        open_storage(data_dir=other_folder, database_url=other_url, files_url=None) as storage,
        storage.changes() as changes,
    ):

        async def handle(tune: Tune) -> None:
            await storage.finish(tune.id, COMPOSITION, contents_of(tune.id), starts=tune.starts)

        working = asyncio.create_task(work(storage, handle, concurrency=1))
        async with asyncio.timeout(HANG_S):
            while not all(tune.status == Status.FINISHED for tune in await storage.undelivered("discord")):
                await anext(changes)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        first, second = await storage.undelivered("discord")
        assert await storage.read(second.id, "tune.abc") == contents_of(second.id)["tune.abc"][1]
        assert await storage.read(first.id, "tune.mp3") == contents_of(first.id)["tune.mp3"][1]


async def test_a_file_that_is_missing_or_damaged_is_listed(storage: Storage, tmp_path: Path, other_url: str) -> None:
    tune = await storage.add(request(), origin())
    await storage.finish(tune.id, COMPOSITION, contents_of(tune.id))
    digests = {name: digest_of(content) for name, (_, content) in contents_of(tune.id).items()}
    (tmp_path / "files" / digests["tune.abc"][:2] / digests["tune.abc"][2:]).unlink()
    (tmp_path / "files" / digests["tune.mp3"][:2] / digests["tune.mp3"][2:]).write_bytes(b"something else")
    summary = await back_up(storage, tmp_path / "backup.tar")
    assert sorted(summary.missing, key=lambda each: each.name) == [
        Missing(tune.id, "tune.abc", digests["tune.abc"]),
        Missing(tune.id, "tune.mp3", digests["tune.mp3"], damaged=True),
    ]
    await restore_into(other_url, tmp_path / "other", tmp_path / "backup.tar")
    assert rows_in(other_url) == rows_in(storage.database.conninfo)


async def test_a_backup_that_fails_leaves_no_file(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tune = await storage.add(request(), origin())
    await storage.finish(tune.id, COMPOSITION, contents_of(tune.id))
    target = tmp_path / "backups" / "backup.tar"
    target.parent.mkdir()
    target.write_bytes(b"the one before")

    async def fail(self: Files, digest: str) -> bytes:
        raise StorageError("The bucket does not answer.")

    monkeypatch.setattr(Files, "read_unchecked", fail)
    with pytest.raises(StorageError, match="does not answer"):
        await back_up(storage, target)
    assert [path.name for path in target.parent.iterdir()] == ["backup.tar"] and target.read_bytes() == b"the one before"


async def test_a_second_backup_at_the_same_time_is_refused(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "WAIT_S", 0.1)
    with psycopg.connect(storage.database.conninfo, autocommit=True) as connection:
        removal.keep_contents(connection)
        with pytest.raises(StorageError, match="Another backup is running"):
            await back_up(storage, tmp_path / "backup.tar")


async def test_contents_deleted_during_a_backup_that_was_killed_are_removed_later(storage: Storage, tmp_path: Path) -> None:
    first, second = [await storage.add(request(), origin(event)) for event in "12"]
    for tune in (first, second):
        await storage.finish(tune.id, COMPOSITION, contents_of(tune.id))
    with psycopg.connect(storage.database.conninfo, autocommit=True) as connection:
        removal.keep_contents(connection)
        for tune in (first, second):
            await storage.sharing.remove(tune.id, true())
        assert len(stored_contents(tmp_path)) == 3
        await storage.sharing.remove_marked()  # not while a backup is running
        assert len(stored_contents(tmp_path)) == 3
    again = await storage.add(request(), origin("3"))
    await storage.finish(again.id, COMPOSITION, contents_of(first.id))
    await storage.sharing.remove_marked()
    assert set(stored_contents(tmp_path)) == digests_in(storage.database.conninfo)
    assert await storage._files.marked_for_removal() == []
