"""Which events were handled, so that one is handled once: by one of several processes, and not again if it is sent again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from storage import tables
from storage.database import Database

claims = tables.claims


class Claims:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, platform: str, event_id: str) -> bool:
        """Whether the caller is the first to claim the event, and so handles it.

        Claimed before it is handled: nobody handles the event if the caller dies meanwhile. What must not be lost, a request for
        a tune, is stored under its event id instead (`Storage.add`).
        """
        row = insert(claims).values(platform=platform, event_id=event_id)
        async with self._database.begin() as connection:
            first = row.on_conflict_do_nothing().returning(claims.c.event_id)
            return (await connection.execute(first)).first() is not None

    async def forget_before(self, age: timedelta) -> None:
        """Forgets claims that are older than that. It must be longer than the platform may send an event again."""
        async with self._database.begin() as connection:
            await connection.execute(delete(claims).where(claims.c.claimed_at < func.now() - age))
