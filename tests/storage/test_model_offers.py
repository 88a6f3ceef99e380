"""Workers offer their models; who asks for one is served by a worker that has it, or in the end by any."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from generator.request import TuneRequest
from storage import Storage, model_offers, queue, work
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, execute, origin

AGE = "UPDATE model_offers SET seen_at = seen_at - interval '{} seconds'"


def wish(model: str = "") -> TuneRequest:
    return TuneRequest.check(rhythm="reel", model=model)


async def made(storage: Storage, count: int, *models: str) -> list[str]:
    """The models that were asked for, in the order in which a worker that has these takes so many jobs one by one."""
    taken: list[str] = []
    enough = asyncio.Event()

    async def handle(tune_id: str) -> None:
        tune = await storage.start(tune_id)
        assert tune is not None
        taken.append(tune.request.model)
        await storage.finish(tune_id, COMPOSITION, {})
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


async def test_what_workers_offer_is_at_hand_with_the_usual_ones_first(storage: Storage) -> None:
    assert await storage.model_offers.offered() == {}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(storage.model_offers.offer({"reels": "For dances.", "airs": "Slow."}))
        await stack.enter_async_context(storage.model_offers.offer({"reels": "For dances.", "big": ""}))
        assert list((await storage.model_offers.offered()).items()) == [("reels", "For dances."), ("airs", "Slow."), ("big", "")]


async def test_a_model_stays_on_offer_while_its_worker_lives_and_a_little_longer(
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


async def test_a_worker_takes_what_asks_for_its_models_or_for_none_by_turns(storage: Storage) -> None:
    for number, model in enumerate(["airs", "", "big", "airs", ""]):
        await storage.add(wish(model), origin(str(number), user_id=f"person {number}"))
    assert await made(storage, 4, "reels", "airs") == ["airs", "", "airs", ""]
    assert await made(storage, 1, "big") == ["big"]


@pytest.mark.usefixtures("impatient")
async def test_what_waits_for_a_model_that_is_gone_is_made_by_another(storage: Storage, url: str) -> None:
    async with storage.model_offers.offer({"reels": "", "airs": ""}):
        pass
    waiting = await storage.add(wish("airs"), origin("1"))
    await storage.add(wish("reels"), origin("2"))
    execute(url, AGE.format(model_offers.WAITED_FOR_S - 5))
    await storage.model_offers.give_up_waiting()
    assert execute(url, "SELECT queue_name FROM procrastinate_jobs ORDER BY id") == [("tunes:airs",), ("tunes:reels",)]
    execute(url, AGE.format(5) + " WHERE name = 'airs'")
    await storage.model_offers.give_up_waiting()
    assert execute(url, "SELECT queue_name FROM procrastinate_jobs ORDER BY id") == [("tunes",), ("tunes:reels",)]
    assert await made(storage, 1) == ["airs"]
    done = await storage.tune(waiting.id)
    assert done is not None and done.status.over


async def test_a_dead_workers_tune_for_a_model_is_taken_up_again(storage: Storage, url: str) -> None:
    await storage.add(wish("airs"), origin())
    execute(url, "UPDATE procrastinate_jobs SET status = 'doing'")
    assert queue.queue_of("airs") == "tunes:airs"
    assert await made(storage, 1, "airs") == ["airs"]


async def test_a_request_of_before_there_were_models_is_read(storage: Storage, url: str) -> None:
    tune = await storage.add(wish("airs"), origin())
    execute(url, "UPDATE tunes SET request = request - 'model'")
    old = await storage.tune(tune.id)
    assert old is not None and old.request == replace(tune.request, model="")


async def test_models_are_offered_again_after_no_connection_was_to_be_had(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_offers, "OFFER_EVERY_S", 0.01)
    pool = storage.database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.02)
    async with storage.model_offers.offer({"reels": ""}), asyncio.timeout(20):
        async with AsyncExitStack() as stack:
            for _ in range(pool.size()):  # type: ignore[attr-defined]
                await stack.enter_async_context(storage.database.engine.connect())
            await asyncio.sleep(0.3)
        execute(url, AGE.format(model_offers.OFFERED_FOR_S))
        while not await storage.model_offers.offered():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("away", ["at the beginning", "later"])
async def test_after_the_database_was_away_other_workers_have_time_to_come_back(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    fails = {0} if away == "at the beginning" else {10}
    offers, gave_up_at = [0], []
    done = asyncio.Event()

    async def offer(_: object) -> None:
        offers[0] += 1
        if offers[0] - 1 in fails:
            raise OperationalError("INSERT", {}, Exception("The database is away."))

    async def give_up() -> None:
        gave_up_at.append(offers[0] - 1)
        if offers[0] > 20:
            done.set()

    monkeypatch.setattr(model_offers, "OFFER_EVERY_S", 1)
    monkeypatch.setattr(model_offers, "WAITED_FOR_S", 5)
    monkeypatch.setattr(storage.model_offers, "_offer", offer)
    monkeypatch.setattr(storage.model_offers, "give_up_waiting", give_up)
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(0))
    async with storage.model_offers.offer({"reels": ""}), asyncio.timeout(20):
        await done.wait()
    expected = [*range(6, 30)] if away == "at the beginning" else [6, 7, 8, 9, *range(16, 30)]
    assert gave_up_at == expected[: len(gave_up_at)]
