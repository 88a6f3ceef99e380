"""Statements and connections that are not answered in time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import psycopg
import pytest
from sqlalchemy import text

from storage import Storage, StorageError, connection, database
from storage.connection import Connection
from storage.database import Database
from storage.errors import DatabaseUnavailable
from tests.loopback.database import DatabaseProxy
from tests.patience import HANG_S
from tests.storage.examples import origin, request

PID = text("SELECT pg_backend_pid()")


async def backend_pid(database: Database) -> int:
    async with database.begin() as connection:
        return int((await connection.execute(PID)).scalar_one())


@asynccontextmanager
async def stopped(pid: int) -> AsyncIterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_statement_that_is_not_answered_raises_a_storage_error_and_its_connection_is_thrown_away(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with storage.database.begin() as transaction:
            pid = int((await transaction.execute(PID)).scalar_one())
            async with stopped(pid):
                monkeypatch.setattr(Connection, "silence_s", 0.1)
                await transaction.execute(text("SELECT 1"))
    monkeypatch.undo()
    assert await backend_pid(storage.database) != pid


async def test_a_query_on_a_silent_connection_raises_a_storage_error_and_the_next_one_works(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune = await storage.add(request(), origin())
    pid = await backend_pid(storage.database)
    with monkeypatch.context() as hurry:
        hurry.setattr(database, "CHECKOUT_S", 0.1)
        async with stopped(pid):
            with pytest.raises(StorageError, match="cannot be reached"):
                await storage.tune(tune.id)
    assert await storage.tune(tune.id) == tune


async def test_a_cancelled_statement_is_not_waited_for(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled: list[object] = []

    async def cancel_safe(*arguments: object, **options: object) -> None:
        cancelled.append(arguments)

    monkeypatch.setattr(psycopg.AsyncConnection, "cancel_safe", cancel_safe)
    async with await storage.database.connect(autocommit=True) as connection:
        async with stopped(connection.info.backend_pid):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await connection.execute("SELECT 1")
        assert connection.closed and not cancelled


async def test_a_server_that_runs_breaks_off_a_slow_statement_and_keeps_the_connection(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_S", 0.2)
    slow = Database(url)
    pid = await backend_pid(slow)
    with pytest.raises(DatabaseUnavailable):
        async with slow.begin() as transaction:
            await transaction.execute(text("SELECT pg_sleep(600)"))
    assert await backend_pid(slow) == pid
    async with slow.begin(answer_s=HANG_S) as transaction:
        await transaction.execute(text("SELECT pg_sleep(0.4)"))
    async with slow.begin() as transaction:  # the longer limit was for one transaction
        assert (await transaction.execute(text("SHOW statement_timeout"))).scalar_one() == "200ms"
        assert (await transaction.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar_one() == "1min"
    await slow.close()


async def test_a_server_that_accepts_and_says_nothing_counts_as_unreachable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with DatabaseProxy(url).running() as proxy:
        proxy.silent = True
        monkeypatch.setattr(database, "CHECKOUT_S", 0.1)
        silent = Database(proxy.url)
        with pytest.raises(DatabaseUnavailable):
            await backend_pid(silent)
        monkeypatch.undo()
        proxy.silent = False
        assert await backend_pid(silent)
        await silent.close()


async def test_waiting_for_notifications_is_no_silence(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "silence_s", 0.2)
    async with await storage.database.connect(autocommit=True) as connection:
        await connection.execute("LISTEN test")
        async with aclosing(connection.notifies()) as notifications:
            waiting = asyncio.ensure_future(anext(notifications))
            await asyncio.wait({waiting}, timeout=0.6)
            assert not waiting.done()
            monkeypatch.undo()
            async with storage.database.begin() as transaction:
                await transaction.execute(text("NOTIFY test"))
            assert (await waiting).channel == "test"
