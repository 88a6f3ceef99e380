"""Who follows a tune or a set hears of its place, its progress and its end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest

from bot.core import following as core_following
from bot.core.desk import Desk
from storage import Status, Storage
from storage.rounds import QueueSpeed
from tests.bot.core.conftest import ANN, MADE, collect, following, in_guild, origin, wish
from tests.patience import HANG_S


async def test_a_follower_sees_the_tune_from_the_queue_to_the_end(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    seen: list[tuple[Status, int, int]] = []
    async with aclosing(desk.follow(tune.id)) as changes:
        async for now in changes:
            seen.append((now.tune.status, now.queue_position, now.tune.bars))
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


async def test_following_an_unknown_tune_or_set_ends_at_once(desk: Desk) -> None:
    assert await collect(desk, "0" * 12) == []
    async with aclosing(desk.follow_set("0" * 12)) as changes:
        assert [states async for states in changes] == []


async def test_following_ends_when_the_tune_is_deleted(desk: Desk, storage: Storage) -> None:
    for start in (False, True):
        tune = await desk.submit(wish(), origin(f"{start}"))
        if start:
            await storage.start(tune.id)
        async with following(desk, tune.id) as follower:
            await storage.sharing.delete(tune.id, ANN)
            seen = await follower
        assert seen and not seen[-1].tune.status.over
    assert desk.followers == 0


async def test_the_place_in_the_queue_moves_as_others_are_taken(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(wish(), origin("1"))
    second = await desk.submit(wish(), origin("2"))
    async with aclosing(desk.follow(second.id)) as changes:
        assert (await anext(changes)).queue_position == 2
        await storage.start(first.id)
        async with asyncio.timeout(HANG_S):
            assert (await anext(changes)).queue_position == 1


async def listened(url: str) -> None:
    """Waits until the desk has its listening connection."""
    listening = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'"
    with psycopg.connect(url, autocommit=True) as connection:
        async with asyncio.timeout(HANG_S):
            while connection.execute(listening).fetchone() is None:
                await asyncio.sleep(0.01)


async def test_many_followers_share_one_listening_connection(desk: Desk, storage: Storage, url: str) -> None:
    tune = await desk.submit(wish(), origin("1"))
    followers = [asyncio.create_task(collect(desk, tune.id)) for _ in range(40)]
    await listened(url)
    async with asyncio.timeout(HANG_S):
        while desk.followers < len(followers):
            await asyncio.sleep(0.01)
    with psycopg.connect(url) as connection:
        listening = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ).fetchone()
    await storage.finish(tune.id, MADE, {})
    async with asyncio.timeout(HANG_S):
        ends = await asyncio.gather(*followers)
    assert listening == (1,)
    assert all(progress[-1].tune.status is Status.FINISHED for progress in ends)


async def test_what_changed_before_the_listener_was_there_is_not_missed(storage: Storage) -> None:
    desk = Desk(storage, open_requests_per_person=2)
    tune = await desk.submit(wish(), origin("1"))
    async with following(desk, tune.id) as follower:
        await storage.finish(tune.id, MADE, {})
        listening = asyncio.create_task(desk.run())
        assert (await follower)[-1].tune.status is Status.FINISHED
    listening.cancel()


async def test_a_connection_that_breaks_is_made_again_and_nothing_is_missed(desk: Desk, storage: Storage, url: str) -> None:
    tune = await desk.submit(wish(), origin("1"))
    async with following(desk, tune.id) as follower:
        await listened(url)
        with psycopg.connect(url, autocommit=True) as connection:
            broken = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            ).fetchall()
            assert broken == [(True,)]
        await storage.finish(tune.id, MADE, {})
        assert (await follower)[-1].tune.status is Status.FINISHED


async def test_who_leaves_is_forgotten(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    async with aclosing(desk.follow(tune.id)) as changes:
        await anext(changes)
        assert desk.followers == 1
    assert desk.followers == 0


async def test_a_cooldown_queues_and_does_not_refuse(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, cooldown_s=600)
    first, second = [await desk.submit(wish(), in_guild(event)) for event in "12"]
    async with aclosing(desk.follow(first.id)) as changes:
        assert (await anext(changes)).held_until is None
    async with aclosing(desk.follow(second.id)) as changes:
        assert (await anext(changes)).held_until == first.created_at + timedelta(minutes=10) == second.not_before


async def test_a_cooldown_that_is_over_is_not_told(storage: Storage) -> None:
    desk = Desk(storage, open_requests_per_person=2)
    await storage.add(wish(), in_guild("1"))
    tune = await storage.add(wish(), in_guild("2"), cooldown_s=1)
    await asyncio.sleep(1.1)
    async with aclosing(desk.follow(tune.id)) as changes:
        assert (await anext(changes)).held_until is None


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("queue_position", "speed", "held_s", "expected"),
    [
        (1, QueueSpeed(None, 3), 0, None),
        (1, QueueSpeed(8.0, 0), 0, 8),  # taken at once
        (3, QueueSpeed(8.0, 0), 0, 24),
        (1, QueueSpeed(8.0, 4), 0, 10),  # one of four comes free every 2 s
        (6, QueueSpeed(8.0, 4), 0, 20),
        (0, QueueSpeed(8.0, 0), 0, 8),  # taken between two looks
        (1, QueueSpeed(8.0, 4), 60, 68),
        (100, QueueSpeed(8.0, 4), 60, 208),
    ],
)
async def test_the_time_left_in_the_queue_goes_by_what_was_and_is_in_hand(
    storage: Storage, queue_position: int, speed: QueueSpeed, held_s: int, expected: int | None
) -> None:
    tune = await storage.add(wish(), origin("1"))
    tune = replace(tune, not_before=NOW + timedelta(seconds=held_s) if held_s else None)
    assert core_following.seconds_left(tune, queue_position, speed, NOW) == expected


async def test_the_time_left_of_a_tune_in_hand_runs_down_and_never_out(storage: Storage) -> None:
    tune = replace(await storage.add(wish(), origin("1")), status=Status.COMPOSING, started_at=NOW)
    left = [
        core_following.seconds_left(tune, 0, QueueSpeed(8.0, 1), NOW + timedelta(seconds=after)) for after in (0, 2.5, 7.9, 60)
    ]
    assert left == [8, 6, 1, 1]
    assert core_following.seconds_left(replace(tune, status=Status.FINISHED), 0, QueueSpeed(8.0, 1), NOW) is None


async def test_followers_together_read_the_queue_speed_once_in_a_while(
    desk: Desk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    speed = storage.queue_speed

    async def counted() -> QueueSpeed:
        nonlocal reads
        reads += 1
        return await speed()

    monkeypatch.setattr(storage, "queue_speed", counted)
    monkeypatch.setattr(
        core_following, "time", SimpleNamespace(monotonic=lambda: 0.0)
    )  # it does not run on: all of this is one while
    made = await desk.submit(wish(), origin("1"))
    await storage.start(made.id)
    await storage.finish(made.id, MADE, {})
    tune = await desk.submit(wish(), origin("2"))
    async with AsyncExitStack() as stack:
        followers = await asyncio.gather(*(stack.enter_async_context(following(desk, tune.id)) for _ in range(20)))
        await storage.start(tune.id)
        for bars in range(1, 9):
            await storage.progress(tune.id, status=Status.COMPOSING, bars=bars)
        await storage.finish(tune.id, MADE, {})
        ends = await asyncio.gather(*followers)
    assert reads == 1
    assert all(seen[0].seconds_left is not None and seen[-1].seconds_left is None for seen in ends)


async def test_a_set_is_followed_as_a_whole(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(wish().in_a_row(2), origin("1"))
    seen = []
    async with asyncio.timeout(HANG_S), aclosing(desk.follow_set(first.id)) as changes:
        async for states in changes:
            seen.append([(now.tune.status, now.queue_position) for now in states])
            match [now.tune.status for now in states]:
                case [Status.QUEUED, Status.QUEUED]:
                    await storage.start(first.id)
                case [Status.COMPOSING, Status.QUEUED]:
                    await storage.finish(first.id, MADE, {})
                case [Status.FINISHED, Status.QUEUED]:
                    await storage.fail(second.id, "It broke.")
    assert seen == [
        [(Status.QUEUED, 1), (Status.QUEUED, 2)],
        [(Status.COMPOSING, 0), (Status.QUEUED, 1)],
        [(Status.FINISHED, 0), (Status.QUEUED, 1)],
        [(Status.FINISHED, 0), (Status.FAILED, 0)],
    ]
    assert desk.followers == 0


async def test_following_a_set_goes_on_without_a_tune_that_is_deleted_and_ends_without_any(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(wish().in_a_row(2), origin("1"))
    async with asyncio.timeout(HANG_S), aclosing(desk.follow_set(first.id)) as changes:
        assert len(await anext(changes)) == 2
        await storage.sharing.delete(first.id, ANN)
        assert [now.tune.id for now in await anext(changes)] == [second.id]
        await storage.sharing.delete(second.id, ANN)
        assert [states async for states in changes] == []
