"""Cooldowns: accepted at once, started when it is time. And how fast the queue moves."""

from datetime import timedelta

import pytest

from storage import Origin, Storage
from storage.rounds import RECENT, QueueSpeed
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.test_jobs import no_jobs_left, work_until


async def test_the_second_request_waits_for_the_cooldown_and_the_third_for_the_second(storage: Storage, url: str) -> None:
    first, second, third = [await storage.add(request(), origin(event), cooldown_s=60) for event in "123"]
    assert first.not_before is None
    assert second.not_before == first.created_at + timedelta(minutes=1)
    assert third.not_before == first.created_at + timedelta(minutes=2)
    assert await storage.tune(third.id) == third
    scheduled = execute(url, "SELECT scheduled_at FROM procrastinate_jobs ORDER BY id")
    assert scheduled == [(None,), (second.not_before,), (third.not_before,)]


async def test_the_cooldown_is_a_persons_own_in_that_server(storage: Storage) -> None:
    await storage.add(request(), origin("1"))
    elsewhere = Origin("discord", "2", "ann", community_id="another guild")
    for other in (elsewhere, origin("3", user_id="ben"), origin("4", platform="slack")):
        assert (await storage.add(request(), other, cooldown_s=60)).not_before is None
    assert (await storage.add(request(), origin("5"), cooldown_s=60)).not_before is not None
    for event in "67":  # nobody knows whether they are the same
        assert (await storage.add(request(), origin(event, user_id=""), cooldown_s=60)).not_before is None


async def test_a_cooldown_that_is_over_holds_nothing_up(storage: Storage, url: str) -> None:
    await storage.add(request(), origin("1"))
    execute(url, "UPDATE tunes SET created_at = created_at - interval '61 seconds'")
    assert (await storage.add(request(), origin("2"), cooldown_s=60)).not_before is None


async def test_a_set_is_one_request_to_the_cooldown(storage: Storage) -> None:
    tunes = await storage.add_set(request().in_a_row(3), origin("1"), cooldown_s=60)
    assert {tune.not_before for tune in tunes} == {None}
    later = await storage.add_set(request().in_a_row(3), origin("2"), cooldown_s=60)
    assert {tune.not_before for tune in later} == {tunes[0].created_at + timedelta(minutes=1)}


async def test_who_has_to_wait_is_not_counted_by_others(storage: Storage) -> None:
    first = await storage.add(request(), origin("1"))
    held = await storage.add(request(), origin("2"), cooldown_s=60)
    others = [await storage.add(request(), origin(event, user_id=event)) for event in "345"]
    again = await storage.add(request(), origin("6", user_id="5"))
    ids = [first.id, *(tune.id for tune in others), again.id]
    places = await storage.queue_positions([*ids, held.id])
    assert [places[tune_id] for tune_id in ids] == [1, 2, 3, 4, 5]
    assert places[held.id] == 5


@pytest.mark.usefixtures("impatient")
async def test_a_held_tune_starts_when_its_time_has_come_and_others_meanwhile(storage: Storage, url: str) -> None:
    await storage.add(request(), origin("1"))
    held = await storage.add(request(), origin("2"), cooldown_s=3_600)
    for event in "345":
        await storage.add(request(), origin(event, user_id="ben"))
    assert held.not_before is not None

    async def handle(tune_id: str) -> None:
        await storage.start(tune_id)
        await storage.finish(tune_id, COMPOSITION, {})

    async def only_one_is_left() -> bool:
        return execute(url, "SELECT status::text FROM procrastinate_jobs") == [("todo",)]

    await work_until(storage, handle, only_one_is_left, 1)
    assert (await storage.tune(held.id)) == held
    execute(url, "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '1 hour'")  # its time has come
    await work_until(storage, handle, no_jobs_left(url), 1)
    order = execute(url, "SELECT event_id FROM tunes ORDER BY started_at")
    assert order == [("1",), ("3",), ("4",), ("5",), ("2",)]


async def test_whoever_waits_for_a_cooldown_holds_no_round_up(storage: Storage, url: str) -> None:
    for event in "123456":
        await storage.add(request(), origin(event), cooldown_s=600)
    first, second = [await storage.add(request(), origin(event, user_id=event)) for event in "78"]
    elsewhere = await storage.add(request(), Origin("discord", "9", "ann", community_id="another guild"))
    await storage.start(first.id)
    assert await storage.queue_position(second.id) == 2
    assert await storage.queue_position(elsewhere.id) == 3
    assert execute(url, "SELECT count(*) FROM tunes WHERE not_before IS NOT NULL") == [(5,)]


async def test_the_pace_is_that_of_the_last_tunes(storage: Storage, url: str) -> None:
    assert await storage.queue_speed() == QueueSpeed(None, 0)
    failed, *in_progress = [await storage.add(request(), origin(event)) for event in "123"]
    for tune in (failed, *in_progress):
        await storage.start(tune.id)
    await storage.fail(failed.id, "No.")
    assert await storage.queue_speed() == QueueSpeed(None, 2)

    async def made(seconds: float, tunes: int) -> None:
        finished = [await storage.add(request(), origin(f"{seconds} {number}", user_id="")) for number in range(tunes)]
        for tune in finished:
            await storage.start(tune.id)
            await storage.finish(tune.id, COMPOSITION, {})
        ids = ", ".join(f"'{tune.id}'" for tune in finished)
        execute(url, f"UPDATE tunes SET started_at = finished_at - interval '{seconds} seconds' WHERE id IN ({ids})")

    await made(100, RECENT)
    assert await storage.queue_speed() == QueueSpeed(100.0, 2)
    await made(3, RECENT - 1)
    await made(9_999, 1)  # its worker died
    assert await storage.queue_speed() == QueueSpeed(3.0, 2)
