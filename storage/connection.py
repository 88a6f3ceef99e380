"""Connections to PostgreSQL that give up on a server that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import _WaitTimeout
from psycopg.pq import TransactionStatus
from psycopg.waiting import wait_async

CONNECT_S = 3  # to open a connection
ANSWER_S = 5.0  # for one statement: the server breaks it off after that
SILENCE_S = 6.0  # for its answer: longer, so that a server that runs can answer that it broke off the statement
IDLE_IN_TRANSACTION_S = 60  # a stopped process must not keep its locks; writing a tune's files may take a while
FOREVER_S = 10.0**9

# For a server on another machine. Without them, a machine that is gone looks like one with nothing to say for two hours.
NETWORK = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,  # ms
}

SET_LIMITS = """
    SELECT pg_backend_pid(), set_config('statement_timeout', %s, false),
        set_config('idle_in_transaction_session_timeout', %s, false)
"""


class Connection(psycopg.AsyncConnection[Any]):
    """A connection that is closed if the server does not answer a statement within SILENCE_S, or if a statement is cancelled.

    psycopg waits without end. After a cancellation it waits ten seconds more, for the cancelled statement to end.
    """

    silence_s = SILENCE_S
    is_pooled = False  # a pooler such as pgbouncer is between here and the server: nothing can be prepared, nor listened to

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:  # noqa: ASYNC109
        try:
            return await wait_async(gen, self.pgconn.socket, interval, self.silence_s if timeout is None else timeout)
        except _WaitTimeout:
            if timeout is not None:  # the caller's own limit, for notifications
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"The server did not answer within {self.silence_s:g} seconds.") from None
        except (asyncio.CancelledError, KeyboardInterrupt):
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise

    def notifies(self, *, timeout: float | None = None, stop_after: int | None = None) -> AsyncGenerator[psycopg.Notify]:
        return super().notifies(timeout=FOREVER_S if timeout is None else timeout, stop_after=stop_after)


async def connect(conninfo: str, **options: Any) -> Connection:
    """A new connection with all limits. Raises psycopg.OperationalError."""
    connection = await Connection.connect(conninfo, **options)
    await set_limits(connection)
    return connection


async def set_limits(connection: psycopg.AsyncConnection[Any]) -> None:
    """Tells the server its limits: not in the conninfo, since poolers do not pass on such options. Notices poolers by ids."""
    limits = (f"{ANSWER_S * 1000:.0f}", f"{IDLE_IN_TRANSACTION_S * 1000}")  # ms
    [[process_id, *_]] = await (await connection.execute(SET_LIMITS, limits)).fetchall()
    if process_id != connection.info.backend_pid:
        connection.prepare_threshold = None
        if isinstance(connection, Connection):
            connection.is_pooled = True
    if not connection.autocommit:
        await connection.commit()


def with_network_limits(conninfo: str) -> str:
    """Adds those of NETWORK that the conninfo does not set."""
    given = conninfo_to_dict(conninfo)
    return make_conninfo(conninfo, **{name: value for name, value in NETWORK.items() if name not in given})
