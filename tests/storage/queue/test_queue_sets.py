"""Sets in the queue: stored as a whole, in one turn, and in their order."""

import asyncio

import pytest

from generator.request import TuneRequest
from storage import Status, Storage, TooManyOpen, Tune, Viewer
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.queue.test_jobs import no_jobs_left, work_until

ANN = Viewer("discord", "ann", "guild")


def three() -> list[TuneRequest]:
    return request(seed=7).in_a_row(3)


def rows_and_jobs(url: str) -> list[tuple[object, ...]]:
    return execute(url, "SELECT (SELECT count(*) FROM tunes), (SELECT count(*) FROM procrastinate_jobs)")


async def test_the_tunes_of_a_set_are_read_in_their_order(storage: Storage, url: str) -> None:
    parent = await storage.add(request(), origin("0"))
    tunes = await storage.add_set(three(), origin("1"), parent_id=parent.id)
    assert [tune.request.seed for tune in tunes] == [7, 8, 9]
    assert [tune.origin.event_id for tune in tunes] == ["1", "1:1", "1:2"]
    assert [(tune.set_id, tune.set_index) for tune in tunes] == [(tunes[0].id, index) for index in range(3)]
    assert [tune.parent_id for tune in tunes] == [parent.id, None, None]
    assert await storage.set_of(tunes[0].id) == tunes
    assert (parent.set_id, parent.set_index) == (None, 0)
    assert await storage.set_of(parent.id) == await storage.set_of(tunes[1].id) == await storage.set_of("no id\0") == []
    assert rows_and_jobs(url) == [(4, 4)]


async def test_the_same_event_returns_the_existing_set(storage: Storage, url: str) -> None:
    sets = await asyncio.gather(*(storage.add_set(three(), origin("1")) for _ in range(6)))
    assert all(tunes == sets[0] for tunes in sets)
    assert rows_and_jobs(url) == [(3, 3)]
    for deleted in (sets[0][1], sets[0][0]):
        await storage.sharing.delete(deleted.id, ANN)
    assert await storage.add_set(three(), origin("1")) == sets[0][2:] == await storage.set_of(sets[0][0].id)
    assert execute(url, "SELECT count(*) FROM tunes") == [(1,)]


async def test_a_set_of_an_unknown_user_is_accepted_once(storage: Storage, url: str) -> None:
    sets = await asyncio.gather(*(storage.add_set(three(), origin("1", user_id="")) for _ in range(6)))
    assert all(tunes == sets[0] for tunes in sets)
    assert rows_and_jobs(url) == [(3, 3)]


async def test_every_tune_of_a_set_counts_towards_the_limit(storage: Storage, url: str) -> None:
    await storage.add(request(), origin("0"))
    with pytest.raises(
        TooManyOpen, match=r"^You have 1 unfinished tune, and this set would make more than 3\. Please wait a little\.$"
    ):
        await storage.add_set(three(), origin("1"), limit=3)
    with pytest.raises(TooManyOpen, match=r"^You can have 1 unfinished tune here at a time; a set of 3 is more than that\.$"):
        await storage.add_set(three(), origin("1"), limit=1)
    assert rows_and_jobs(url) == [(1, 1)]
    assert len(await storage.add_set(three(), origin("1"), limit=4)) == 3


async def test_no_tune_of_a_set_is_stored_if_one_cannot_be_stored(storage: Storage, url: str) -> None:
    with pytest.raises(ValueError, match="characters that I can't store"):
        await storage.add_set([request(), TuneRequest(seed=1, title="nul \0")], origin("1"))
    assert rows_and_jobs(url) == [(0, 0)]


@pytest.mark.usefixtures("short_intervals")
async def test_a_set_takes_one_turn_and_its_tunes_are_handled_one_after_another(storage: Storage, url: str) -> None:
    names: dict[str, str] = {}

    def name_tunes(name: str, tunes: list[Tune]) -> None:
        names.update({tune.id: f"{name}{tune.set_index}" for tune in tunes})

    name_tunes("ann", await storage.add_set(three(), origin("1")))
    name_tunes("ann again", [await storage.add(request(), origin("2"))])
    name_tunes("ben", [await storage.add(request(), origin("3", user_id="ben"))])
    name_tunes("cat", await storage.add_set(three(), origin("4", user_id="cat")))
    positions = await storage.queue_positions(names)
    taken: list[str] = []

    async def handle(tune: Tune) -> None:
        taken.append(tune.id)
        await storage.finish(tune.id, COMPOSITION, {})

    await work_until(storage, handle, no_jobs_left(url), 1)
    assert [names[tune_id] for tune_id in taken] == [
        "ann0", "ann1", "ann2", "ben0", "cat0", "cat1", "cat2", "ann again0",
    ]  # fmt: skip
    assert [positions[tune_id] for tune_id in taken] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_one_tune_of_a_set_can_be_deleted(storage: Storage) -> None:
    first, second, third = await storage.add_set(three(), origin("1"))
    await storage.sharing.delete(first.id, ANN)
    await storage.start(third.id)
    remaining = await storage.set_of(first.id)
    assert [(tune.id, tune.status) for tune in remaining] == [(second.id, Status.QUEUED), (third.id, Status.COMPOSING)]
