"""The front desk on a real database: what is accepted, and who hears of what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace

import psycopg
import pytest

from bot import desk as rules
from bot.desk import Desk, DeskError, Progress
from generator.request import TuneRequest
from storage import Composition, Origin, Status, Storage

ABC = "X:1\nT:The Test\nR:jig\nM:6/8\nL:1/8\nK:Edor\n|:EFG ABc:|\n"
MADE = Composition(abc=ABC, title="The Test", rhythm="jig", key="Edor", metre="6/8", duration_ms=2_000, model="none", scores={})


def origin(event: str, person: str = "ann") -> Origin:
    return Origin(platform="discord", event=event, person=person)


def wish(seed: int = 7) -> TuneRequest:
    return TuneRequest.check(rhythm="jig", seed=seed, title="Asked for", temperature=0.7)


@pytest.fixture
async def desk(storage: Storage) -> AsyncIterator[Desk]:
    desk = Desk(storage, open_requests_per_person=2)
    listening = asyncio.create_task(desk.run())
    yield desk
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def collect(desk: Desk, tune_id: str) -> list[Progress]:
    async with aclosing(desk.follow(tune_id)) as changes:
        return [progress async for progress in changes]


async def test_an_event_is_accepted_once(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(wish(), origin("1"))
    assert await desk.submit(wish(seed=8), origin("1")) == first
    assert [tune.id for tune in await storage.undelivered("discord")] == [first.id]


async def test_the_third_open_request_of_a_person_is_turned_down_in_a_sentence(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(wish(), origin("1"))
    await desk.submit(wish(), origin("2"))
    with pytest.raises(DeskError, match=r"2 unfinished tunes.*\.$"):
        await desk.submit(wish(), origin("3"))
    await desk.submit(wish(), origin("4", person="bob"))
    await storage.fail(first.id, "It broke.")
    await desk.submit(wish(), origin("5"))


async def test_a_request_that_cannot_be_kept_is_turned_down_in_a_sentence(desk: Desk) -> None:
    with pytest.raises(DeskError, match="again without them"):
        await desk.submit(replace(wish(), title="nul \0"), origin("1"))


async def test_a_follower_sees_the_tune_from_the_queue_to_the_end(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    seen: list[tuple[Status, int, int]] = []
    async with aclosing(desk.follow(tune.id)) as changes:
        async for now in changes:
            seen.append((now.tune.status, now.place, now.tune.bars))
            match now.tune.status, now.tune.bars:
                case Status.QUEUED, _:
                    await storage.start(tune.id)
                case Status.COMPOSING, 0:
                    await storage.progress(tune.id, status=Status.COMPOSING, bars=3)
                case Status.COMPOSING, 3:
                    await storage.progress(tune.id, status=Status.RENDERING, bars=16)
                case Status.RENDERING, 16:
                    await storage.finish(tune.id, MADE, {})
    assert seen == [
        (Status.QUEUED, 1, 0),
        (Status.COMPOSING, 0, 0),
        (Status.COMPOSING, 0, 3),
        (Status.RENDERING, 0, 16),
        (Status.FINISHED, 0, 16),
    ]


async def test_who_begins_to_follow_after_the_end_gets_the_end(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    await storage.fail(tune.id, "It broke.")
    [only] = await collect(desk, tune.id)
    assert (only.tune.status, only.tune.error) == (Status.FAILED, "It broke.")


async def test_following_an_unknown_tune_raises(desk: Desk) -> None:
    with pytest.raises(KeyError):
        await collect(desk, "0" * 12)


async def test_the_place_in_the_queue_moves_as_others_are_taken(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(wish(), origin("1"))
    second = await desk.submit(wish(), origin("2"))
    async with aclosing(desk.follow(second.id)) as changes:
        assert (await anext(changes)).place == 2
        await storage.start(first.id)
        async with asyncio.timeout(5):
            assert (await anext(changes)).place == 1


async def test_many_followers_share_one_listening_connection(desk: Desk, storage: Storage, url: str) -> None:
    tune = await desk.submit(wish(), origin("1"))
    followers = [asyncio.create_task(collect(desk, tune.id)) for _ in range(40)]
    await asyncio.sleep(0.3)
    with psycopg.connect(url) as connection:
        listening = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ).fetchone()
    await storage.finish(tune.id, MADE, {})
    async with asyncio.timeout(10):
        ends = await asyncio.gather(*followers)
    assert listening == (1,)
    assert all(progress[-1].tune.status is Status.FINISHED for progress in ends)


async def test_what_changed_before_the_listener_was_there_is_not_missed(storage: Storage) -> None:
    desk = Desk(storage, open_requests_per_person=2)
    tune = await desk.submit(wish(), origin("1"))
    following = asyncio.create_task(collect(desk, tune.id))
    await asyncio.sleep(0.2)
    await storage.finish(tune.id, MADE, {})
    listening = asyncio.create_task(desk.run())
    async with asyncio.timeout(5):
        assert (await following)[-1].tune.status is Status.FINISHED
    listening.cancel()


async def test_a_connection_that_breaks_is_made_again_and_nothing_is_missed(desk: Desk, storage: Storage, url: str) -> None:
    tune = await desk.submit(wish(), origin("1"))
    following = asyncio.create_task(collect(desk, tune.id))
    await asyncio.sleep(0.3)
    with psycopg.connect(url, autocommit=True) as connection:
        broken = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ).fetchall()
        assert broken == [(True,)]
    await storage.finish(tune.id, MADE, {})
    async with asyncio.timeout(10):
        assert (await following)[-1].tune.status is Status.FINISHED


async def test_who_leaves_is_forgotten(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    async with aclosing(desk.follow(tune.id)) as changes:
        await anext(changes)
        assert desk.followers == 1
    assert desk.followers == 0


async def test_again_is_the_same_wish_with_another_seed_and_the_same_parent(desk: Desk, storage: Storage) -> None:
    parent = await desk.submit(wish(), origin("1"))
    tune = await desk.submit(wish(), origin("2"), parent=parent.id)
    request, of = rules.again(tune)
    assert of == parent.id
    assert request.seed != tune.request.seed
    assert replace(request, seed=7) == tune.request


async def test_a_variation_starts_from_the_whole_tune_as_it_was_composed(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    await storage.finish(tune.id, MADE, {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    request, of = rules.vary(finished)
    assert of == tune.id
    assert request.seed != 7
    expected = TuneRequest(seed=7, rhythm="jig", key="Edor", metre="6/8", opening=ABC, temperature=0.7, title="", mode="vary")
    assert replace(request, seed=7) == expected


async def test_a_tune_that_is_not_finished_cannot_be_varied(desk: Desk) -> None:
    tune = await desk.submit(wish(), origin("1"))
    with pytest.raises(ValueError, match="not finished"):
        rules.vary(tune)


async def test_a_tune_of_somebodys_own_may_be_played_and_varied_whatever_it_is_called(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(TuneRequest.check(opening=ABC, mode="play", seed=7), origin("1"))
    assert tune.request.mode == "play"
    await storage.finish(tune.id, replace(MADE, rhythm="my own reel", metre=""), {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    again, _ = rules.again(finished)
    assert (again.mode, again.opening) == ("play", tune.request.opening)
    varied, of = rules.vary(finished)
    assert (varied.mode, varied.opening, varied.rhythm, varied.metre, of) == ("vary", ABC, None, None, tune.id)
