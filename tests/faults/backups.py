"""Backups of the real product under load, restores that are killed, and a new version of PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import true

from storage import Storage, open_parts, open_storage
from storage.backup import backup as backup_module
from storage.backup.archive import Writer
from storage.backup.backup import backup
from storage.backup.snapshot import Snapshot, write_dump
from storage.embedded import embedded_server
from storage.files.files import digest_of
from tests.end_to_end.tunesmith import Tunesmith
from tests.faults.product import Product, product
from tests.faults.report import Report, fault
from tests.faults.verdict import judge
from tests.storage.backup.backups import back_up, digests_in, rows, rows_in, stored_contents
from tests.storage.examples import COMPOSITION, origin, request

REQUESTS, BACKUP_AT, KILLS = 100, 30, 20


@fault(
    "backup",
    promise="a backup while 100 tunes are made has the rows and files of one moment; restored elsewhere, the unfinished go on",
    limit_s=2400,
)
async def backup_under_load(report: Report) -> None:
    target, elsewhere = report.folder / "backup.tar", report.folder / "elsewhere"
    report.folder.chmod(0o755)
    (report.folder / "first").mkdir()
    async with product(report.folder / "first") as running:
        expected, deleted = await _back_up_under_load(running, target)
        report.figure("tunes deleted during the backup", deleted)
        await asyncio.wait_for(_all_finished(running.folder / "data", REQUESTS - deleted), 1200)
    report.figure("size of the backup in MB", round(target.stat().st_size / 1e6, 1))
    elsewhere.mkdir()
    began = time.monotonic()
    restored = _restore(elsewhere / "data", target).wait()
    report.figure("seconds to restore", round(time.monotonic() - began, 1))
    report.check(restored == 0, "the restore failed")
    async with open_parts(data_dir=elsewhere / "data", database_url=None, files_url=None) as (database, _):
        report.check(rows_in(database.conninfo) == expected, "rows differ from those of the moment")
        contents = stored_contents(elsewhere / "data")
        report.check(contents.keys() == digests_in(database.conninfo), "files are missing, or too many")
        report.check(all(digest_of(content) == digest for digest, content in contents.items()), "files differ")
        report.figure("files", len(contents))
    again = Tunesmith(elsewhere, {})
    await again.start()
    total = expected["tunes"].count(b"\n")
    report.figure("tunes in the backup", total)
    try:
        await asyncio.wait_for(_all_finished(elsewhere / "data", total), 1200)
    finally:
        await again.stop()


async def _back_up_under_load(running: Product, target: Path) -> tuple[dict[str, bytes], int]:
    """Returns the rows of the backup's moment, and how many tunes were deleted during it."""
    expected: dict[str, bytes] = {}

    def expect(writer: Writer, at: Snapshot, conninfo: str, *, cancelled: threading.Event) -> str:
        expected.update(rows(at.connection))
        return write_dump(writer, at, conninfo, cancelled=cancelled)

    async def ask() -> None:
        for _ in range(REQUESTS):
            await running.request()
            await asyncio.sleep(0.2)

    asking = asyncio.create_task(ask())
    async with open_storage(data_dir=running.folder / "data") as storage:
        await asyncio.wait_for(_all_finished(running.folder / "data", BACKUP_AT), 1200)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(backup_module, "write_dump", expect)
            backing_up = asyncio.create_task(backup(target, storage.database, storage._files))
            deleted = 0
            while not backing_up.done():
                deleted += await _delete_one(running, storage) if expected else 0
                await asyncio.sleep(0.05)
            summary = await backing_up
        assert summary.missing == []
    await asking
    return expected, deleted


async def _delete_one(running: Product, storage: Storage) -> bool:
    posted = [tune for tune in (await running.tunes()).values() if tune.message_id]
    return bool(posted) and await storage.sharing.remove(posted[0].id, true()) is not None


async def _all_finished(data_dir: Path, count: int) -> None:
    async with open_parts(data_dir=data_dir, database_url=None, files_url=None) as (database, _):
        connection = await database.connect(autocommit=True)
        async with connection:
            query = "SELECT count(*) FROM tunes WHERE status = 'finished'"
            while (await (await connection.execute(query)).fetchall())[0][0] < count:
                await asyncio.sleep(0.2)


@fault("restore-killed", promise="a restore that was killed at any moment can be repeated", limit_s=1800)
async def restore_killed(report: Report) -> None:
    report.folder.chmod(0o755)
    source, target = report.folder / "source", report.folder / "backup.tar"
    async with open_storage(data_dir=source) as storage:
        for number in range(200):
            tune = await storage.add(request(number), origin(str(number)))
            if number % 4:
                await storage.finish(tune.id, COMPOSITION, {"tune.mp3": ("audio/mpeg", os.urandom(200_000))})
        await back_up(storage, target)
        expected = rows_in(storage.database.conninfo)
    contents = stored_contents(source)
    embedded_server(source / "postgres").cleanup()
    began = time.monotonic()
    assert _restore(report.folder / "timed", target).wait() == 0
    taken = time.monotonic() - began
    chance, complete = random.Random(report.options.seed), 0
    for number in range(KILLS):
        folder = report.folder / f"restored {number}"
        process = _restore(folder, target)
        await asyncio.sleep(chance.uniform(0.1, 1.0) * taken)
        process.kill()
        process.wait()
        again = _restore(folder, target)
        messages = again.communicate()[1]
        already = "already" in messages  # pg_restore had everything, and completed its transaction
        complete += already
        report.check(again.returncode == 0 or already, f"the second restore failed: {messages}")
        async with open_storage(data_dir=folder) as storage:
            report.check(rows_in(storage.database.conninfo) == expected, "rows differ")
        report.check(stored_contents(folder) == contents, "files differ")
        embedded_server(folder / "postgres").cleanup()
        shutil.rmtree(folder)
    report.figure("kills", KILLS)
    report.figure("of these after the last byte of the dump", complete)


def _restore(data_dir: Path, source: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "bot", "restore", str(source)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@fault(
    "new-postgres",
    promise="after a kill, a Tunesmith with a newer PostgreSQL starts with the older one's data folder; nothing is lost or twice",
    limit_s=1200,
)
async def new_postgres(report: Report) -> None:
    async with product(report.folder, PGSERVER_POSTGRES_VERSION="16") as running:
        interactions = [await running.request() for _ in range(20)]
        await running.all_over(interactions[:5])
        del running.environment["PGSERVER_POSTGRES_VERSION"]
        running.kill("all")
        took = await running.all_over(interactions)
        report.figure("seconds from the kill to the last tune", round(took, 1))
        report.figure("PostgreSQL", (running.folder / "data/postgres/PG_VERSION").read_text().strip())
        report.check(list(running.folder.glob("data/postgres-16-*")), "the old folder was not kept")
        await judge(running, report)
