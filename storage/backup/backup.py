"""Backs up the database and the tunes' files at one point in time.

While everything runs: PostgreSQL keeps the point in time as a snapshot, from which pg_dump reads the tables and this module the
list of files. Contents never change, and none is removed until the backup is done (`storage.files.removal`).
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import psycopg

from storage.backup.archive import SUMMARY, Missing, Summary, Writer, content_name
from storage.backup.snapshot import Snapshot, snapshot, write_dump
from storage.database import Database
from storage.errors import StorageError
from storage.files.files import Files, digest_of
from storage.files.removal import keep_contents, remove_marked

AT_ONCE = 16  # contents in memory; a bucket answers each after a while


async def backup(target: Path, database: Database, file_store: Files) -> Summary:
    """Writes a backup of this moment. Its summary lists missing files. Raises StorageError, and OSError for the target."""
    cancelled = threading.Event()
    try:
        connection = await asyncio.to_thread(lambda: psycopg.connect(database.conninfo, autocommit=True))
    except psycopg.OperationalError as error:
        raise StorageError(database.unreachable()) from error
    try:
        await asyncio.to_thread(keep_contents, connection)
        with Writer(target) as writer:
            with snapshot(connection, with_files=True) as at:
                digest = await asyncio.to_thread(write_dump, writer, at, database.conninfo, cancelled=cancelled)
                summary = await _copy_contents(at, file_store, writer, Summary(digest))
            writer.add_document(SUMMARY, summary)
            await asyncio.to_thread(writer.finish)
    except psycopg.Error as error:
        raise StorageError(f"The database could not be read to the end: {error}. Run the backup again.") from error
    finally:
        cancelled.set()
        connection.close()
    await remove_marked(database, file_store)
    return summary


async def _copy_contents(at: Snapshot, file_store: Files, writer: Writer, summary: Summary) -> Summary:
    """Copies the contents that the snapshot names, each once."""
    with at.connection.cursor(name="contents") as cursor:  # on the server: the list may be longer than memory
        cursor.execute("SELECT DISTINCT hash FROM files ORDER BY hash")
        while rows := cursor.fetchmany(AT_ONCE):
            digests = [str(digest) for (digest,) in rows]
            contents = await asyncio.gather(*(file_store.read_unchecked(digest) for digest in digests))
            for digest, content in zip(digests, contents, strict=True):
                if content is not None and digest_of(content) == digest:
                    writer.add(content_name(digest), len(content), [content])
                    summary.contents += 1
                else:
                    files = at.connection.execute("SELECT tune_id, name FROM files WHERE hash = %s", [digest])
                    summary.missing += [Missing(tune_id, name, digest, content is not None) for tune_id, name in files]
    return summary
