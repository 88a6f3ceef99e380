"""Removes the contents of deleted tunes. While a backup reads contents, they are only marked, and removed when it is done.

A backup holds one lock exclusively, and each removal tries to take it shared. Nobody who deletes a tune waits for a backup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables
from storage.database import Database
from storage.errors import StorageError
from storage.files.files import Files, lock_contents

KEEP_LOCK = 7_486_937_106  # any number, the same in every process
WAIT_S = 30  # a removal takes less than a second; another backup, much longer

files = tables.files


def keep_contents(connection: psycopg.Connection[Any]) -> None:
    """From now on no content is removed, until the connection ends. Raises StorageError if another backup is running."""
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
            connection.execute("SET LOCAL statement_timeout = 0")
            connection.execute("SELECT pg_advisory_lock(%s)", [KEEP_LOCK])  # held beyond the transaction
    except psycopg.errors.LockNotAvailable as error:
        raise StorageError("Another backup is running: wait until it is finished.") from error


async def remove_contents(connection: AsyncConnection, file_store: Files, digests: Iterable[str]) -> None:
    """Removes or marks contents, which the transaction has locked, unless a tune has them. Raises StorageError."""
    unneeded = set(digests) - await _needed(connection, digests)
    remove = file_store.remove if await _may_remove(connection) else file_store.mark_for_removal
    # Before the commit: after a crash here the tune can be deleted again, and no file is left over.
    for digest in unneeded:
        await remove(digest)


async def remove_marked(database: Database, file_store: Files) -> None:
    """Removes the contents that were marked during a backup, also one that was killed. Raises StorageError."""
    for digest in await file_store.marked_for_removal():
        async with database.begin() as connection:
            await lock_contents(connection, [digest], to_remove=True)
            if not await _may_remove(connection):  # another backup has begun, and does this when it is done
                return
            if digest not in await _needed(connection, [digest]):
                await file_store.remove(digest)
            await file_store.unmark(digest)


async def _may_remove(connection: AsyncConnection) -> bool:
    """Whether no backup is running. If so, none begins until the transaction ends."""
    tried = await connection.execute(text("SELECT pg_try_advisory_xact_lock_shared(:lock)"), {"lock": KEEP_LOCK})
    return bool(tried.scalar_one())


async def _needed(connection: AsyncConnection, digests: Iterable[str]) -> set[str]:
    return set((await connection.execute(select(files.c.hash).where(files.c.hash.in_(list(digests))))).scalars())
