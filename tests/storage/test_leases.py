"""Leases: at most one process has one, and a dead process has none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.discord.core import limits
from storage import Lease, Storage, StorageError, leases, open_storage
from storage.connection import Connection
from storage.database import Database
from tests.loopback.database import DatabaseProxy
from tests.patience import HANG_S
from tests.storage.examples import DROP_CONNECTIONS, ROOT, execute

OUTDATE = "UPDATE lease_holders SET expires_at = now() - interval '1 second'"
OUTDATED = "SELECT id FROM lease_holders WHERE expires_at < now()"
EXPIRY = "SELECT expires_at FROM lease_holders"
BURY = "DELETE FROM lease_holders"
HOLD = """
import asyncio, sys
from pathlib import Path
from storage import open_storage

async def main(url, folder):
    async with open_storage(data_dir=Path(folder), database_url=url) as storage:
        lease = await storage.leases.take("tune")
        print("taken" if lease else "refused", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def other_process(url: str, folder: Path) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
    """A process that asks for the lease of `tune` and lives on, and the answer that it got."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, url, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, (await asyncio.to_thread(process.stdout.readline)).strip()  # leases are renewed meanwhile
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
async def other(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(data_dir=tmp_path, database_url=url) as storage:
        yield storage


async def taken(storage: Storage, name: str = "tune") -> Lease:
    """The lease, as soon as it is free."""
    async with asyncio.timeout(HANG_S):
        while (lease := await storage.leases.take(name)) is None:
            await asyncio.sleep(0.02)
    return lease


async def lost(lease: Lease) -> None:
    async with asyncio.timeout(HANG_S):
        while lease.held:
            await asyncio.sleep(0.02)


async def test_a_lease_is_had_by_one_until_it_is_released(storage: Storage, other: Storage) -> None:
    for here, there in ((storage, other), (other, storage)):
        lease = await here.leases.take("tune")
        assert lease is not None and lease.held
        assert await there.leases.take("tune") is None
        assert await here.leases.take("tune") is None  # not by another task of the same process either
        assert await there.leases.take("another tune") is not None
        await there.leases.close()
        await lease.release()
        assert not lease.held


async def test_taking_a_lease_renews_those_that_are_due(storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred that are taken at once must not keep the renewal waiting until all are lost."""
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 10 * HANG_S)
    lease = await taken(storage)
    before = execute(url, EXPIRY)
    await taken(storage, "another tune")
    assert execute(url, EXPIRY) == before
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.0)
    await taken(storage, "a third tune")
    assert execute(url, EXPIRY) > before and lease.held


async def test_of_many_who_want_a_lease_at_once_one_gets_it(storage: Storage, other: Storage) -> None:
    for _ in range(10):
        answers = await asyncio.gather(*(each.leases.take("tune") for each in [storage, other] * 5))
        [lease] = [lease for lease in answers if lease is not None]
        await lease.release()


async def test_the_leases_of_a_process_that_is_killed_are_free_together_when_they_end(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    async with other_process(url, tmp_path) as (process, answer):
        assert answer == "taken"
        assert await storage.leases.take("tune") is None
        process.kill()  # SIGKILL
        process.wait()
        assert await storage.leases.take("tune") is None
        assert await storage.leases.live("") == ["tune"]
        execute(url, OUTDATE)
        assert await storage.leases.live("") == []
        await taken(storage)
        async with other_process(url, tmp_path) as (_, answer):
            assert answer == "refused"


async def test_closing_a_storage_frees_its_leases(storage: Storage, url: str, tmp_path: Path) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url) as other:
        lease = await taken(other)
    assert not lease.held
    await taken(storage)


async def test_a_lost_connection_costs_no_lease(
    storage: Storage, other: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.02)
    lease = await taken(storage)
    for _ in range(2):
        execute(url, DROP_CONNECTIONS)
        until = execute(url, EXPIRY)
        while execute(url, EXPIRY) == until:
            await asyncio.sleep(0.02)
    assert lease.held
    assert await other.leases.take("tune") is None


async def test_a_process_that_was_taken_for_dead_notices_that_its_leases_are_lost(
    storage: Storage, other: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.02)
    lease, second = await taken(storage, "tune"), await taken(storage, "another tune")
    execute(url, BURY)
    await lost(lease)
    assert not second.held
    again = await taken(storage)
    assert again.held and not lease.held
    assert await other.leases.take("tune") is None


async def test_a_process_that_was_taken_for_dead_can_take_another_lease_at_once(storage: Storage, url: str) -> None:
    lease = await taken(storage)
    execute(url, BURY)
    other_lease = await storage.leases.take("another tune")
    assert other_lease is not None and other_lease.held and not lease.held


async def test_a_lost_lease_that_is_released_does_not_release_the_one_of_its_successor(
    storage: Storage, other: Storage, url: str
) -> None:
    lease = await taken(storage)
    execute(url, BURY)
    await taken(storage, "another tune")
    successor = await taken(storage)
    await lease.release()
    assert successor.held
    assert await other.leases.take("tune") is None


async def test_who_cannot_reach_the_server_has_lost_the_lease_before_others_can_take_it(
    storage: Storage, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.02)
    monkeypatch.setattr(leases, "LEASE_S", 1.2)
    monkeypatch.setattr(leases, "GIVE_UP_S", 0.4)
    async with DatabaseProxy(url).running() as proxy, open_storage(data_dir=tmp_path, database_url=proxy.url) as remote:
        lease = await taken(remote)
        monkeypatch.setattr(Connection, "silence_s", 0.2)
        proxy.silent = True
        await taken(storage)
        assert not lease.held


async def test_who_cannot_reach_an_embedded_database_keeps_the_lease_until_somebody_takes_it(
    storage: Storage, other: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.02)
    monkeypatch.setattr(leases, "GIVE_UP_S", 0.0)
    monkeypatch.setattr(Database, "is_embedded", True)
    lease = await taken(storage)
    execute(url, OUTDATE)
    assert lease.held
    while execute(url, OUTDATED):
        await asyncio.sleep(0.02)
    assert await other.leases.take("tune") is None
    with monkeypatch.context() as away:
        away.setattr(leases, "RENEW_EVERY_S", HANG_S)
        await asyncio.sleep(0.1)
        execute(url, OUTDATE)
        await taken(other)
    assert await storage.leases.take("another tune") is not None
    assert not lease.held


async def test_a_lease_whose_answer_was_lost_is_free_again(
    storage: Storage, other: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.02)
    kept = await taken(storage, "kept")
    execute_ = Connection.execute

    async def lose(self: Connection, query: Any, *values: Any, **options: Any) -> Any:
        answer = await execute_(self, query, *values, **options)
        if query == leases.TAKE.encode():
            monkeypatch.undo()
            raise psycopg.OperationalError("the connection is lost")
        return answer

    monkeypatch.setattr(Connection, "execute", lose)
    with pytest.raises(StorageError):
        await storage.leases.take("tune")
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.02)
    await taken(other)
    assert kept.held


async def test_a_lease_for_some_time_is_not_renewed_and_can_be_taken_by_anybody_afterwards(
    storage: Storage, other: Storage, url: str
) -> None:
    assert await storage.leases.take_for("turn", 60)
    assert not await storage.leases.take_for("turn", 60)
    assert not await other.leases.take_for("turn", 60)
    execute(url, OUTDATE)
    assert await other.leases.take_for("turn", 60)
    assert not await storage.leases.take_for("turn", 60)


def test_a_shard_of_a_process_that_dies_is_taken_over_within_15_seconds() -> None:
    ends = leases.GIVE_UP_S + limits.CLOSE_S / 2  # a socket closes at once; only the rest of a stop may take longer
    assert ends < leases.LEASE_S
    assert leases.LEASE_S + limits.LOOK_FOR_SHARDS_S < 15


async def test_a_database_that_cannot_be_reached_raises_a_storage_error(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = await taken(storage)
    await storage.leases.close()
    monkeypatch.setattr(storage.database, "conninfo", "host=127.0.0.1 port=1 dbname=tunes connect_timeout=2")
    with pytest.raises(StorageError, match="cannot be reached"):
        await storage.leases.take("tune")
    await lease.release()
    monkeypatch.undo()
    await taken(storage)


async def test_who_is_cancelled_while_asking_gets_no_lease_and_costs_nobody_theirs(storage: Storage, other: Storage) -> None:
    lease = await taken(storage, "kept")
    for steps in range(12):
        asking = asyncio.create_task(storage.leases.take("tune"))
        for _ in range(steps):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        if not asking.cancelled() and (answer := asking.result()) is not None:
            await answer.release()
        await (await taken(other)).release()
    assert lease.held
    assert await other.leases.take("kept") is None


async def test_who_is_cancelled_while_releasing_has_released(storage: Storage, other: Storage) -> None:
    kept = await taken(storage, "kept")
    for steps in range(1, 12):
        lease = await taken(storage)
        releasing = asyncio.create_task(lease.release())
        for _ in range(steps):
            await asyncio.sleep(0)
        releasing.cancel()
        await asyncio.wait({releasing})
        await (await taken(other)).release()
    assert kept.held
