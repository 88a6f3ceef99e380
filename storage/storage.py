"""Storage: adds requests with their jobs, reads tunes and files, and stores what the workers make."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from procrastinate import App
from procrastinate.jobs import Job
from sqlalchemy import ColumnElement, Executable, Select, and_, func, literal, null, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from generator.request import TuneRequest
from generator.user_messages import message_as_dict
from storage import tables
from storage.adding import Adding
from storage.changes import listen
from storage.claims import Claims
from storage.credentials import Credentials
from storage.database import Database
from storage.files.files import Files, TuneFile, digest_of, lock_contents
from storage.files.remaking import REMAKE_WAIT_S, Remaking
from storage.files.room import Room
from storage.files.versions import Versions
from storage.gallery import Gallery
from storage.last_seen import LastSeen
from storage.leases import Leases
from storage.messages import Messages
from storage.preferences import Preferences
from storage.privacy import Privacy
from storage.queue import rounds
from storage.queue.heartbeat import bury
from storage.queue.job_manager import FencedJobManager
from storage.queue.model_offers import ModelOffers
from storage.queue.tasks import make_app
from storage.sessions import Sessions
from storage.sharing import Sharing
from storage.signing_keys import SigningKeys
from storage.tunes import Composition, Origin, Status, Tune, composition_values, is_id, tune_from

tunes, files = tables.tunes, tables.files
# Not `NOT IN`: the index of unfinished tunes is not used for that.
unfinished = tunes.c.status.in_([status for status in Status if not status.over])

LOCK_HELD_JOB = text(
    "SELECT id FROM procrastinate_jobs "
    "WHERE id = :job_id AND worker_id = :worker_id AND attempts = :attempts AND status = 'doing' FOR SHARE"
)


@asynccontextmanager
async def open_storage(
    *, data_dir: Path, database_url: str | None = None, files_url: str | None = None, secret_keys: Sequence[str] = ()
) -> AsyncIterator[Storage]:
    """Opens the database (without a URL: embedded, in data_dir) and the files. Raises StorageError if either can't be used.

    `secret_keys` are those of `Storage.credentials`, which refuses to work without one.
    """
    async with open_parts(data_dir=data_dir, database_url=database_url, files_url=files_url) as (database, file_store):
        await database.migrate()
        folders = {"the database": data_dir / "postgres"} if database_url is None else {}
        folders |= {"files": file_store.folder} if file_store.folder else {}
        storage = Storage(database, file_store, Room(folders), secret_keys)
        try:
            yield storage
        finally:
            await storage.leases.close()


@asynccontextmanager
async def open_parts(*, data_dir: Path, database_url: str | None, files_url: str | None) -> AsyncIterator[tuple[Database, Files]]:
    """Opens the database as it is, perhaps empty or of another version, and the files. Raises StorageError."""
    database = await Database.open(data_dir, database_url)
    try:
        yield database, Files.open(data_dir, files_url)
    finally:
        await database.close()


class Storage:
    """The database and the files. Its attributes hold the operations on one subject each."""

    database: Database
    jobs: App
    job_manager: FencedJobManager
    gallery: Gallery
    sharing: Sharing
    preferences: Preferences
    privacy: Privacy
    model_offers: ModelOffers
    last_seen: LastSeen
    credentials: Credentials
    signing_keys: SigningKeys
    claims: Claims
    leases: Leases
    sessions: Sessions
    messages: Messages
    remaking: Remaking
    versions: Versions
    room: Room

    def __init__(self, database: Database, file_store: Files, room: Room | None = None, secret_keys: Sequence[str] = ()) -> None:
        self.database = database
        self.jobs, self.job_manager = make_app(database.conninfo)
        self.room = self.job_manager.room = room or Room({})
        self._files = file_store
        self._adding = Adding(database, self.jobs, self.room)
        self.gallery = Gallery(database)
        self.sharing = Sharing(database, file_store)
        self.preferences = Preferences(database)
        self.privacy = Privacy(database, self.sharing)
        self.model_offers = ModelOffers(database)
        self.last_seen = LastSeen(database)
        self.credentials = Credentials(database, secret_keys)
        self.signing_keys = SigningKeys(database)
        self.claims = Claims(database)
        self.leases = Leases(database)
        self.sessions = Sessions(database)
        self.messages = Messages(database)
        self.remaking = Remaking(database, file_store, self.jobs)
        self.versions = Versions(database, file_store, self.jobs, self.room)

    # For platforms

    async def add(
        self,
        request: TuneRequest,
        origin: Origin,
        *,
        parent_id: str | None = None,
        limit: int | None = None,
        cooldown_s: int = 0,
        queue_limit: int | None = None,
    ) -> Tune:
        """Stores a request and its job in one transaction. The same event again returns the tune that exists.

        `storage.queue.rounds` decides its turn; it starts at the earliest `cooldown_s` after the user's last turn in that
        community. A parent that doesn't exist is ignored. Raises TooManyOpen if the user has `limit` unfinished tunes, QueueFull
        if `queue_limit` tunes are waiting, NoRoom if the disk is full, UserError for text that can't be stored (NUL, half a
        surrogate pair).
        """
        return (await self._adding.add([request], origin, parent_id, limit, cooldown_s, queue_limit, as_set=False))[0]

    async def add_set(
        self,
        requests: Sequence[TuneRequest],
        origin: Origin,
        *,
        parent_id: str | None = None,
        limit: int | None = None,
        cooldown_s: int = 0,
        queue_limit: int | None = None,
    ) -> list[Tune]:
        """Stores the requests of a set and their jobs, all or none, as one turn in the queue.

        The first tune has the origin's event id, the others that id with `:1`, `:2`, …; only the first has the parent. The limit
        counts every tune. The same event again returns the tunes of the set that still exist. Otherwise as `add`.
        """
        return await self._adding.add(requests, origin, parent_id, limit, cooldown_s, queue_limit, as_set=True)

    async def tune(self, tune_id: str) -> Tune | None:
        found = await self._tunes(select(tunes).where(tunes.c.id == tune_id)) if is_id(tune_id) else []
        return found[0] if found else None

    async def unfinished(self, tune_ids: Collection[str]) -> set[str]:
        """Which of these tunes are not finished."""
        rows = await self._rows(select(tunes.c.id).where(tunes.c.id.in_(tune_ids), unfinished)) if tune_ids else []
        return {row["id"] for row in rows}

    async def set_of(self, set_id: str) -> list[Tune]:
        """The tunes of a set that exist, in their order. `set_id` is the id of its first tune, which may be deleted."""
        query = select(tunes).where(tunes.c.set_id == set_id).order_by(tunes.c.set_index)
        return await self._tunes(query) if is_id(set_id) else []

    async def queue_position(self, tune_id: str) -> int:
        """The tune's position in the queue: 1 is next, 0 is not queued. Tunes in a cooldown don't count."""
        return (await self.queue_positions([tune_id])).get(tune_id, 0)

    async def queue_positions(self, tune_ids: Iterable[str]) -> dict[str, int]:
        """The positions of the tunes that are queued, by id."""
        ids = [tune_id for tune_id in tune_ids if is_id(tune_id)]
        return {row["id"]: row["queue_position"] for row in await self._rows(rounds.POSITIONS, {"ids": ids})}

    async def queue_speed(self) -> rounds.QueueSpeed:
        """How fast tunes are made at the moment."""
        [row] = await self._rows(rounds.queue_speed())
        return rounds.QueueSpeed(**row)

    async def queue_state(self) -> rounds.QueueState:
        """What waits and what is being made."""
        [row] = await self._rows(rounds.queue_state())
        return rounds.QueueState(**row)

    async def undelivered(self, platform: str) -> list[Tune]:
        """The platform's tunes that have not been delivered, oldest first."""
        waiting = and_(tunes.c.platform == platform, tunes.c.message_id.is_(None))
        return await self._tunes(select(tunes).where(waiting).order_by(tunes.c.created_at, tunes.c.id))

    async def mark_delivered(self, tune_id: str, message_id: str) -> None:
        """Stores the id of the message that delivered the tune, unless one is stored."""
        await self._change(tune_id, tunes.c.message_id.is_(None), message_id=message_id)

    async def replace_message(self, set_id: str, before: str, message_id: str, reply: dict[str, Any]) -> None:
        """Stores that another message carries the tunes of a set, and what is new in their reply, as `set_reply`."""
        these = and_(tunes.c.set_id == set_id, tunes.c.message_id == before)
        values = {"message_id": message_id, "reply": tunes.c.reply.concat(literal(reply, JSONB))}
        async with self.database.begin() as connection:
            await connection.execute(update(tunes).where(these).values(values))

    async def set_reply(self, tune_id: str, reply: dict[str, Any], *, delivered: bool = False) -> bool:
        """Stores values that the platform needs to answer, if they are known only after `add`. Other values of the reply stay.

        A set's id stands for all its tunes. `delivered`: also for tunes that were delivered; otherwise those keep their reply.
        False if there is no such tune.
        """
        these = or_(tunes.c.id == tune_id, tunes.c.set_id == tune_id)
        if not delivered:
            these = and_(these, tunes.c.message_id.is_(None))
        merged = tunes.c.reply.concat(literal(reply, JSONB))
        async with self.database.begin() as connection:
            return bool((await connection.execute(update(tunes).where(these).values(reply=merged))).rowcount)

    async def files(self, tune_id: str) -> list[TuneFile]:
        return (await self.files_of([tune_id]))[tune_id]

    async def files_of(self, tune_ids: Collection[str]) -> dict[str, list[TuneFile]]:
        """The files by tune id, sorted by name."""
        found: dict[str, list[TuneFile]] = {tune_id: [] for tune_id in tune_ids}
        these = files.c.tune_id.in_([tune_id for tune_id in tune_ids if is_id(tune_id)])
        for row in await self._rows(select(files).where(these).order_by(files.c.name)):
            found[row["tune_id"]].append(TuneFile(row["name"], row["media_type"], row["size"], row["hash"]))
        return found

    async def read(self, tune_id: str, name: str, *, wait_s: float = REMAKE_WAIT_S) -> bytes:
        """The content of a file. One that is missing or damaged is made again by a worker: waits for that, at most `wait_s`.

        Raises KeyError if the tune has no such file, FileMissing after the wait, StorageError if the files can't be used.
        """
        return await self.remaking.read(tune_id, name, wait_s)

    def changes(self) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Yields the ids of tunes whose rows change from now on.

        An empty id means that the connection was lost and changes may have been missed: read everything again.
        """
        return listen(self.database)

    # For workers

    async def bury_worker(self, worker_id: int) -> None:
        """Puts the jobs of a worker back whose process is known to have died. Other workers notice that after ten seconds."""
        await bury(self.database, worker_id)

    # `starts` is `Tune.starts` of the caller's start: a worker that was taken for dead can't change a tune that another one
    # has started since. Without it, the latest start is meant.

    async def start(self, tune_id: str, *, job: Job | None = None) -> Tune | None:
        """Marks the tune as started, also one that a dead worker left.

        None if it is over or doesn't exist, or if the worker no longer holds the job.
        """
        values = {"status": Status.COMPOSING, "bars": 0, "draft": null(), "starts": tunes.c.starts + 1}
        values["started_at"] = func.coalesce(tunes.c.started_at, func.now())
        if not is_id(tune_id):
            return None
        async with self.database.begin() as connection:
            # Locked, so that the job isn't put back at the same time.
            if job is not None:
                held = {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts}
                if (await connection.execute(LOCK_HELD_JOB, held)).first() is None:
                    return None
            this = update(tunes).where(tunes.c.id == tune_id, unfinished).values(values).returning(tunes)
            row = (await connection.execute(this)).mappings().one_or_none()
        return tune_from(row) if row is not None else None

    async def progress(
        self, tune_id: str, *, status: Status, bars: int, draft: str | None = None, starts: int | None = None
    ) -> bool:
        """Stores the progress, with the ABC of what is written so far.

        False if the tune was deleted, is over, or was started by another worker.
        """
        return await self._change(tune_id, _in_hand(starts), status=status, bars=bars, draft=draft) is not None

    async def count_failure(self, tune_id: str, *, starts: int | None = None) -> int:
        """Counts that making the tune raised an error. Returns how often it did.

        0 if the tune is over or doesn't exist, or was started by another worker.
        """
        row = await self._change(tune_id, _in_hand(starts), failures=tunes.c.failures + 1)
        return 0 if row is None else int(row["failures"])

    async def finish(
        self, tune_id: str, composition: Composition, files: dict[str, tuple[str, bytes]], *, starts: int | None = None
    ) -> None:
        """Stores the files, name → (media type, content), then marks the tune as finished. A tune that is over is not changed."""
        if not is_id(tune_id):
            return
        digests = {name: digest_of(content) for name, (_, content) in files.items()}
        values = composition_values(composition) | {"status": Status.FINISHED, "draft": null(), "finished_at": func.now()}
        this = and_(tunes.c.id == tune_id, _in_hand(starts))
        async with self.database.begin() as connection:
            # Lock the row before the contents, as `Sharing.remove` does, so that the two can't deadlock.
            if (await connection.execute(select(tunes.c.id).where(this).with_for_update(key_share=True))).first() is None:
                return
            await lock_contents(connection, digests.values(), to_remove=False)
            await self._files.write(content for _, content in files.values())
            file_rows = [
                {
                    "tune_id": tune_id,
                    "name": name,
                    "media_type": media_type,
                    "size": len(content),
                    "hash": digests[name],
                }
                for name, (media_type, content) in files.items()
            ]
            await connection.execute(update(tunes).where(this).values(values))
            if file_rows:
                await connection.execute(insert(tables.files), file_rows)

    async def fail(self, tune_id: str, message: str, *, starts: int | None = None) -> None:
        await self._change(
            tune_id, _in_hand(starts), status=Status.FAILED, error=message_as_dict(message), draft=None, finished_at=func.now()
        )

    async def _change(self, tune_id: str, condition: Any, **values: Any) -> Any:
        """The changed row, or None if the tune doesn't exist or doesn't meet the condition."""
        if not is_id(tune_id):
            return None
        async with self.database.begin() as connection:
            changed = await connection.execute(
                update(tunes).where(tunes.c.id == tune_id, condition).values(values).returning(tunes)
            )
            return changed.mappings().one_or_none()

    async def _tunes(self, query: Select[Any]) -> list[Tune]:
        return [tune_from(row) for row in await self._rows(query)]

    async def _rows(self, query: Executable, values: dict[str, Any] | None = None) -> list[Any]:
        async with self.database.begin() as connection:
            return list((await connection.execute(query, values)).mappings())


def _in_hand(starts: int | None) -> ColumnElement[bool]:
    """An unfinished tune that was not started again since that start."""
    return unfinished if starts is None else and_(unfinished, tunes.c.starts == starts)
