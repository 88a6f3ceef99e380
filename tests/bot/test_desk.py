"""The front desk on a real database: what is accepted, and who hears of what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from bot import desk as rules
from bot.desk import Desk, DeskError, Progress
from generator.notation.opening import read_opening
from generator.request import RequestError, TuneRequest
from storage import Composition, Origin, Status, Storage, Tune, Viewer
from storage.rounds import Pace

ANN = Viewer("discord", "ann", "guild")
ABC = "X:1\nT:The Test\nR:jig\nM:6/8\nL:1/8\nK:Edor\n|:EFG ABc|BAG FED|EFG ABc|BGE E3:|\n|:gfe dcB|ABc BAG|FED EFG|BGE E3:|\n"
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


async def test_following_an_unknown_tune_or_set_ends_at_once(desk: Desk) -> None:
    assert await collect(desk, "0" * 12) == []
    async with aclosing(desk.follow_set("0" * 12)) as changes:
        assert [states async for states in changes] == []


async def test_following_ends_when_the_tune_is_deleted(desk: Desk, storage: Storage) -> None:
    for start in (False, True):
        tune = await desk.submit(wish(), origin(f"{start}"))
        following = asyncio.create_task(collect(desk, tune.id))
        if start:
            await storage.start(tune.id)
        await asyncio.sleep(0.2)
        await storage.sharing.delete(tune.id, ANN)
        async with asyncio.timeout(5):
            seen = await following
        assert seen and not seen[-1].tune.status.over
    assert desk.followers == 0


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
    expected = TuneRequest(seed=7, rhythm="jig", key="Edor", metre="6/8", opening=ABC.strip(), temperature=0.7, mode="vary")
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
    assert (varied.mode, varied.opening, varied.rhythm, varied.metre) == ("vary", ABC.strip(), None, None)
    assert of == tune.id


def in_guild(event: str, *, place: str = "1", person: str = "ann") -> Origin:
    return Origin(platform="discord", event=event, person=person, place=place, server="guild")


async def test_a_server_has_its_tunes_in_the_channels_it_chose_and_their_threads(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_server(ANN, channels=["1", "22"])
    for refused in (
        desk.submit(wish(), in_guild("1", place="3")),
        desk.submit(wish(), in_guild("2", place="3"), parent_place="4"),
        desk.submit_set(wish().in_a_row(2), in_guild("3", place="3")),
    ):
        with pytest.raises(DeskError, match=r"^Tunes are made in <#1>, <#22> here; please ask there\.$"):
            await refused
    assert await storage.undelivered("discord") == []
    await desk.submit(wish(), in_guild("4", place="22"))
    await desk.submit(wish(), in_guild("5", place="3", person="bob"), parent_place="1")
    await desk.submit(wish(), origin("6", person="cat"))  # in direct messages


async def test_many_channels_are_not_all_named(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_server(ANN, channels=[str(10**18 + number) for number in range(100)])
    with pytest.raises(DeskError, match=r"<#1000000000000000009> and others here; please ask there\.$") as refusal:
        await desk.submit(wish(), in_guild("1"))
    assert len(str(refusal.value)) < 500


async def test_the_lower_of_the_servers_limit_and_the_hosts_holds(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_server(ANN, open_requests=1)
    await desk.submit(wish(), in_guild("1"))
    with pytest.raises(DeskError, match=r"^You have 1 unfinished tune; wait until it is finished\.$"):
        await desk.submit(wish(), in_guild("2"))
    await storage.preferences.change_server(ANN, open_requests=50)
    await desk.submit(wish(), in_guild("2"))
    with pytest.raises(DeskError, match=r"^You have 2 unfinished tunes; wait until one of them is finished\.$"):
        await desk.submit(wish(), in_guild("3"))


async def test_a_cooldown_queues_and_does_not_refuse(desk: Desk, storage: Storage) -> None:
    await storage.preferences.change_server(ANN, cooldown_s=600)
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
    ("place", "pace", "held_s", "expected"),
    [
        (1, Pace(None, 3), 0, None),
        (1, Pace(8.0, 0), 0, 8),  # taken at once
        (3, Pace(8.0, 0), 0, 24),
        (1, Pace(8.0, 4), 0, 10),  # one of four comes free every 2 s
        (6, Pace(8.0, 4), 0, 20),
        (0, Pace(8.0, 0), 0, 8),  # taken between two looks
        (1, Pace(8.0, 4), 60, 68),
        (100, Pace(8.0, 4), 60, 208),
    ],
)
async def test_the_time_left_in_the_queue_goes_by_what_was_and_is_in_hand(
    storage: Storage, place: int, pace: Pace, held_s: int, expected: int | None
) -> None:
    tune = await storage.add(wish(), origin("1"))
    tune = replace(tune, not_before=NOW + timedelta(seconds=held_s) if held_s else None)
    assert rules.seconds_left(tune, place, pace, NOW) == expected


async def test_the_time_left_of_a_tune_in_hand_runs_down_and_never_out(storage: Storage) -> None:
    tune = replace(await storage.add(wish(), origin("1")), status=Status.COMPOSING, started_at=NOW)
    left = [rules.seconds_left(tune, 0, Pace(8.0, 1), NOW + timedelta(seconds=after)) for after in (0, 2.5, 7.9, 60)]
    assert left == [8, 6, 1, 1]
    assert rules.seconds_left(replace(tune, status=Status.FINISHED), 0, Pace(8.0, 1), NOW) is None


async def test_followers_together_read_the_pace_once_in_a_while(
    desk: Desk, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    pace = storage.pace

    async def counted() -> Pace:
        nonlocal reads
        reads += 1
        return await pace()

    monkeypatch.setattr(storage, "pace", counted)
    made = await desk.submit(wish(), origin("1"))
    await storage.start(made.id)
    await storage.finish(made.id, MADE, {})
    tune = await desk.submit(wish(), origin("2"))
    followers = [asyncio.create_task(collect(desk, tune.id)) for _ in range(20)]
    await asyncio.sleep(0.3)
    await storage.start(tune.id)
    for bars in range(1, 9):
        await storage.progress(tune.id, status=Status.COMPOSING, bars=bars)
    await storage.finish(tune.id, MADE, {})
    async with asyncio.timeout(10):
        ends = await asyncio.gather(*followers)
    assert 1 <= reads <= 3
    assert all(seen[0].seconds_left is not None and seen[-1].seconds_left is None for seen in ends)


async def test_a_set_is_followed_as_a_whole(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(wish().in_a_row(2), origin("1"))
    seen = []
    async with asyncio.timeout(10), aclosing(desk.follow_set(first.id)) as changes:
        async for states in changes:
            seen.append([(now.tune.status, now.place) for now in states])
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
    async with asyncio.timeout(10), aclosing(desk.follow_set(first.id)) as changes:
        assert len(await anext(changes)) == 2
        await storage.sharing.delete(first.id, ANN)
        assert [now.tune.id for now in await anext(changes)] == [second.id]
        await storage.sharing.delete(second.id, ANN)
        assert [states async for states in changes] == []


async def test_a_set_counts_as_its_tunes_to_the_limit(desk: Desk) -> None:
    with pytest.raises(DeskError, match=r"a set of 3 is more than that\.$"):
        await desk.submit_set(wish().in_a_row(3), origin("1"))
    tunes = await desk.submit_set(wish().in_a_row(2), origin("1"))
    assert await desk.submit_set(wish().in_a_row(2), origin("1")) == tunes


async def test_whoever_asked_cancels_their_tune_and_nobody_else(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    for other in (Viewer("discord", "bob", "guild"), Viewer("web", "ann"), Viewer("discord", "", "guild")):
        with pytest.raises(DeskError, match="Only whoever asked"):
            await desk.cancel(tune.id, other)
    following = asyncio.create_task(collect(desk, tune.id))
    await asyncio.sleep(0.2)
    assert await desk.cancel(tune.id, ANN) == [tune]
    async with asyncio.timeout(5):
        await following
    assert await storage.tune(tune.id) is None
    with pytest.raises(DeskError, match="no longer there"):
        await desk.cancel(tune.id, ANN)


async def test_what_is_over_cannot_be_cancelled(desk: Desk, storage: Storage) -> None:
    tune = await desk.submit(wish(), origin("1"))
    await storage.finish(tune.id, MADE, {})
    with pytest.raises(DeskError, match="finished already"):
        await desk.cancel(tune.id, ANN)
    assert await storage.tune(tune.id) is not None


async def test_a_set_is_cancelled_whole_by_any_of_its_tunes(desk: Desk, storage: Storage) -> None:
    first, second = await desk.submit_set(wish().in_a_row(2), origin("1"))
    await storage.finish(first.id, MADE, {"tune.abc": ("text/vnd.abc", ABC.encode())})
    assert [tune.id for tune in await desk.cancel(second.id, ANN)] == [first.id, second.id]
    assert await storage.set_of(first.id) == []


async def finished_tune(desk: Desk, storage: Storage, abc: str = ABC, **changes: Any) -> Tune:
    tune = await desk.submit(wish(), origin("1"))
    await storage.finish(tune.id, replace(MADE, abc=abc, **changes), {})
    finished = await storage.tune(tune.id)
    assert finished is not None
    return finished


async def test_a_tune_is_gone_on_from_as_a_whole_and_its_parent_is_named(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage)
    request, of = rules.go_on(tune)
    assert (request.mode, request.opening, of) == ("continue", ABC.strip(), tune.id)
    assert (request.rhythm, request.key, request.metre, request.title) == ("jig", "Edor", "6/8", "")


@pytest.mark.parametrize("pick_up", ["", "B,|"], ids=["", "after a pick-up"])
async def test_a_second_part_is_written_to_the_first_part_alone(desk: Desk, storage: Storage, pick_up: str) -> None:
    tune = await finished_tune(desk, storage, ABC.replace("|:EFG", f"{pick_up}|:EFG"))
    request, of = rules.second_part(tune)
    assert (request.mode, of) == ("second part", tune.id)
    assert "BGE E3:|" in request.opening
    assert "gfe" not in request.opening
    assert read_opening(request.opening, mode="second part").title == "The Test"


async def test_the_same_tune_is_played_by_another_instrument(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage)
    request, of = rules.play_by(tune, "flute", backing=False)
    assert (request.mode, request.instrument, request.backing, request.opening, of) == (
        "play",
        "flute",
        False,
        ABC.strip(),
        tune.id,
    )


async def test_what_cannot_be_made_of_a_tune_is_said_in_a_sentence(desk: Desk, storage: Storage) -> None:
    tune = await finished_tune(desk, storage, ABC.split("|BAG")[0] + ":|\n")
    with pytest.raises(RequestError, match="nothing to vary"):
        rules.vary(tune, 3)
    with pytest.raises(RequestError, match="4 bars at least"):
        rules.second_part(tune)
    with pytest.raises(RequestError, match="phrygian"):
        rules.go_on(replace(tune, composition=replace(MADE, key="Ephr")))
