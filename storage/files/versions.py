"""Further recordings of a finished tune, which a worker makes when somebody asks for one: see `generator.versions`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping

import psycopg
from procrastinate import App
from sqlalchemy import and_, delete, insert, select, text

from generator.user_messages import UserError, UserMessage
from storage import tables
from storage.database import Database
from storage.errors import NoRoom
from storage.files.files import Files, digest_of, lock_contents
from storage.files.remaking import VERSION_FILES
from storage.files.removal import remove_contents
from storage.files.room import Room
from storage.queue.tasks import VERSION, enqueue_version
from storage.tunes import Status, is_id

MAX_KEPT = 8  # versions of a tune; with one more, the earlier ones are removed
MAX_WAITING = 20  # jobs: a version delays the tunes in the queue by a second or two
WAIT_S, POLL_S = 20.0, 0.25

tunes, files = tables.tunes, tables.files
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('versions', 3))")
_WAITING = text(
    "SELECT args ->> 'tune_id', args ->> 'version' FROM procrastinate_jobs "
    "WHERE task_name = :task AND status IN ('todo', 'doing')"
)


class TooManyWaiting(UserError):
    """Others wait for so many versions that no more are taken."""

    def __init__(self) -> None:
        super().__init__(UserMessage("Too many people wait for a recording right now. Please try again in a minute."))


class VersionFailed(UserError):
    """A version that could not be made."""

    def __init__(self) -> None:
        super().__init__(UserMessage("This version could not be recorded. Choose another key or instrument."))


class Versions:
    def __init__(self, database: Database, file_store: Files, jobs: App, room: Room) -> None:
        self._database, self._files, self._jobs, self._room = database, file_store, jobs, room

    async def make(self, tune_id: str, version: str, names: Collection[str], *, wait_s: float = WAIT_S) -> bool:
        """Waits until the finished tune has all files `names` of the version, and queues a job for it if needed.

        False if the wait was too short: call again. Raises TooManyWaiting, VersionFailed, NoRoom.
        """
        until = time.monotonic() + wait_s
        queued = False
        while not await self._has(tune_id, names):
            waits = await self._is_waiting(tune_id, version)
            if queued and not waits:
                if await self._has(tune_id, names):
                    return True
                raise VersionFailed
            if not waits:
                await self._queue(tune_id, version)
            queued = True
            if time.monotonic() >= until:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def _has(self, tune_id: str, names: Collection[str]) -> bool:
        async with self._database.begin() as connection:
            found = await connection.execute(select(files.c.name).where(files.c.tune_id == tune_id, files.c.name.in_(names)))
            return len(found.all()) == len(names)

    async def _is_waiting(self, tune_id: str, version: str) -> bool:
        async with self._database.begin() as connection:
            return (tune_id, version) in {tuple(row) for row in await connection.execute(_WAITING, {"task": VERSION})}

    async def _queue(self, tune_id: str, version: str) -> None:
        if self._room.lacking is not None:
            raise NoRoom
        async with self._database.begin() as connection:
            await connection.execute(_LOCK)
            waiting = {tuple(row) for row in await connection.execute(_WAITING, {"task": VERSION})}
            if (tune_id, version) in waiting:
                return
            if len(waiting) >= MAX_WAITING:
                raise TooManyWaiting
            raw = (await connection.get_raw_connection()).driver_connection
            assert isinstance(raw, psycopg.AsyncConnection)
            await enqueue_version(self._jobs, tune_id, version, raw)

    async def store(self, tune_id: str, contents: Mapping[str, tuple[str, bytes]]) -> None:
        """Stores the files of a version, name → (media type, content), in place of those that it has. Raises StorageError."""
        if not is_id(tune_id):
            return
        finished = and_(tunes.c.id == tune_id, tunes.c.status == Status.FINISHED)
        of_tune = and_(files.c.tune_id == tune_id, files.c.name.startswith(VERSION_FILES))
        digests = {name: digest_of(content) for name, (_, content) in contents.items()}
        async with self._database.begin() as connection:
            if (await connection.execute(select(tunes.c.id).where(finished).with_for_update(key_share=True))).first() is None:
                return
            kept = {row.name: row.hash for row in await connection.execute(select(files.c.name, files.c.hash).where(of_tune))}
            recordings = [name for name in kept if name.endswith(".mp3")]
            dropped = set(kept) if len(recordings) >= MAX_KEPT else set(kept) & set(contents)
            old = [kept[name] for name in dropped]
            await lock_contents(connection, [*old, *digests.values()], to_remove=bool(old))
            await self._files.write(content for _, content in contents.values())
            await connection.execute(delete(files).where(of_tune, files.c.name.in_(dropped)))
            rows = [
                {"tune_id": tune_id, "name": name, "media_type": media_type, "size": len(content), "hash": digests[name]}
                for name, (media_type, content) in contents.items()
            ]
            await connection.execute(insert(files), rows)
            await remove_contents(connection, self._files, old)
