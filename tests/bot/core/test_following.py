"""Followers of a tune or set receive its queue position, its progress and its end."""

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
from bot.core.following import Progress
from storage import Status, Storage
from storage.queue.rounds import QueueSpeed
from tests.bot.core.conftest import ANN, COMPOSITION, collect, following, in_guild, origin, tune_request
from tests.patience import HANG_S


def between_reads(now: Progress) -> bool:
    """Whether the tune started after it was read and before its queue position was read, as happens on a busy machine."""
    return (now.tune.status, now.queue_position) == (Status.QUEUED, 0)


async def test_a_follower_receives_every_state_from_the_queue_to_the_end(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    seen: list[tuple[Status, int, int]] = []
    async with aclosing(desk.follow(tune.id)) as changes:
        async for now in changes:
            if between_reads(now):
                continue
            seen.append((now.tune.status, now.queue_position, now.tune.bars))
            match now.tune.status, now.tune.bars:
                case Status.QUEUED, _:
                    await storage.start(tune.id)
                case Status.COMPOSING, 0:
                    await storage.progress(tune.id, status=Status.COMPOSING, bars=3)
                case Status.COMPOSING, 3:
                    await storage.progress(tune.id, status=Status.RENDERING, bars=16)
                case Status.RENDERING, 16:
                    await storage.finish(tune.id, COMPOSITION, {})
    assert seen == [
        (Status.QUEUED, 1, 0),
        (Status.COMPOSING, 0, 0),
        (Status.COMPOSING, 0, 3),
        (Status.RENDERING, 0, 16),
        (Status.FINISHED, 0, 16),
    ]


async def test_following_a_tune_that_is_over_gives_its_final_state(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    await storage.fail(tune.id, "It broke.")
    [only] = await collect(desk, tune.id)
    assert (only.tune.status, only.tune.error) == (Status.FAILED, "It broke.")


async def test_following_an_unknown_tune_or_set_ends_at_once(desk: Desk) -> None:
    assert await collect(desk, "0" * 12) == []
    async with aclosing(desk.follow_set("0" * 12)) as changes:
        assert [states async for states in changes] == []


async def test_following_ends_when_the_tune_is_deleted(desk: Desk, storage: Storage) -> None:
    for start in (False, True):
        tune = await desk.submit(tune_request(), origin(f"{start}"))
        if start:
            await storage.start(tune.id)
        async with following(desk, tune.id) as follower:
            await storage.sharing.delete(tune.id, ANN)
            seen = await follower
        assert seen and not seen[-1].tune.status.over
    assert desk.followers == 0


async def test_the_queue_position_changes_when_other_tunes_start(desk: Desk, storage: Storage) -> None:
    first = await desk.submit(tune_request(), origin("1"))
    second = await desk.submit(tune_request(), origin("2"))
    async with aclosing(desk.follow(second.id)) as changes:
        assert (await anext(changes)).queue_position == 2
        await storage.start(first.id)
        async with asyncio.timeout(HANG_S):
            assert (await anext(changes)).queue_position == 1


async def wait_until_listening(url: str) -> None:
    """Waits until the desk listens for changes."""
    listening = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'"
    with psycopg.connect(url, autocommit=True) as connection:
        async with asyncio.timeout(HANG_S):
            while connection.execute(listening).fetchone() is None:
                await asyncio.sleep(0.01)


async def test_many_followers_share_one_listening_connection(desk: Desk, storage: Storage, url: str) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    followers = [asyncio.create_task(collect(desk, tune.id)) for _ in range(40)]
    await wait_until_listening(url)
    async with asyncio.timeout(HANG_S):
        while desk.followers < len(followers):
            await asyncio.sleep(0.01)
    with psycopg.connect(url) as connection:
        listening = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ).fetchone()
    await storage.finish(tune.id, COMPOSITION, {})
    async with asyncio.timeout(HANG_S):
        ends = await asyncio.gather(*followers)
    assert listening == (1,)
    assert all(progress[-1].tune.status is Status.FINISHED for progress in ends)


async def test_a_change_before_the_desk_listens_is_not_missed(storage: Storage) -> None:
    desk = Desk(storage, open_requests_per_person=2)
    tune = await desk.submit(tune_request(), origin("1"))
    async with following(desk, tune.id) as follower:
        await storage.finish(tune.id, COMPOSITION, {})
        listening = asyncio.create_task(desk.run())
        assert (await follower)[-1].tune.status is Status.FINISHED
    listening.cancel()


async def test_a_broken_connection_is_reopened_and_no_change_is_missed(desk: Desk, storage: Storage, url: str) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    async with following(desk, tune.id) as follower:
        await wait_until_listening(url)
        with psycopg.connect(url, autocommit=True) as connection:
            broken = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            ).fetchall()
            assert broken == [(True,)]
        await storage.finish(tune.id, COMPOSITION, {})
        assert (await follower)[-1].tune.status is Status.FINISHED


async def test_a_follower_that_stops_is_removed(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(tune_request(), origin("1"))
    async with aclosing(desk.follow(tune.id)) as changes:
        await anext(changes)
        assert desk.followers == 1
    assert desk.followers == 0


async def test_a_request_during_a_cooldown_is_accepted_and_waits(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_community(ANN, cooldown_s=600)
    first, second = [await desk.submit(tune_request(), in_guild(event)) for event in "12"]
    async with aclosing(desk.follow(first.id)) as changes:
        assert (await anext(changes)).held_until is None
    async with aclosing(desk.follow(second.id)) as changes:
        assert (await anext(changes)).held_until == first.created_at + timedelta(minutes=10) == second.not_before


async def test_a_cooldown_that_is_over_is_not_reported(storage: Storage) -> None:
    desk = Desk(storage, open_requests_per_person=2)
    await storage.add(tune_request(), in_guild("1"))
    tune = await storage.add(tune_request(), in_guild("2"), cooldown_s=1)
    await asyncio.sleep(1.1)
    async with aclosing(desk.follow(tune.id)) as changes:
        assert (await anext(changes)).held_until is None


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("queue_position", "speed", "held_s", "expected"),
    [
        (1, QueueSpeed(None, 3), 0, None),
        (1, QueueSpeed(8.0, 0), 0, 8),  # starts at once
        (3, QueueSpeed(8.0, 0), 0, 24),
        (1, QueueSpeed(8.0, 4), 0, 10),  # one of four comes free every 2 s
        (6, QueueSpeed(8.0, 4), 0, 20),
        (0, QueueSpeed(8.0, 0), 0, 8),  # started since the last update
        (1, QueueSpeed(8.0, 4), 60, 68),
        (100, QueueSpeed(8.0, 4), 60, 208),
    ],
)
async def test_the_time_left_in_the_queue_depends_on_the_queue_speed_and_the_tunes_in_progress(
    storage: Storage, queue_position: int, speed: QueueSpeed, held_s: int, expected: int | None
) -> None:
    tune = await storage.add(tune_request(), origin("1"))
    tune = replace(tune, not_before=NOW + timedelta(seconds=held_s) if held_s else None)
    assert core_following.seconds_left(tune, queue_position, speed, NOW) == expected


async def test_the_time_left_of_a_tune_in_progress_decreases_to_one_second(storage: Storage) -> None:
    tune = replace(await storage.add(tune_request(), origin("1")), status=Status.COMPOSING, started_at=NOW)
    left = [
        core_following.seconds_left(tune, 0, QueueSpeed(8.0, 1), NOW + timedelta(seconds=after)) for after in (0, 2.5, 7.9, 60)
    ]
    assert left == [8, 6, 1, 1]
    assert core_following.seconds_left(replace(tune, status=Status.FINISHED), 0, QueueSpeed(8.0, 1), NOW) is None


async def test_all_followers_share_one_reading_of_the_queue_speed(
    desk: Desk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    speed = storage.queue_speed

    async def counted() -> QueueSpeed:
        nonlocal reads
        reads += 1
        return await speed()

    monkeypatch.setattr(storage, "queue_speed", counted)
    stopped_clock = SimpleNamespace(monotonic=lambda: 0.0)  # so that the first reading never becomes old
    monkeypatch.setattr(core_following, "time", stopped_clock)
    earlier = await desk.submit(tune_request(), origin("1"))
    await storage.start(earlier.id)
    await storage.finish(earlier.id, COMPOSITION, {})
    tune = await desk.submit(tune_request(), origin("2"))
    async with AsyncExitStack() as stack:
        followers = await asyncio.gather(*(stack.enter_async_context(following(desk, tune.id)) for _ in range(20)))
        await storage.start(tune.id)
        for bars in range(1, 9):
            await storage.progress(tune.id, status=Status.COMPOSING, bars=bars)
        await storage.finish(tune.id, COMPOSITION, {})
        ends = await asyncio.gather(*followers)
    assert reads == 1
    assert all(seen[0].seconds_left is not None and seen[-1].seconds_left is None for seen in ends)


async def test_a_set_is_followed_as_a_whole(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(tune_request().in_a_row(2), origin("1"))
    seen = []
    async with asyncio.timeout(HANG_S), aclosing(desk.follow_set(first.id)) as changes:
        async for states in changes:
            if any(map(between_reads, states)):
                continue
            seen.append([(now.tune.status, now.queue_position) for now in states])
            match [now.tune.status for now in states]:
                case [Status.QUEUED, Status.QUEUED]:
                    await storage.start(first.id)
                case [Status.COMPOSING, Status.QUEUED]:
                    await storage.finish(first.id, COMPOSITION, {})
                case [Status.FINISHED, Status.QUEUED]:
                    await storage.fail(second.id, "It broke.")
    assert seen == [
        [(Status.QUEUED, 1), (Status.QUEUED, 2)],
        [(Status.COMPOSING, 0), (Status.QUEUED, 1)],
        [(Status.FINISHED, 0), (Status.QUEUED, 1)],
        [(Status.FINISHED, 0), (Status.FAILED, 0)],
    ]
    assert desk.followers == 0


async def test_following_a_set_continues_after_a_tune_is_deleted_and_ends_after_the_last(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(tune_request().in_a_row(2), origin("1"))
    async with asyncio.timeout(HANG_S), aclosing(desk.follow_set(first.id)) as changes:
        assert len(await anext(changes)) == 2
        await storage.sharing.delete(first.id, ANN)
        assert [now.tune.id for now in await anext(changes)] == [second.id]
        await storage.sharing.delete(second.id, ANN)
        assert [states async for states in changes] == []
