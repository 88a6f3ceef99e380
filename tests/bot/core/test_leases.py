"""Work that only one process at a time may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.core import leases
from bot.core.leases import LeaseLost, in_one_process, with_lease
from storage import Storage, open_storage
from tests.patience import HANG_S


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("CHECK_S", "TAKE_S"):
        monkeypatch.setattr(leases, pause, 0.01)


@pytest.fixture
async def another(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    """The storage of another process."""
    async with open_storage(data_dir=tmp_path, database_url=url) as storage:
        yield storage


async def test_the_lease_is_free_after_the_work_and_after_an_error(storage: Storage) -> None:
    async def work() -> int:
        return 7

    async def fail() -> None:
        raise RuntimeError("out of rosin")

    for _ in range(2):
        lease = await storage.leases.take("tuning")
        assert lease is not None
        assert await with_lease(lease, work()) == 7
    lease = await storage.leases.take("tuning")
    assert lease is not None
    with pytest.raises(RuntimeError):
        await with_lease(lease, fail())
    assert await storage.leases.take("tuning") is not None


async def test_the_work_ends_when_the_lease_is_lost(storage: Storage) -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    lease = await storage.leases.take("tuning")
    assert lease is not None
    working = asyncio.create_task(with_lease(lease, work()))
    await asyncio.sleep(0)
    await storage.leases.close()  # as when its connection breaks
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(working, HANG_S)
    assert ended.is_set()


async def test_another_process_takes_over_the_work(storage: Storage, another: Storage) -> None:
    at_work: list[str] = []
    begun = asyncio.Condition()

    def run(name: str, where: Storage) -> asyncio.Task[None]:
        async def work() -> None:
            at_work.append(name)
            async with begun:
                begun.notify_all()
            try:
                await asyncio.Event().wait()
            finally:
                at_work.remove(name)

        return asyncio.create_task(in_one_process(where.leases, "playing", work))

    async def until(names: list[str]) -> None:
        async with asyncio.timeout(HANG_S), begun:
            await begun.wait_for(lambda: at_work == names)

    first = run("first", storage)
    await until(["first"])
    second = run("second", another)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    await until(["second"])
    second.cancel()
    with suppress(asyncio.CancelledError):
        await second
    assert not at_work
