"""Makes backups, restores them, and shows all that a storage holds."""

from __future__ import annotations

import io
from pathlib import Path

import psycopg
from psycopg import sql

from storage import Storage, open_parts
from storage.backup.archive import Summary
from storage.backup.backup import backup
from storage.backup.restore import restore
from tests.storage.examples import execute

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"


def contents_of(tune_id: str) -> dict[str, tuple[str, bytes]]:
    """Files that are as different as the tunes, and one that all share."""
    return {"tune.abc": ("text/plain", tune_id.encode() * 100), "tune.mp3": ("audio/mpeg", bytes(range(256)) * 40)}


def rows(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, bytes]:
    """All rows of all tables, as PostgreSQL writes them."""
    found = {}
    for (table,) in connection.execute(TABLES).fetchall():
        query = sql.SQL("COPY (SELECT * FROM {} AS row ORDER BY row::text) TO STDOUT").format(sql.Identifier(str(table)))
        with connection.cursor().copy(query) as copy:
            found[str(table)] = b"".join(bytes(chunk) for chunk in copy)
    return found


def rows_in(url: str) -> dict[str, bytes]:
    with psycopg.connect(url) as connection:
        return rows(connection)


def digests_in(url: str) -> set[str]:
    return {str(digest) for (digest,) in execute(url, "SELECT hash FROM files")}


def stored_contents(folder: Path) -> dict[str, bytes]:
    return {path.parent.name + path.name: path.read_bytes() for path in (folder / "files").glob("??/*")}


async def back_up(storage: Storage, target: Path) -> Summary:
    return await backup(target, storage.database, storage._files)


async def restore_into(url: str, folder: Path, source: Path | bytes) -> None:
    async with open_parts(data_dir=folder, database_url=url, files_url=None) as (database, file_store):
        await restore(io.BytesIO(source if isinstance(source, bytes) else source.read_bytes()), database, file_store)
