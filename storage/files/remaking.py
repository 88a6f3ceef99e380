"""Reads files. One that is missing or damaged is made again: its reader queues a job, and a worker renders the tune's ABC."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import psycopg
from procrastinate import App
from sqlalchemy import and_, delete, select, text, update

from storage import tables
from storage.database import Database
from storage.errors import FileMissing
from storage.files.files import Files, digest_of, lock_contents
from storage.files.removal import remove_contents
from storage.queue.tasks import REMAKE, enqueue_remake
from storage.tunes import Status, is_id

tunes, files = tables.tunes, tables.files

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:tune_id, 2))")
QUEUED = text(
    "SELECT FROM procrastinate_jobs WHERE task_name = :task AND args ->> 'tune_id' = :tune_id AND status IN ('todo', 'doing')"
)


REMAKE_WAIT_S = 15.0  # rendering takes two seconds, after the tunes that a busy worker has in hand
POLL_S = 0.5
VERSION_FILES = "version."


class Remaking:
    """Reads files, queues that they are made again, and replaces them."""

    def __init__(self, database: Database, file_store: Files, jobs: App) -> None:
        self._database, self._files, self._jobs = database, file_store, jobs

    async def read(self, tune_id: str, name: str, wait_s: float) -> bytes:
        """See Storage.read."""
        until = time.monotonic() + wait_s
        while (content := await self._files.read(await self._hash(tune_id, name))) is None:
            await self.queue(tune_id)
            if time.monotonic() >= until:
                raise FileMissing
            await asyncio.sleep(POLL_S)
        return content

    async def _hash(self, tune_id: str, name: str) -> str:
        if is_id(tune_id):
            async with self._database.begin() as connection:
                for row in await connection.execute(select(files.c.name, files.c.hash).where(files.c.tune_id == tune_id)):
                    if row.name == name:  # compared in Python: a name may contain characters that PostgreSQL rejects
                        return str(row.hash)
        raise KeyError(name)

    async def queue(self, tune_id: str) -> None:
        """Adds a job that makes the tune's files again, unless there is one."""
        async with self._database.begin() as connection:
            await connection.execute(LOCK, {"tune_id": tune_id})
            if (await connection.execute(QUEUED, {"task": REMAKE, "tune_id": tune_id})).first() is None:
                raw = (await connection.get_raw_connection()).driver_connection
                assert isinstance(raw, psycopg.AsyncConnection)
                await enqueue_remake(self._jobs, tune_id, raw)

    async def is_needed(self, tune_id: str) -> bool:
        """Whether a file of the tune is missing or damaged. Raises StorageError."""
        async with self._database.begin() as connection:
            digests = (await connection.execute(select(files.c.hash).where(files.c.tune_id == tune_id))).scalars().all()
        for digest in digests:
            if await self._files.read(digest) is None:
                return True
        return False

    async def replace(self, tune_id: str, contents: Mapping[str, bytes]) -> None:
        """Stores new contents of the tune's files by name. Files that the tune doesn't have are left out. Raises StorageError.

        Versions of the tune are removed: they are made again when somebody asks.

        All are replaced, not only the damaged ones: another version may render differently, and a recording must fit its sheet.
        """
        if not is_id(tune_id):
            return
        finished = and_(tunes.c.id == tune_id, tunes.c.status == Status.FINISHED)
        of_tune = files.c.tune_id == tune_id
        async with self._database.begin() as connection:
            if (await connection.execute(select(tunes.c.id).where(finished).with_for_update(key_share=True))).first() is None:
                return
            old = {row.name: row.hash for row in await connection.execute(select(files.c.name, files.c.hash).where(of_tune))}
            new = {name: content for name, content in contents.items() if name in old}
            digests = {name: digest_of(content) for name, content in new.items()}
            await lock_contents(connection, [*old.values(), *digests.values()], to_remove=True)
            await self._files.write(new.values())
            await connection.execute(delete(files).where(of_tune, files.c.name.startswith(VERSION_FILES)))
            for name, content in new.items():
                changed = {"size": len(content), "hash": digests[name]}
                await connection.execute(update(files).where(of_tune, files.c.name == name).values(changed))
            await remove_contents(connection, self._files, old.values())
