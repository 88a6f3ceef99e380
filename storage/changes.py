"""PostgreSQL notifications about changed tunes, on a connection of their own that reconnects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

from storage.connection import Connection
from storage.database import Database
from storage.errors import DATABASE_ERRORS, DatabaseUnavailable

CHANNEL = "tunes"  # the trigger of the first migration notifies it
CHECK_EVERY_S = 5.0  # a dead connection looks like one without notifications
LOOK_EVERY_S = 2.0  # behind a pooler, which passes on no notifications
PAUSES_S = (0.1, 0.5, 1)  # between attempts to reconnect; the last value repeats

log = structlog.get_logger(__name__)


@asynccontextmanager
async def listen(database: Database) -> AsyncIterator[AsyncIterator[str]]:
    """Yields the ids of tunes whose rows change from now on, and "" after changes may have been missed.

    Raises DatabaseUnavailable if it can't begin to listen. Later it reconnects until it can.
    """
    try:
        listener = _Listener(database, await _connect(database))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("Changes of tunes cannot be listened to.") from error
    try:
        yield listener.ids()
    finally:
        await listener.connection.close()


class _Listener:
    """A connection that listens for notifications and reconnects."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.database = database
        self.connection = connection

    async def ids(self) -> AsyncIterator[str]:
        while True:
            try:
                while self.connection.is_pooled:
                    await asyncio.sleep(LOOK_EVERY_S)
                    yield ""
                async for notification in self.connection.notifies(timeout=CHECK_EVERY_S):
                    yield notification.payload
                await _listen(self.connection)  # again: the answer shows that the connection is alive
            except DATABASE_ERRORS as error:
                log.warning("The connection for notifications was lost; reconnecting.", error=str(error))
                await self.connection.close()
                self.connection = await _connect_again(self.database)
                yield ""


async def _connect(database: Database) -> Connection:
    connection = await database.connect(autocommit=True)
    await _listen(connection)
    return connection


async def _listen(connection: Connection) -> None:
    if not connection.is_pooled:
        await connection.execute(f"LISTEN {CHANNEL}")


async def _connect_again(database: Database) -> Connection:
    pauses = iter(PAUSES_S)
    while True:
        try:
            return await _connect(database)
        except DATABASE_ERRORS:
            await asyncio.sleep(next(pauses, PAUSES_S[-1]))
