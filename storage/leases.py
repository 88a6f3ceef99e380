"""Leases: what only one process at a time may do, such as delivering a tune."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

from storage.connection import Connection
from storage.database import Database
from storage.errors import DATABASE_ERRORS, DatabaseUnavailable

CHECK_EVERY_S = 2.0  # whether the connection still lives

# The server's: it closes the connection of a machine from which it heard nothing for 15 seconds, which frees the locks. If that
# machine lives, it gives up earlier, within CHECK_EVERY_S + connection.SILENCE_S.
KEEPALIVES = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "15000",  # ms
}
SET = "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS given (name, value)"
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('lease ' || %s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('lease ' || %s, 0))"
CHECK = "SELECT true"

log = structlog.get_logger(__name__)


class Lease:
    """The right to do something alone. `held` becomes False when it is released or lost: look before each step."""

    def __init__(self, leases: Leases, name: str) -> None:
        self._leases, self.name = leases, name
        self.held = True

    async def release(self) -> None:
        """Lets others take the lease. Does nothing if it was lost."""
        await self._leases.release(self)


class Leases:
    """Advisory locks of PostgreSQL, all held by one connection that is used for nothing else.

    Promised:
    - Of all callers in all processes at most one has a lease, until it is released, or its process dies or loses its connection.
    - The leases of a process that dies are free at once, those of a machine or network that is gone after some 15 seconds.
    - A process that loses its connection loses all its leases, and finds that out within 8 seconds (`Lease.held`). Where the
      network failed that is before others can take them. Where the database was restarted, others may be some seconds earlier.
    - What was lost can be taken again as soon as the database answers.

    Not promised: that a process whose machine slept does nothing with a lease that it lost meanwhile. What a lease protects must
    be harmless enough if it is done twice. A process that is stopped with SIGSTOP keeps its leases.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._held: dict[str, Lease] = {}
        self._turn = asyncio.Lock()  # for the connection
        self._tasks: set[asyncio.Task[Any]] = set()

    async def take(self, name: str) -> Lease | None:
        """The lease, or None if somebody has it, in this process or in another. Raises DatabaseUnavailable."""
        # In a task: a cancelled statement would cost the connection, and so all leases.
        taking = self._started(self._take(name))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._started(self._undo(taking))
            raise

    async def release(self, lease: Lease) -> None:
        """As `Lease.release`."""
        await asyncio.shield(self._started(self._release(lease)))

    async def close(self) -> None:
        """Closes the connection, which frees all leases."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._disconnect()

    async def _take(self, name: str) -> Lease | None:
        async with self._turn:
            if name in self._held or not await self._answer(LOCK, [name]):
                return None
            lease = self._held[name] = Lease(self, name)
            return lease

    async def _release(self, lease: Lease) -> None:
        async with self._turn:
            if lease.held:
                lease.held = False
                del self._held[lease.name]
                with suppress(DatabaseUnavailable):  # the connection is lost, and with it the lock
                    await self._answer(UNLOCK, [lease.name])

    async def _undo(self, taking: asyncio.Task[Lease | None]) -> None:
        with suppress(DatabaseUnavailable):
            if (lease := await taking) is not None:
                await self._release(lease)

    async def _watch(self, connection: Connection) -> None:
        """Notices that the connection is lost, while nobody takes or releases anything."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            async with self._turn:
                if self._connection is not connection:
                    return
                with suppress(DatabaseUnavailable):
                    await self._answer(CHECK)

    async def _answer(self, query: str, values: list[str] | None = None) -> bool:
        """Asks the database. Raises DatabaseUnavailable when the connection is lost. The caller has the turn."""
        try:
            connection = self._connection or await self._connect()
            [answer] = await (await connection.execute(query, values)).fetchall()
        except DATABASE_ERRORS as error:
            if self._held:
                log.warning("The connection for leases was lost, and with it the leases.", leases=sorted(self._held))
            await self._disconnect()
            raise DatabaseUnavailable(self._database.unreachable()) from error
        return bool(answer[0])

    async def _connect(self) -> Connection:
        connection = self._connection = await self._database.connect(autocommit=True)
        await connection.execute(SET, [list(KEEPALIVES), list(KEEPALIVES.values())])
        self._started(self._watch(connection))
        return connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        for lease in self._held.values():
            lease.held = False
        self._held.clear()
        if connection is not None:
            await connection.close()

    def _started(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # marks it as seen, also if the caller was cancelled
