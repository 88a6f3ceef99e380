"""Leases: what only one process at a time may do, such as delivering a tune or being a shard of the Discord bot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from uuid import uuid4

import psycopg
import structlog

from storage.connection import Connection
from storage.database import Database
from storage.errors import DATABASE_ERRORS, DatabaseUnavailable

LEASE_S = 12.0  # others can take the leases of a process that did not renew them for so long
RENEW_EVERY_S = 2.0
GIVE_UP_S = 8.0  # a process that could not renew its leases for so long has lost them: it ends its work before others begin
CLOSE_S = 2.0

# Of the database's clock alone: clocks of machines differ.
REGISTER = """
    INSERT INTO lease_holders (id, expires_at) VALUES (%(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    RETURNING id
"""
RENEW = """
    UPDATE lease_holders SET expires_at = clock_timestamp() + make_interval(secs => %(seconds)s) WHERE id = %(holder)s
    RETURNING id
"""
# With the holder go its leases.
BURY = "DELETE FROM lease_holders WHERE expires_at < clock_timestamp() RETURNING id"
CLEAN = "DELETE FROM leases WHERE holder = %(holder)s AND name <> ALL(%(held)s) RETURNING name"
LEAVE = "DELETE FROM lease_holders WHERE id = %(holder)s RETURNING id"
TAKE = "INSERT INTO leases (name, holder) VALUES (%(name)s, %(holder)s) ON CONFLICT DO NOTHING RETURNING name"
TAKE_FOR = """
    WITH holder AS (
        INSERT INTO lease_holders (id, expires_at) VALUES (%(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s))
        RETURNING id
    )
    INSERT INTO leases (name, holder) SELECT %(name)s, id FROM holder ON CONFLICT DO NOTHING RETURNING name
"""
RELEASE = "DELETE FROM leases WHERE name = %(name)s AND holder = %(holder)s RETURNING name"
LIVE = """
    SELECT name FROM leases JOIN lease_holders ON lease_holders.id = leases.holder
    WHERE starts_with(name, %(prefix)s) AND expires_at >= clock_timestamp()
"""

log = structlog.get_logger(__name__)


class Lease:
    """The right to do something alone. `held` becomes False when it is released or lost: look before each step."""

    def __init__(self, leases: Leases, name: str) -> None:
        self._leases, self.name = leases, name

    @property
    def held(self) -> bool:
        return self._leases.has(self)

    async def release(self) -> None:
        """Lets others take the lease. Does nothing if it was lost."""
        await self._leases.release(self)


class Leases:
    """Rows in the database that this process renews. Each statement stands alone, so poolers of connections do no harm.

    Promised:
    - Of all callers in all processes at most one has a lease, until it is released, or its process dies or cannot reach the
      database.
    - The leases of a process that dies are free after at most LEASE_S, all at the same moment.
    - A process that cannot reach a database server loses its leases after GIVE_UP_S, before others can take them. A connection
      that is lost and made again costs nothing. An embedded database is on the same machine: who cannot reach it knows that
      nobody can, and keeps its leases unless another process takes them when the database is back.
    - What was lost can be taken again LEASE_S after it was renewed last, if the database answers.

    Not promised: that a process that was stopped, or whose machine slept, does nothing with a lease that it lost meanwhile. What
    a lease protects must be harmless enough if it is done twice.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._holder: str | None = None  # our row in the database
        self._renewed_at = 0.0
        self._held: dict[str, Lease] = {}
        self._unclean = False  # after a statement without answer, leases may be stored that nobody here has
        self._turn = asyncio.Lock()  # for the connection
        self._tasks: set[asyncio.Task[Any]] = set()

    def has(self, lease: Lease) -> bool:
        """As `Lease.held`."""
        return self._held.get(lease.name) is lease and not self._too_late

    @property
    def _too_late(self) -> bool:
        return not self._database.is_embedded and time.monotonic() - self._renewed_at > GIVE_UP_S

    async def take(self, name: str) -> Lease | None:
        """The lease, or None if somebody has it, in this process or in another. Raises DatabaseUnavailable."""
        # In a task: a cancelled statement would cost the connection.
        taking = self._started(self._take(name))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._started(self._undo(taking))
            raise

    async def take_for(self, name: str, seconds: float) -> bool:
        """Takes a lease that ends by itself after that time, not earlier. False if somebody has it."""
        return await asyncio.shield(self._started(self._take_for(name, seconds)))

    async def live(self, prefix: str) -> list[str]:
        """The names of the leases that begin so and that some process has now."""
        return await asyncio.shield(self._started(self._live(prefix)))

    async def forget_dead(self) -> None:
        """Deletes the leases of dead processes that nobody took."""
        await asyncio.shield(self._started(self._forget_dead()))

    async def release(self, lease: Lease) -> None:
        """As `Lease.release`."""
        await asyncio.shield(self._started(self._release(lease)))

    async def close(self) -> None:
        """Frees all leases."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(DatabaseUnavailable, TimeoutError):  # then they end by themselves
            async with asyncio.timeout(CLOSE_S):
                if self._holder is not None and self._connection is not None:
                    await self._answer(LEAVE, holder=self._holder)
        self._holder = None
        self._held.clear()
        await self._disconnect()

    async def _take(self, name: str) -> Lease | None:
        async with self._turn:
            await self._renew()
            if name in self._held:
                return None
            if self._holder is None:
                await self._register()
            await self._clean()
            try:
                taken = await self._insert(TAKE, name=name, holder=self._holder)
            except psycopg.errors.ForeignKeyViolation:  # another process has buried us
                self._lose()
                await self._register()
                taken = await self._insert(TAKE, name=name, holder=self._holder)
            if not taken:
                return None
            lease = self._held[name] = Lease(self, name)
            return lease

    async def _insert(self, statement: str, **values: Any) -> bool:
        """Whether the lease was free, or that of a dead process."""
        return bool(await self._answer(statement, **values)) or (
            bool(await self._answer(BURY)) and bool(await self._answer(statement, **values))
        )

    async def _take_for(self, name: str, seconds: float) -> bool:
        async with self._turn:
            if await self._answer(TAKE_FOR, name=name, holder=uuid4().hex, seconds=seconds):
                return True
            return bool(await self._answer(BURY)) and bool(
                await self._answer(TAKE_FOR, name=name, holder=uuid4().hex, seconds=seconds)
            )

    async def _live(self, prefix: str) -> list[str]:
        async with self._turn:
            return await self._answer(LIVE, prefix=prefix)

    async def _forget_dead(self) -> None:
        async with self._turn:
            await self._answer(BURY)

    async def _register(self) -> None:
        holder, began = uuid4().hex, time.monotonic()
        await self._answer(REGISTER, holder=holder, seconds=LEASE_S)
        self._holder, self._renewed_at = holder, began
        self._started(self._keep(holder))

    async def _release(self, lease: Lease) -> None:
        async with self._turn:
            if self._held.get(lease.name) is lease:
                del self._held[lease.name]
                if self._connection is not None:  # without one, a stop would wait for each lease; `_keep` releases it
                    with suppress(DatabaseUnavailable):
                        await self._answer(RELEASE, name=lease.name, holder=self._holder)

    async def _undo(self, taking: asyncio.Task[Lease | None]) -> None:
        with suppress(DatabaseUnavailable):
            if (lease := await taking) is not None:
                await self._release(lease)

    async def _keep(self, holder: str) -> None:
        """Renews the leases of a holder until they are lost."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            async with self._turn:
                with suppress(DatabaseUnavailable):  # tried again
                    await self._renew()
                    if self._holder == holder:
                        await self._clean()
                if self._holder != holder:
                    return

    async def _renew(self) -> None:
        """Renews the leases if it is time, in each turn: when many take leases, the turn of `_keep` may come too late."""
        if self._too_late:
            self._lose()
        began = time.monotonic()
        if self._holder is None or began - self._renewed_at < RENEW_EVERY_S:
            return
        if not await self._answer(RENEW, holder=self._holder, seconds=LEASE_S) or self._too_late:
            self._lose()
            return
        self._renewed_at = began

    async def _clean(self) -> None:
        if self._unclean:
            await self._answer(CLEAN, holder=self._holder, held=list(self._held))
            self._unclean = False

    def _lose(self) -> None:
        """Forgets all leases. Their row is not renewed, so that others can take them when the work here has ended."""
        if self._held:
            log.warning("Leases were lost.", leases=sorted(self._held))
        self._holder = None
        self._held.clear()

    async def _answer(self, query: str, **values: Any) -> list[str]:
        """The first column of the answer. Raises DatabaseUnavailable when the connection is lost. The caller has the turn."""
        try:
            connection = self._connection or await self._connect()
            return [value for (value,) in await (await connection.execute(query.encode(), values)).fetchall()]
        except psycopg.errors.ForeignKeyViolation:
            raise
        except DATABASE_ERRORS as error:
            self._unclean = True
            await self._disconnect()
            raise DatabaseUnavailable(self._database.unreachable()) from error

    async def _connect(self) -> Connection:
        self._connection = await self._database.connect(autocommit=True)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
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
