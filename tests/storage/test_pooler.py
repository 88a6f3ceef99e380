"""Through pgbouncer in transaction mode, where nothing of a session lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.core.desk import Desk
from storage import Storage, Tune, changes, open_storage, work
from storage.leases import LEASE_S
from tests.loopback.pooler import is_installed, pooler
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, origin, request

pytestmark = pytest.mark.skipif(not is_installed(), reason="pgbouncer is not installed")


@pytest.fixture
async def pooled(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    async with pooler(url) as through, open_storage(data_dir=tmp_path, database_url=through) as storage:
        yield storage


async def test_many_statements_at_once_work_though_connections_change(pooled: Storage) -> None:
    for _ in range(8):  # more often than psycopg waits before it prepares a statement
        tunes = [pooled.add(request(), origin(f"{_} {number}", user_id=str(number))) for number in range(20)]
        stored = [tune.id for tune in await asyncio.gather(*tunes)]
        assert len(await pooled.queue_positions(stored)) == 20


async def test_a_lease_is_had_by_one(pooled: Storage, storage: Storage) -> None:
    answers = await asyncio.gather(*(each.leases.take("tune") for each in [pooled, storage] * 5))
    [lease] = [lease for lease in answers if lease is not None]
    assert lease.held and LEASE_S
    assert await storage.leases.live("") == await pooled.leases.live("") == ["tune"]
    await lease.release()
    assert await pooled.leases.take("tune") is not None
    assert await storage.leases.take("tune") is None


async def test_a_worker_makes_a_tune_and_its_follower_sees_it(pooled: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LOOK_EVERY_S", 0.05)
    desk = Desk(pooled, open_requests_per_person=3)

    async def make(tune: Tune) -> None:
        await pooled.finish(tune.id, COMPOSITION, {}, starts=tune.starts)

    running = [asyncio.create_task(desk.run()), asyncio.create_task(work(pooled, make, concurrency=2))]
    try:
        tune = await desk.submit(request(), origin())
        async with asyncio.timeout(HANG_S), aclosing(desk.follow(tune.id)) as progress:
            seen = [each.tune.status async for each in progress]
        assert seen[-1] == "finished"
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
