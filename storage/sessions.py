"""Sessions: threads in which people and the bot answer each other's phrases. Nothing here is about people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage import tables
from storage.database import Database
from storage.tunes import is_id

sessions, tunes = tables.sessions, tables.tunes


@dataclass(frozen=True, slots=True)
class Session:
    """What is played in a thread."""

    rhythm: str
    key: str
    tune_id: str | None  # the latest answer; None before the first, or after that tune was deleted
    begun_at: datetime


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, platform: str, channel_id: str, thread_id: str, *, rhythm: str, key: str) -> None:
        """Stores a session. One that is played in that thread already stays as it is."""
        values = {"platform": platform, "channel_id": channel_id, "thread_id": thread_id, "rhythm": rhythm, "key": key}
        async with self._database.begin() as connection:
            await connection.execute(insert(sessions).values(values).on_conflict_do_nothing())

    async def find(self, platform: str, channel_id: str, thread_id: str) -> Session | None:
        query = select(sessions.c.rhythm, sessions.c.key, sessions.c.tune_id, sessions.c.begun_at)
        async with self._database.begin() as connection:
            found = await connection.execute(query.where(_thread(platform, channel_id, thread_id)))
            row = found.mappings().one_or_none()
            return Session(**row) if row is not None else None

    async def advance(self, platform: str, channel_id: str, thread_id: str, tune_id: str) -> bool:
        """Stores the latest answer, None for a tune that was deleted. False if no session is played in that thread."""
        existing = select(tunes.c.id).where(tunes.c.id == tune_id).scalar_subquery() if is_id(tune_id) else None
        this = update(sessions).where(_thread(platform, channel_id, thread_id))
        async with self._database.begin() as connection:
            changed = await connection.execute(this.values(tune_id=existing, advanced_at=func.now()))
            return changed.rowcount > 0

    async def end(self, platform: str, channel_id: str, thread_id: str) -> None:
        await self._delete(_thread(platform, channel_id, thread_id))

    async def forget_before(self, age: timedelta) -> None:
        """Forgets sessions in which nothing was answered for that long."""
        await self._delete(sessions.c.advanced_at < func.now() - age)

    async def _delete(self, these: ColumnElement[bool]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(delete(sessions).where(these))


def _thread(platform: str, channel_id: str, thread_id: str) -> ColumnElement[bool]:
    return and_(sessions.c.platform == platform, sessions.c.channel_id == channel_id, sessions.c.thread_id == thread_id)
