"""Restoring a backup: what is refused, what is never written, and that it can be repeated."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from bot.cli.main import main
from storage import StorageError, open_parts, open_storage
from storage.backup import pg_tools
from storage.backup.backup import backup
from storage.files.files import Files
from tests.storage.backup.backups import digests_in, restore_into, rows_in, stored_contents
from tests.storage.examples import execute

REVISION = "SELECT version_num FROM alembic_version"
Parts = list[tuple[tarfile.TarInfo, bytes]]


def parts_of(backup: bytes) -> Parts:
    with tarfile.open(fileobj=io.BytesIO(backup)) as archive:
        return [(info, archive.extractfile(info).read()) for info in archive]  # type: ignore[union-attr]


def packed(parts: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    output = io.BytesIO()
    for info, content in parts:
        output.write(info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % tarfile.BLOCKSIZE))
    return output.getvalue() + bytes(2 * tarfile.BLOCKSIZE)


def with_manifest(backup: bytes, **changes: Any) -> bytes:
    (info, manifest), *others = parts_of(backup)
    changed = json.dumps(json.loads(manifest) | changes).encode()
    info.size = len(changed)
    return packed([(info, changed), *others])


async def refusal(url: str, folder: Path, backup: bytes) -> str:
    """The error, after which the database is as before."""
    before = rows_in(url)
    with pytest.raises(StorageError) as raised:
        await restore_into(url, folder, backup)
    assert rows_in(url) == before
    return str(raised.value)


@pytest.mark.parametrize("kept", ["tunes", "defaults", "credentials"])
async def test_a_restore_over_tunes_or_settings_is_refused(url: str, tmp_path: Path, example: bytes, kept: str) -> None:
    if kept != "tunes":
        execute(url, "TRUNCATE tunes CASCADE")
    if kept != "credentials":
        execute(url, "DELETE FROM credentials")
    if kept == "defaults":
        execute(url, "INSERT INTO defaults VALUES ('discord', 'ann', '{}')")
    assert "tunes or settings in the database already" in await refusal(url, tmp_path, example)


async def test_a_restore_while_tunesmith_runs_is_refused(other_url: str, other_folder: Path, example: bytes) -> None:
    with psycopg.connect(other_url):
        assert "stop Tunesmith" in await refusal(other_url, other_folder, example)


async def test_a_backup_is_restored_over_the_empty_tables_of_a_first_start(
    url: str, other_url: str, other_folder: Path, example: bytes
) -> None:
    async with open_storage(data_dir=other_folder, database_url=other_url, files_url=None):
        pass
    await restore_into(other_url, other_folder, example)
    assert rows_in(other_url) == rows_in(url)


async def test_a_backup_of_an_older_schema_is_migrated(
    other_url: str, other_folder: Path, new_database: Callable[..., str], url: str
) -> None:
    old = new_database()
    async with open_parts(data_dir=other_folder, database_url=old, files_url=None) as (database, file_store):
        await database.migrate("0001")
        execute(old, "INSERT INTO defaults VALUES ('discord', 'ann', '{}')")
        await backup(other_folder / "backup.tar", database, file_store)
    await restore_into(other_url, other_folder, other_folder / "backup.tar")
    assert execute(other_url, REVISION) == execute(url, REVISION)
    assert execute(other_url, "SELECT user_id FROM defaults") == [("ann",)]


async def test_a_backup_that_does_not_fit_is_refused_with_advice(other_url: str, other_folder: Path, example: bytes) -> None:
    changes_and_words: list[tuple[dict[str, Any], str]] = [
        ({"revision": "9999", "tunesmith": "7.1"}, "is of Tunesmith 7.1, which is newer: install that version"),
        ({"format": 2, "tunesmith": "7.1"}, "is of Tunesmith 7.1: install that version"),
        ({"postgresql": 99}, "is of PostgreSQL 99"),
        ({"schema": "tunes"}, "search_path"),
        ({"pg_dump": 99}, "There is no pg_restore of PostgreSQL 99 or newer: install"),
        ({"taken_at": "yesterday"}, "manifest.json cannot be read"),
    ]
    for changes, words in changes_and_words:
        assert words in await refusal(other_url, other_folder, with_manifest(example, **changes))


async def test_a_backup_that_is_cut_off_or_changed_is_refused(other_url: str, other_folder: Path, example: bytes) -> None:
    for share in (0, 0.1, 0.5, 0.9, 0.99):
        assert "cut off" in await refusal(other_url, other_folder, example[: int(len(example.rstrip(b"\0")) * share)])
    for part in ("database.dump", "files/"):
        parts = parts_of(example)
        [index, *_] = [index for index, (info, _) in enumerate(parts) if info.name.startswith(part)]
        info, content = parts[index]
        parts[index] = (info, content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        assert "damaged" in await refusal(other_url, other_folder, packed(parts))
    assert "end is missing" in await refusal(other_url, other_folder, packed(parts_of(example)[:-1]))
    assert "do not belong together" in await refusal(
        other_url, other_folder, packed([*parts_of(example)[:2], parts_of(example)[-1]])
    )


async def test_entries_that_are_not_plain_files_named_by_hashes_are_refused(
    other_url: str, other_folder: Path, example: bytes
) -> None:
    def with_entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 3) -> bytes:
        hostile = tarfile.TarInfo(name)
        hostile.type, hostile.size, hostile.linkname = kind, size, "/etc/passwd"
        first, *others = parts_of(example)
        return packed([first, (hostile, b"abc"), *others])

    good_name = f"files/{'0' * 64}"
    for name in ("files/../../escaped", "/tmp/escaped", "escaped", f"files/{'A' * 64}", f"{good_name}/escaped"):
        assert "does not belong there" in await refusal(other_url, other_folder, with_entry(name))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        assert "does not belong there" in await refusal(other_url, other_folder, with_entry(good_name, kind))
    for name in (good_name, "summary.json"):
        assert "too large" in await refusal(other_url, other_folder, with_entry(name, size=2**50))
    assert list(other_folder.parent.rglob("*escaped*")) == []


async def test_a_restore_that_was_interrupted_can_be_repeated(
    url: str, other_url: str, other_folder: Path, example: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Files.write, 0

    async def fail(self: Files, contents: Iterable[bytes]) -> None:
        nonlocal written
        written += 1
        if written == 2:
            raise StorageError("A tune's file cannot be written.")
        await write(self, contents)

    monkeypatch.setattr("storage.backup.restore.BATCH", 1)
    monkeypatch.setattr(Files, "write", fail)
    assert "cannot be written" in await refusal(other_url, other_folder, example)
    [dump] = [content for info, content in parts_of(example) if info.name == "database.dump"]

    def half(conninfo: str, chunks: Iterable[bytes], **options: Any) -> None:
        b"".join(chunks)
        restore(conninfo, [dump[: len(dump) * 2 // 3]], **options)

    restore = pg_tools.pg_restore
    monkeypatch.setattr("storage.backup.snapshot.pg_restore", half)
    assert "pg_restore failed" in await refusal(other_url, other_folder, example)
    monkeypatch.undo()
    await restore_into(other_url, other_folder, example)
    assert rows_in(other_url) == rows_in(url)
    assert set(stored_contents(other_folder)) == digests_in(url)


def test_the_programs_of_the_servers_version_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pg_tools, "_installed", lambda name: [(16, Path("a")), (18, Path("b")), (17, Path("c"))])
    assert [pg_tools.tool_version("pg_dump", server) for server in (15, 16, 17, 18)] == [16, 16, 17, 18]
    with pytest.raises(StorageError, match="no pg_dump of PostgreSQL 19 or newer"):
        pg_tools.tool_version("pg_dump", 19)


def test_the_commands_back_up_and_restore(
    url: str, other_url: str, tmp_path: Path, other_folder: Path, example: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "backup.tar"
    for command, database, folder in (("backup", url, tmp_path), ("restore", other_url, other_folder)):
        monkeypatch.setenv("DATABASE_URL", database)
        monkeypatch.setenv("DATA_DIR", str(folder))
        result = CliRunner().invoke(main, [command, str(target)])
        assert (result.exit_code, "the database and 2 files" in result.output) == (0, True), result.output
    assert target.stat().st_mode & 0o077 == 0  # it has what is private
    assert rows_in(other_url) == rows_in(url)
    assert stored_contents(other_folder) == stored_contents(tmp_path)
    again = CliRunner().invoke(main, ["restore", str(target)])
    assert again.exit_code == 1 and again.output.startswith("tunesmith: There are tunes or settings")
    nowhere = CliRunner().invoke(main, ["backup", str(tmp_path / "none" / "backup.tar")])
    assert nowhere.exit_code == 1 and "cannot be written" in nowhere.output
