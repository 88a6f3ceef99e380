"""Adds requests: their tunes and jobs in one transaction, each event once, and no more of them than may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import psycopg
from procrastinate import App
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError

from generator.request import TuneRequest
from generator.user_messages import UserError, UserMessage
from storage import tables
from storage.database import Database
from storage.errors import NoRoom, StorageError, TooManyOpen, lacks_room
from storage.files.room import Room
from storage.queue.queue_limit import QueueLimit
from storage.queue.rounds import NEXT_TURN
from storage.queue.tasks import enqueue
from storage.tunes import Origin, Tune, is_id, new_id, tune_from

tunes = tables.tunes

LOCK_USER = text("SELECT pg_advisory_xact_lock(hashtextextended(:user, 0))")
# Made once: SQLAlchemy takes longer to make a statement than PostgreSQL to execute it.
INSERT = insert(tunes).on_conflict_do_nothing(constraint="tunes_event_key").returning(tunes)


class Adding:
    """See Storage.add and Storage.add_set."""

    def __init__(self, database: Database, jobs: App, room: Room) -> None:
        self._database, self._jobs, self._room = database, jobs, room
        self._queue_limit = QueueLimit()

    async def add(
        self,
        requests: Sequence[TuneRequest],
        origin: Origin,
        parent_id: str | None,
        limit: int | None,
        cooldown_s: int,
        queue_limit: int | None,
        *,
        as_set: bool,
    ) -> list[Tune]:
        ids = [new_id() for _ in requests]
        events = [f"{origin.event_id}:{index}" if index else origin.event_id for index in range(len(requests))]
        asks = {
            "platform": origin.platform,
            "user_id": origin.user_id,
            "community_id": origin.community_id,
            "model": requests[0].model,
            "cooldown_s": cooldown_s,
            "parent_id": parent_id if parent_id and is_id(parent_id) else None,
        }
        try:
            async with self._database.begin() as connection:
                if origin.user_id:
                    # One request per user at a time: the limit and the last turn are read before the row is added.
                    await connection.execute(LOCK_USER, {"user": f"{origin.platform} {origin.user_id}"})
                turn = (await connection.execute(NEXT_TURN, asks)).one()
                common_values = asdict(origin) | {
                    "round": turn.round,
                    "not_before": turn.not_before,
                    "set_id": ids[0] if as_set else None,
                }
                values = [
                    common_values
                    | {
                        "id": ids[index],
                        "event_id": events[index],
                        "request": request.as_dict(),
                        "parent_id": None if index else turn.parent_id,
                        "set_index": index,
                    }
                    for index, request in enumerate(requests)
                ]
                added = (await connection.execute(INSERT, values)).mappings()
                rows = sorted(added, key=lambda row: int(row["set_index"]))
                if len(rows) < len(requests):  # a known event; some tunes of its set may have been deleted since
                    await connection.execute(delete(tunes).where(tunes.c.id.in_(ids)))
                    known = select(tunes).where(tunes.c.platform == origin.platform, tunes.c.event_id.in_(events))
                    return [tune_from(row) for row in (await connection.execute(known.order_by(tunes.c.set_index))).mappings()]
                if limit is not None and origin.user_id and turn.open + len(requests) > limit:
                    raise TooManyOpen(turn.open, limit, len(requests))
                raw = (await connection.get_raw_connection()).driver_connection
                assert isinstance(raw, psycopg.AsyncConnection)
                for row in rows:
                    model = row["request"]["model"]
                    job_id = await enqueue(self._jobs, row["id"], raw, model=model, round=turn.round, not_before=turn.not_before)
                if queue_limit is not None:
                    await self._queue_limit.check(connection, job_id, queue_limit)
                return [tune_from(row) for row in rows]
        except StorageError as error:
            if not lacks_room(error):
                raise
            self._room.note_failure()
            raise NoRoom from error
        except (DataError, UnicodeEncodeError) as error:
            message = UserMessage("Your request contains characters that I can't store. Please type it again without them.")
            raise UserError(message) from error
