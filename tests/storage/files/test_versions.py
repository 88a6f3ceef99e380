"""Further recordings of a finished tune, made when somebody asks for them. The tests play the renderer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from storage import Storage, work
from storage.files import versions
from storage.files.versions import TooManyWaiting, VersionFailed
from tests.storage.files.test_remaking import FILES, add_finished

NAMES = ("version..0.melody.mp3", "version..0.melody.timemap.json")
MADE = {NAMES[0]: ("audio/mpeg", b"melody"), NAMES[1]: ("application/json", b"{}")}


@asynccontextmanager
async def making(storage: Storage, make_version: Callable[[str, str], Awaitable[None]]) -> AsyncIterator[None]:
    async def make(_: object) -> None:
        raise AssertionError("a tune is made")

    worker = asyncio.create_task(work(storage, make, concurrency=2, make_version=make_version))
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait({worker})


async def test_who_asks_waits_until_a_worker_has_made_the_version_once(storage: Storage) -> None:
    tune_id, jobs = await add_finished(storage), []

    async def make(tune_id: str, version: str) -> None:
        jobs.append(version)
        await storage.versions.store(tune_id, MADE)

    async with making(storage, make):
        asked = [storage.versions.make(tune_id, "version..0.melody", NAMES) for _ in range(3)]
        assert await asyncio.gather(*asked) == [True, True, True]
        assert await storage.versions.make(tune_id, "version..0.melody", NAMES)
    assert jobs == ["version..0.melody"]
    assert await storage.read(tune_id, NAMES[0]) == b"melody"


async def test_a_version_that_cannot_be_made_is_an_error(storage: Storage) -> None:
    tune_id = await add_finished(storage)

    async def make(tune_id: str, version: str) -> None:
        raise ValueError("too high")

    async with making(storage, make):
        with pytest.raises(VersionFailed):
            await storage.versions.make(tune_id, "version..0.melody", NAMES)


async def test_a_full_queue_and_a_short_wait(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MAX_WAITING", 1)
    tune_id = await add_finished(storage)
    for _ in range(2):  # the second finds the job of the first
        assert not await storage.versions.make(tune_id, "version..0.melody", NAMES, wait_s=0)
    with pytest.raises(TooManyWaiting):
        await storage.versions.make(tune_id, "version..1.melody", ["version..1.melody.mp3"], wait_s=0)


async def test_only_some_versions_are_kept_and_none_beyond_the_files_of_the_tune(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MAX_KEPT", 2)
    tune_id = await add_finished(storage)

    async def names() -> set[str]:
        return {file.name for file in await storage.files(tune_id)} - set(FILES)

    for number in range(3):
        await storage.versions.store(tune_id, {f"version..{number}.all.mp3": ("audio/mpeg", bytes([number]))})
        assert len(await names()) == (number + 1 if number < 2 else 1)
    await storage.versions.store(tune_id, {"version..2.all.mp3": ("audio/mpeg", b"again")})
    assert await storage.read(tune_id, "version..2.all.mp3") == b"again"
    await storage.remaking.replace(tune_id, {"tune.abc": b"X:2"})
    assert await names() == set() and await storage.read(tune_id, "tune.abc") == b"X:2"
