"""Keys with which the web page signs cookies. The database has them: so all processes use the same, and a backup has them too."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage import tables
from storage.database import Database

BYTES = 32

signing_keys = tables.signing_keys


class SigningKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> bytes:
        """The key of that name, which the first caller makes."""
        row = insert(signing_keys).values(name=name, key=secrets.token_bytes(BYTES)).on_conflict_do_nothing()
        async with self._database.begin() as connection:
            await connection.execute(row)
            return bytes((await connection.execute(select(signing_keys.c.key).where(signing_keys.c.name == name))).scalar_one())
