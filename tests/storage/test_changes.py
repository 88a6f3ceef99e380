"""The feed of changed tunes."""

import asyncio
from pathlib import Path

import pytest

from storage import Status, Storage, changes, open_storage
from storage.connection import NETWORK, Connection
from tests.loopback.database import DatabaseProxy
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, DROP_CONNECTIONS, execute, origin, request


async def test_each_change_is_announced(storage: Storage) -> None:
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        tune = await storage.add(request(), origin())
        await storage.start(tune.id)
        await storage.progress(tune.id, status=Status.COMPOSING, bars=4)
        await storage.finish(tune.id, COMPOSITION, {})
        await storage.mark_delivered(tune.id, "message")
        assert [await anext(changes) for _ in range(5)] == [tune.id] * 5
        await storage.mark_delivered(tune.id, "again")  # changes nothing, so it is not announced
        other = await storage.add(request(), origin("2"))
        assert await anext(changes) == other.id


async def test_a_change_is_announced_after_it_is_committed(storage: Storage) -> None:
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        for event in range(20):
            adding = asyncio.create_task(storage.add(request(), origin(str(event))))
            tune = await storage.tune(await anext(changes))
            assert tune is not None and tune.origin.event_id == str(event)
            await adding


async def test_a_change_made_by_another_program_is_announced(storage: Storage, url: str) -> None:
    tune = await storage.add(request(), origin())
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        execute(url, "UPDATE tunes SET title = 'by hand'")
        assert await anext(changes) == tune.id


async def test_a_dropped_connection_is_reopened_and_reported_as_an_empty_id(storage: Storage, url: str) -> None:
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        tune = await storage.add(request(), origin())
        assert await anext(changes) == tune.id
        for bars in range(3):
            execute(url, DROP_CONNECTIONS)
            assert await anext(changes) == ""
            await storage.progress(tune.id, status=Status.COMPOSING, bars=bars)
            assert await anext(changes) == tune.id


async def test_changes_during_a_silence_of_the_network_are_reported_after_it(
    storage: Storage, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection stays open, so only an unanswered question shows that nothing arrives any more."""
    monkeypatch.setitem(NETWORK, "connect_timeout", 2)
    async with (
        asyncio.timeout(HANG_S),
        DatabaseProxy(url).running() as proxy,
        open_storage(data_dir=tmp_path, database_url=proxy.url) as remote,
        remote.changes() as changed,
    ):
        monkeypatch.setattr(changes, "CHECK_EVERY_S", 0.1)
        monkeypatch.setattr(Connection, "silence_s", 0.2)
        tune = await storage.add(request(), origin("1"))
        assert await anext(changed) == tune.id
        proxy.silent = True
        following = asyncio.ensure_future(anext(changed))
        await storage.add(request(), origin("2"))
        await asyncio.wait({following}, timeout=1.0)
        assert not following.done()
        proxy.silent = False
        assert await following == ""
        tune = await storage.add(request(), origin("3"))
        assert await anext(changed) == tune.id
