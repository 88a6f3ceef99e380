"""Cooldowns: a request is accepted at once and starts when its cooldown is over. Also the speed of the queue."""

from datetime import timedelta

import pytest

from storage import Origin, Storage, Tune
from storage.queue.rounds import RECENT, QueueSpeed
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.queue.test_jobs import no_jobs_left, work_until


async def test_each_request_waits_for_the_cooldown_after_the_one_before(storage: Storage, url: str) -> None:
    first, second, third = [await storage.add(request(), origin(event), cooldown_s=60) for event in "123"]
    assert first.not_before is None
    assert second.not_before == first.created_at + timedelta(minutes=1)
    assert third.not_before == first.created_at + timedelta(minutes=2)
    assert await storage.tune(third.id) == third
    scheduled = execute(url, "SELECT scheduled_at FROM procrastinate_jobs ORDER BY id")
    assert scheduled == [(None,), (second.not_before,), (third.not_before,)]


async def test_a_cooldown_applies_to_one_user_in_one_server(storage: Storage) -> None:
    await storage.add(request(), origin("1"))
    elsewhere = Origin("discord", "2", "ann", community_id="another guild")
    for other in (elsewhere, origin("3", user_id="ben"), origin("4", platform="slack")):
        assert (await storage.add(request(), other, cooldown_s=60)).not_before is None
    assert (await storage.add(request(), origin("5"), cooldown_s=60)).not_before is not None
    for event in "67":  # unknown users may be different people
        assert (await storage.add(request(), origin(event, user_id=""), cooldown_s=60)).not_before is None


async def test_a_cooldown_that_is_over_does_not_delay_a_request(storage: Storage, url: str) -> None:
    await storage.add(request(), origin("1"))
    execute(url, "UPDATE tunes SET created_at = created_at - interval '61 seconds'")
    assert (await storage.add(request(), origin("2"), cooldown_s=60)).not_before is None


async def test_a_set_counts_as_one_request_for_the_cooldown(storage: Storage) -> None:
    tunes = await storage.add_set(request().in_a_row(3), origin("1"), cooldown_s=60)
    assert {tune.not_before for tune in tunes} == {None}
    later = await storage.add_set(request().in_a_row(3), origin("2"), cooldown_s=60)
    assert {tune.not_before for tune in later} == {tunes[0].created_at + timedelta(minutes=1)}


async def test_a_tune_in_cooldown_does_not_count_in_the_queue_positions_of_others(storage: Storage) -> None:
    first = await storage.add(request(), origin("1"))
    in_cooldown = await storage.add(request(), origin("2"), cooldown_s=60)
    others = [await storage.add(request(), origin(event, user_id=event)) for event in "345"]
    again = await storage.add(request(), origin("6", user_id="5"))
    ids = [first.id, *(tune.id for tune in others), again.id]
    positions = await storage.queue_positions([*ids, in_cooldown.id])
    assert [positions[tune_id] for tune_id in ids] == [1, 2, 3, 4, 5]
    assert positions[in_cooldown.id] == 5


@pytest.mark.usefixtures("short_intervals")
async def test_a_tune_in_cooldown_starts_when_the_cooldown_is_over_and_others_start_before_it(storage: Storage, url: str) -> None:
    await storage.add(request(), origin("1"))
    in_cooldown = await storage.add(request(), origin("2"), cooldown_s=3_600)
    for event in "345":
        await storage.add(request(), origin(event, user_id="ben"))
    assert in_cooldown.not_before is not None

    async def handle(tune: Tune) -> None:
        await storage.finish(tune.id, COMPOSITION, {})

    async def only_one_is_left() -> bool:
        return execute(url, "SELECT status::text FROM procrastinate_jobs") == [("todo",)]

    await work_until(storage, handle, only_one_is_left, 1)
    assert (await storage.tune(in_cooldown.id)) == in_cooldown
    execute(url, "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '1 hour'")  # the cooldown is over
    await work_until(storage, handle, no_jobs_left(url), 1)
    order = execute(url, "SELECT event_id FROM tunes ORDER BY started_at")
    assert order == [("1",), ("3",), ("4",), ("5",), ("2",)]


async def test_tunes_in_cooldown_do_not_delay_the_rounds(storage: Storage, url: str) -> None:
    for event in "123456":
        await storage.add(request(), origin(event), cooldown_s=600)
    first, second = [await storage.add(request(), origin(event, user_id=event)) for event in "78"]
    elsewhere = await storage.add(request(), Origin("discord", "9", "ann", community_id="another guild"))
    await storage.start(first.id)
    assert await storage.queue_position(second.id) == 2
    assert await storage.queue_position(elsewhere.id) == 3
    assert execute(url, "SELECT count(*) FROM tunes WHERE not_before IS NOT NULL") == [(5,)]


async def test_the_queue_speed_is_the_median_of_the_last_tunes(storage: Storage, url: str) -> None:
    assert await storage.queue_speed() == QueueSpeed(None, 0)
    failed, *in_progress = [await storage.add(request(), origin(event)) for event in "123"]
    for tune in (failed, *in_progress):
        await storage.start(tune.id)
    await storage.fail(failed.id, "No.")
    assert await storage.queue_speed() == QueueSpeed(None, 2)

    async def finish_tunes(seconds: float, count: int) -> None:
        finished = [await storage.add(request(), origin(f"{seconds} {number}", user_id="")) for number in range(count)]
        for tune in finished:
            await storage.start(tune.id)
            await storage.finish(tune.id, COMPOSITION, {})
        ids = ", ".join(f"'{tune.id}'" for tune in finished)
        execute(url, f"UPDATE tunes SET started_at = finished_at - interval '{seconds} seconds' WHERE id IN ({ids})")

    await finish_tunes(100, RECENT)
    assert await storage.queue_speed() == QueueSpeed(100.0, 2)
    await finish_tunes(3, RECENT - 1)
    await finish_tunes(9_999, 1)  # its worker died
    assert await storage.queue_speed() == QueueSpeed(3.0, 2)
