"""Workers offer their models. A request for a model goes to a worker that has it, or after some time to any worker."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from generator.request import TuneRequest
from storage import Storage, StorageError, Tune, database, work
from storage.queue import model_offers
from storage.queue import tasks as queue
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, execute, origin

AGE = "UPDATE model_offers SET seen_at = seen_at - interval '{} seconds'"


def request_for(model: str = "") -> TuneRequest:
    return TuneRequest.check(rhythm="reel", model=model)


async def take_jobs(storage: Storage, count: int, *models: str) -> list[str]:
    """Lets a worker with these models take `count` jobs, one by one. Returns the requested models in that order."""
    taken: list[str] = []
    enough = asyncio.Event()

    async def handle(tune: Tune) -> None:
        taken.append(tune.request.model)
        await storage.finish(tune.id, COMPOSITION, {})
        if len(taken) == count:
            enough.set()

    worker = asyncio.create_task(work(storage, handle, concurrency=1, models=models))
    try:
        async with asyncio.timeout(HANG_S):
            await enough.wait()
    finally:
        worker.cancel()
        await asyncio.wait({worker})
    return taken


async def test_offered_models_are_listed_with_the_default_ones_first(storage: Storage) -> None:
    assert await storage.model_offers.offered() == {}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(storage.model_offers.offer({"reels": "For dances.", "airs": "Slow."}))
        await stack.enter_async_context(storage.model_offers.offer({"reels": "For dances.", "big": ""}))
        assert list((await storage.model_offers.offered()).items()) == [("reels", "For dances."), ("airs", "Slow."), ("big", "")]


async def test_a_model_is_offered_while_its_worker_lives_and_a_little_longer(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_offers, "OFFER_EVERY_S", 0.01)
    async with storage.model_offers.offer({"reels": ""}), asyncio.timeout(HANG_S):
        execute(url, AGE.format(model_offers.OFFERED_FOR_S))
        while not await storage.model_offers.offered():
            await asyncio.sleep(0.01)
    assert list(await storage.model_offers.offered()) == ["reels"]
    execute(url, AGE.format(model_offers.OFFERED_FOR_S))
    assert await storage.model_offers.offered() == {}


async def test_a_worker_takes_requests_for_its_models_and_for_no_model_in_turn(storage: Storage) -> None:
    for number, model in enumerate(["airs", "", "big", "airs", ""]):
        await storage.add(request_for(model), origin(str(number), user_id=f"person {number}"))
    assert await take_jobs(storage, 4, "reels", "airs") == ["airs", "", "airs", ""]
    assert await take_jobs(storage, 1, "big") == ["big"]


@pytest.mark.usefixtures("short_intervals")
async def test_a_request_for_a_model_that_is_no_longer_offered_goes_to_another_model(storage: Storage, url: str) -> None:
    async with storage.model_offers.offer({"reels": "", "airs": ""}):
        pass
    waiting = await storage.add(request_for("airs"), origin("1"))
    await storage.add(request_for("reels"), origin("2"))
    await storage.model_offers.give_up_waiting(["reels", "airs"])
    assert execute(url, "SELECT queue_name FROM procrastinate_jobs ORDER BY id") == [("tunes:airs",), ("tunes:reels",)]
    await storage.model_offers.give_up_waiting(["reels"])
    assert execute(url, "SELECT queue_name FROM procrastinate_jobs ORDER BY id") == [("tunes",), ("tunes:reels",)]
    assert await take_jobs(storage, 1) == ["airs"]
    done = await storage.tune(waiting.id)
    assert done is not None and done.status.over


async def test_whether_a_model_is_still_offered_does_not_depend_on_the_clock(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_offers, "OFFER_EVERY_S", 0.01)
    monkeypatch.setattr(model_offers, "WAITED_FOR_S", 0.05)
    async with storage.model_offers.offer({"airs": ""}):
        pass
    await storage.add(request_for("airs"), origin("1"))
    await storage.add(request_for("reels"), origin("2"))
    execute(url, AGE.format(-3600))  # as if the clock of the database had been set back since
    async with storage.model_offers.offer({"reels": ""}), asyncio.timeout(HANG_S):
        while execute(url, "SELECT queue_name FROM procrastinate_jobs ORDER BY id") != [("tunes",), ("tunes:reels",)]:
            await asyncio.sleep(0.01)


async def test_the_tune_of_a_dead_worker_for_a_model_is_taken_again(storage: Storage, url: str) -> None:
    await storage.add(request_for("airs"), origin())
    execute(url, "UPDATE procrastinate_jobs SET status = 'doing'")
    assert queue.queue_of("airs") == "tunes:airs"
    assert await take_jobs(storage, 1, "airs") == ["airs"]


async def test_a_stored_request_without_a_model_is_read(storage: Storage, url: str) -> None:
    tune = await storage.add(request_for("airs"), origin())
    execute(url, "UPDATE tunes SET request = request - 'model'")
    old = await storage.tune(tune.id)
    assert old is not None and old.request == replace(tune.request, model="")


async def test_models_are_offered_again_after_no_connection_was_available(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_offers, "OFFER_EVERY_S", 0.01)
    pool = storage.database.engine.pool
    monkeypatch.setattr(database, "CHECKOUT_S", 0.02)
    async with storage.model_offers.offer({"reels": ""}), asyncio.timeout(HANG_S):
        async with AsyncExitStack() as stack:
            held = 0
            while held < pool.size():  # type: ignore[attr-defined]
                with suppress(StorageError):  # an offer may hold the last connection for longer than the time limit
                    await stack.enter_async_context(storage.database.begin())
                    held += 1
            await asyncio.sleep(0.3)
        execute(url, AGE.format(model_offers.OFFERED_FOR_S))
        while not await storage.model_offers.offered():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("unreachable", ["at the beginning", "later"])
async def test_other_workers_have_time_to_offer_again_after_the_database_was_unreachable(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, unreachable: str
) -> None:
    fails = {0} if unreachable == "at the beginning" else {10}
    offers, gave_up_at = [0], []
    done = asyncio.Event()

    async def offer(_: object) -> None:
        offers[0] += 1
        if offers[0] - 1 in fails:
            raise OperationalError("INSERT", {}, Exception("The database is unreachable."))

    async def give_up(_: object) -> None:
        gave_up_at.append(offers[0] - 1)
        if offers[0] > 20:
            done.set()

    monkeypatch.setattr(model_offers, "OFFER_EVERY_S", 1)
    monkeypatch.setattr(model_offers, "WAITED_FOR_S", 5)
    monkeypatch.setattr(storage.model_offers, "_offer", offer)
    monkeypatch.setattr(storage.model_offers, "give_up_waiting", give_up)
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(0))
    async with storage.model_offers.offer({"reels": ""}), asyncio.timeout(HANG_S):
        await done.wait()
    expected = [*range(6, 30)] if unreachable == "at the beginning" else [6, 7, 8, 9, *range(16, 30)]
    assert gave_up_at == expected[: len(gave_up_at)]
