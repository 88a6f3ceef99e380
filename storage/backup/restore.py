"""Restores a backup, or an automatic dump, into an empty database: first the files, then the tables in one transaction."""

from __future__ import annotations

import asyncio
from typing import IO

from sqlalchemy import text

from storage.backup.archive import DUMP, MAX_CONTENT, SUMMARY, Manifest, Reader, Summary, check_summary, content_digest, damaged
from storage.backup.pg_tools import tool_version
from storage.backup.snapshot import restore_dump
from storage.database import Database, is_known_revision
from storage.errors import StorageError
from storage.files.files import Files, digest_of

BATCH, BATCH_SIZE = 16, 64 << 20  # contents, bytes
_OTHERS = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND backend_type = 'client backend' AND pid <> pg_backend_pid()
""")
_TARGET = text("SELECT current_schema(), current_setting('server_version_num')::int / 10000")


async def restore(source: IO[bytes], database: Database, file_store: Files) -> tuple[Manifest, Summary]:
    """Restores the state of the backup, to the byte, and migrates it. Can be repeated after a kill. Raises StorageError.

    The dump may contain any SQL: restore only backups that you trust.
    """
    backup = Reader(source)
    await _check(backup.manifest, database)
    await database.remove_empty_tables()
    summary = await _restore_contents(backup, file_store)
    await asyncio.to_thread(restore_dump, backup, database.conninfo)
    await database.migrate()
    return backup.manifest, summary


async def _check(manifest: Manifest, database: Database) -> None:
    """Raises StorageError if the backup does not fit this Tunesmith or the database."""
    if not is_known_revision(manifest.revision):
        raise StorageError(
            f"The backup is of Tunesmith {manifest.tunesmith}, which is newer: install that version, and restore with it."
        )
    async with database.begin() as connection:
        schema, server = (await connection.execute(_TARGET)).one()
        others = (await connection.execute(_OTHERS)).scalar_one()
    if server < manifest.postgresql:
        raise StorageError(
            f"The backup is of PostgreSQL {manifest.postgresql}, and the database is of PostgreSQL {server}: "
            "restore into that version, or a newer one."
        )
    # It sets a parameter that older servers don't know.
    if server < 17 <= (tool := tool_version("pg_restore", manifest.pg_dump)):
        raise StorageError(
            f"pg_restore {tool} cannot write to PostgreSQL {server}: restore into PostgreSQL 17 or newer, "
            f"or install the client programs of PostgreSQL {server}, back up with them, and restore that."
        )
    if schema != manifest.schema:
        raise StorageError(
            f"The backup is of the schema {manifest.schema}, and the database's user has the schema {schema}: "
            f"set the user's search_path to {manifest.schema}."
        )
    if others:
        raise StorageError("The database is in use: stop Tunesmith, with all its parts, before you restore.")


async def _restore_contents(backup: Reader, file_store: Files) -> Summary:
    """Verifies all of the backup, and writes its contents. Raises StorageError."""
    dump_digest, contents, summary = "", 0, None
    batch: list[bytes] = []  # written together, which is faster: each write waits for the disk
    for entry in backup.entries():
        if digest := content_digest(entry.name):
            content = entry.content(MAX_CONTENT)
            if digest_of(content) != digest:
                raise damaged(f"the content {digest} has changed")
            contents += 1
            batch.append(content)
            if len(batch) == BATCH or sum(map(len, batch)) > BATCH_SIZE:
                await file_store.write(batch)
                batch = []
        elif entry.name == DUMP:
            dump_digest = await asyncio.to_thread(entry.digest)
        elif entry.name == SUMMARY:
            summary = entry.document(Summary)
    await file_store.write(batch)
    return check_summary(summary, dump_digest, contents)
