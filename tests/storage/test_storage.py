"""The row of a tune: start, progress, finish, fail, queue position and delivery."""

from dataclasses import replace

import pytest

from storage import Status, Storage
from tests.storage.examples import COMPOSITION, execute, origin, request

ODD_IDS = ["", "x", "0123456789ab\n", "'; DROP TABLE tunes", "\0" * 12, "\ud800", "é" * 12, "1" * 100_000]


async def add(storage: Storage, *events: str) -> list[str]:
    return [(await storage.add(request(), origin(event))).id for event in events]


async def test_a_tune_goes_from_queued_to_finished(storage: Storage) -> None:
    [tune_id] = await add(storage, "1")
    started = await storage.start(tune_id)
    assert started is not None and started.status is Status.COMPOSING and started.started_at is not None
    assert await storage.progress(tune_id, status=Status.RENDERING, bars=16) is True
    rendering = await storage.tune(tune_id)
    assert rendering is not None and (rendering.status, rendering.bars) == (Status.RENDERING, 16)
    await storage.finish(tune_id, COMPOSITION, {"tune.abc": ("text/vnd.abc", b"X:1")})
    finished = await storage.tune(tune_id)
    assert finished is not None and finished.status is Status.FINISHED and finished.composition == COMPOSITION
    assert finished.finished_at is not None and finished.finished_at >= started.started_at


async def test_a_finished_tune_is_not_changed_again(storage: Storage) -> None:
    [tune_id] = await add(storage, "1")
    await storage.finish(tune_id, COMPOSITION, {"tune.abc": ("text/vnd.abc", b"first")})
    before = await storage.tune(tune_id)
    await storage.finish(tune_id, replace(COMPOSITION, title="Second"), {"tune.abc": ("x/y", b"second"), "more": ("x/y", b"")})
    await storage.fail(tune_id, "Too late.")
    await storage.progress(tune_id, status=Status.COMPOSING, bars=1)
    assert await storage.start(tune_id) is None
    assert await storage.tune(tune_id) == before
    assert await storage.read(tune_id, "tune.abc") == b"first"
    assert len(await storage.files(tune_id)) == 1


async def test_a_failed_tune_stays_failed(storage: Storage) -> None:
    [tune_id] = await add(storage, "1")
    await storage.fail(tune_id, "The key is broken.")
    await storage.finish(tune_id, COMPOSITION, {"tune.abc": ("text/vnd.abc", b"X:1")})
    tune = await storage.tune(tune_id)
    assert tune is not None and (tune.status, tune.error, tune.composition) == (Status.FAILED, "The key is broken.", None)
    assert await storage.files(tune_id) == []


async def test_an_unfinished_tune_of_a_dead_worker_can_be_started_again(storage: Storage) -> None:
    [tune_id] = await add(storage, "1")
    first = await storage.start(tune_id)
    await storage.progress(tune_id, status=Status.RENDERING, bars=32)
    again = await storage.start(tune_id)
    assert first is not None and again is not None
    assert (again.status, again.bars, again.started_at) == (Status.COMPOSING, 0, first.started_at)


async def test_a_worker_can_not_change_a_tune_that_another_one_started_since(storage: Storage) -> None:
    [tune_id] = await add(storage, "1")
    first, second = [await storage.start(tune_id) for _ in range(2)]
    assert first is not None and second is not None
    assert not await storage.progress(tune_id, status=Status.RENDERING, bars=8, starts=first.starts)
    await storage.fail(tune_id, "No.", starts=first.starts)
    await storage.finish(tune_id, COMPOSITION, {"tune.abc": ("text/vnd.abc", b"by the first")}, starts=first.starts)
    assert await storage.tune(tune_id) == second
    await storage.finish(tune_id, COMPOSITION, {"tune.abc": ("text/vnd.abc", b"by the second")}, starts=second.starts)
    assert await storage.read(tune_id, "tune.abc") == b"by the second"


async def test_queue_positions_count_only_queued_tunes(storage: Storage) -> None:
    first, second, third = await add(storage, "1", "2", "3")
    assert [await storage.queue_position(tune_id) for tune_id in (first, second, third)] == [1, 2, 3]
    await storage.start(first)
    assert [await storage.queue_position(tune_id) for tune_id in (first, second, third)] == [0, 1, 2]


async def test_undelivered_returns_the_tunes_without_a_message(storage: Storage) -> None:
    done, failed, waiting, delivered = await add(storage, "1", "2", "3", "4")
    await storage.add(request(), origin("5", platform="web"))
    await storage.finish(done, COMPOSITION, {})
    await storage.fail(failed, "No.")
    await storage.finish(delivered, COMPOSITION, {})
    await storage.mark_delivered(delivered, "message 1")
    await storage.mark_delivered(delivered, "message 2")
    assert [tune.id for tune in await storage.undelivered("discord")] == [done, failed, waiting]
    tune = await storage.tune(delivered)
    assert tune is not None and tune.message_id == "message 1"


@pytest.mark.parametrize("tune_id", [*ODD_IDS, "0123456789ab"])
async def test_an_unknown_id_finds_and_changes_nothing(storage: Storage, url: str, tune_id: str) -> None:
    await add(storage, "1")
    assert await storage.tune(tune_id) is None
    assert await storage.queue_position(tune_id) == 0
    assert await storage.files(tune_id) == []
    assert await storage.start(tune_id) is None
    await storage.fail(tune_id, "No.")
    await storage.mark_delivered(tune_id, "message")
    with pytest.raises(KeyError):
        await storage.read(tune_id, "tune.abc")
    assert execute(url, "SELECT status, message_id FROM tunes") == [("queued", None)]


async def test_the_reply_data_can_be_set_until_the_tune_is_delivered_and_later_on_purpose(storage: Storage) -> None:
    tune_id = (await storage.add(request(), origin())).id
    await storage.set_reply(tune_id, {"card": "1"})
    await storage.mark_delivered(tune_id, "message")
    await storage.set_reply(tune_id, {"card": "2"})
    tune = await storage.tune(tune_id)
    assert tune is not None and tune.origin.reply == {"token": "t", "card": "1"}
    await storage.set_reply(tune_id, {"likes": 3}, delivered=True)
    tune = await storage.tune(tune_id)
    assert tune is not None and tune.origin.reply == {"token": "t", "card": "1", "likes": 3}


async def test_another_message_carries_the_tunes_of_a_set_that_the_old_one_carried(storage: Storage) -> None:
    first, second, _ = await storage.add_set([request()] * 3, origin())
    for tune in (first, second):
        await storage.mark_delivered(tune.id, "1")
    await storage.replace_message(first.id, "0", "2", {"card": "2"})
    await storage.replace_message(first.id, "1", "3", {"files": ["4"]})
    stored = await storage.set_of(first.id)
    assert [tune.message_id for tune in stored] == ["3", "3", None]
    reply = first.origin.reply
    assert [tune.origin.reply for tune in stored] == [reply | {"files": ["4"]}] * 2 + [reply]
