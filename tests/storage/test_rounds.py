"""Fairness between people, played through the real queue: who asked for what when, and in which order it was taken."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from storage import Storage, Viewer
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.test_jobs import no_jobs_left, work_until

pytestmark = pytest.mark.usefixtures("impatient")


class Session:
    """People who ask, and a worker that takes."""

    def __init__(self, storage: Storage, url: str) -> None:
        self.storage, self.url = storage, url
        self.log: list[tuple[str, str]] = []  # ("asks" or "gets", person), as it happened
        self.people: dict[str, str] = {}  # tune → person
        self._events = count()

    async def asks(self, user_id: str, tunes: int = 1) -> None:
        for _ in range(tunes):
            tune = await self.storage.add(request(), origin(str(next(self._events)), user_id))
            self.people[tune.id] = user_id
            self.log.append(("asks", user_id))

    async def play(self, then: Callable[[str], Awaitable[None]] | None = None, *, at_once: int = 1) -> list[str]:
        """Serves until nothing is left, `then` happens with every tune in hand; who was served, in order."""
        before = len(self.served)

        async def handle(tune_id: str) -> None:
            user_id = self.people[tune_id]
            self.log.append(("gets", user_id))
            await self.storage.start(tune_id)
            if then:
                await then(user_id)
            await self.storage.finish(tune_id, COMPOSITION, {})

        await work_until(self.storage, handle, no_jobs_left(self.url), at_once)
        return self.served[before:]

    @property
    def served(self) -> list[str]:
        return [user_id for what, user_id in self.log if what == "gets"]

    def overtaken(self) -> dict[tuple[str, int], int]:
        """For each turn of each person: how many turns anybody else had from when it was their next to when it came."""
        worst = {}
        for user_id in set(self.people.values()):
            asked = [index for index, step in enumerate(self.log) if step == ("asks", user_id)]
            got = [index for index, step in enumerate(self.log) if step == ("gets", user_id)]
            for turn, (since, until) in enumerate(zip(asked, got, strict=True)):
                waited_from = max(since, got[turn - 1]) if turn else since
                others = Counter(who for what, who in self.log[waited_from:until] if what == "gets" and who != user_id)
                worst[user_id, turn] = max(others.values(), default=0)
        return worst


@pytest.fixture
def session(storage: Storage, url: str) -> Session:
    return Session(storage, url)


@pytest.mark.parametrize("at_once", [1, 4])
async def test_fifty_requests_of_one_do_not_hold_up_five_others(session: Session, at_once: int) -> None:
    await session.asks("greedy", 50)
    for user_id, tunes in (("ann", 1), ("ben", 2), ("cat", 3), ("dan", 1), ("eve", 2)):
        await session.asks(user_id, tunes)
    order = await session.play(at_once=at_once)
    assert order[:6] == ["greedy", "ann", "ben", "cat", "dan", "eve"]
    assert order[6:12] == ["greedy", "ben", "cat", "eve", "greedy", "cat"]
    worst = session.overtaken()
    assert all(turns <= 1 for (_, turn), turns in worst.items() if turn == 0)
    assert max(worst.values()) <= 2


async def test_all_who_press_at_once_are_served_once_before_anybody_is_served_twice(session: Session) -> None:
    people = [f"person {number}" for number in range(12)]
    await asyncio.gather(*(session.asks(user_id, 2) for user_id in people))
    order = await session.play()
    assert set(order[:12]) == set(people) == set(order[12:])


async def test_those_who_ask_again_as_soon_as_they_are_served_take_turns(session: Session) -> None:
    left = Counter({"ann": 6, "ben": 6, "cat": 3})

    async def again(user_id: str) -> None:
        left[user_id] -= 1
        if left[user_id] > 0:
            await session.asks(user_id)

    for user_id in left:
        await session.asks(user_id)
    order = await session.play(again)
    assert order == ["ann", "ben", "cat"] * 3 + ["ann", "ben"] * 3
    assert max(session.overtaken().values()) == 1


async def test_who_was_busy_before_waits_for_one_tune_of_a_newcomer_with_ten(session: Session) -> None:
    await session.asks("busy", 8)
    await session.play()
    await session.asks("new", 10)
    await session.asks("busy")
    assert await session.play() == ["new", "busy", *["new"] * 9]


async def test_a_newcomer_goes_before_the_second_tune_of_whoever_is_there(session: Session) -> None:
    async def comes(user_id: str) -> None:
        if user_id == "ann" and "new" not in session.people.values():
            await session.asks("new", 2)

    await session.asks("ann", 3)
    assert await session.play(comes) == ["ann", "new", "ann", "new", "ann"]


async def test_nobody_starves_however_many_come_anew(session: Session) -> None:
    newcomers = (f"new {number}" for number in range(60))

    async def another_comes(_: str) -> None:
        if (user_id := next(newcomers, None)) is not None:
            await session.asks(user_id)

    await session.asks("patient", 4)
    await another_comes("")
    order = await session.play(another_comes)
    assert [place for place, user_id in enumerate(order) if user_id == "patient"][-1] < 24
    assert len(order) == 64


async def test_a_tune_that_takes_long_does_not_keep_the_rounds_from_going_on(session: Session) -> None:
    left = Counter({"ann": 5, "ben": 5})
    all_else_is_done = asyncio.Event()

    async def slowly(user_id: str) -> None:
        if user_id == "slow":
            await all_else_is_done.wait()
        elif left[user_id] > 1:
            left[user_id] -= 1
            await session.asks(user_id)
        elif left.pop(user_id, 0) and not left:
            await session.asks("ann")
            await session.asks("new", 8)
        elif len(session.served) == 1 + 10 + 9:
            all_else_is_done.set()

    await session.asks("slow")
    for user_id in left:
        await session.asks(user_id)
    order = await session.play(slowly, at_once=2)
    assert sorted(order[11:13]) == ["ann", "new"] and order[13:] == ["new"] * 7
    assert max(session.overtaken().values()) == 1


async def test_a_cancelled_turn_lets_nobody_in_before_those_who_wait(session: Session, storage: Storage, url: str) -> None:
    await session.asks("ann", 6)
    *cancelled, kept = session.people
    for tune_id in cancelled:
        await storage.sharing.delete(tune_id, Viewer("discord", "ann"))
    session.log.clear()
    session.people = {kept: "ann"}
    await session.asks("new", 3)
    taken: list[str] = []

    async def handle(tune_id: str) -> None:
        if await storage.start(tune_id):
            taken.append(session.people[tune_id])

    await work_until(storage, handle, no_jobs_left(url), 1)
    assert taken == ["ann", "new", "new", "new"]


async def test_whoever_is_not_known_is_somebody_else_each_time(session: Session) -> None:
    await session.asks("ann", 3)
    await session.asks("", 3)
    assert await session.play() == ["ann", "", "", "", "ann", "ann"]


async def test_a_person_on_another_platform_is_another_person(storage: Storage, url: str) -> None:
    for event in "12":
        await storage.add(request(), origin(event))
    await storage.add(request(), origin("3", platform="web"))
    assert execute(url, "SELECT platform FROM tunes ORDER BY round") == [("discord",), ("web",), ("discord",)]


async def test_requests_of_a_person_that_come_at_once_get_a_round_each(storage: Storage, url: str) -> None:
    await asyncio.gather(*(storage.add(request(), origin(str(event))) for event in range(12)))
    rounds = [number for (number,) in execute(url, "SELECT round FROM tunes ORDER BY 1")]
    assert len(set(rounds)) == 12
    assert execute(url, "SELECT -priority FROM procrastinate_jobs ORDER BY 1") == [(number,) for number in rounds]


async def test_the_place_is_that_in_which_tunes_are_taken(session: Session, storage: Storage) -> None:
    await session.asks("ann", 3)
    await session.asks("ben", 2)
    await session.asks("cat")
    places = await storage.queue_positions(session.people)
    expected = [session.people[tune_id] for tune_id in sorted(places, key=places.__getitem__)]
    assert sorted(places.values()) == [1, 2, 3, 4, 5, 6]
    assert await session.play() == expected == ["ann", "ben", "cat", "ann", "ben", "ann"]
    assert await storage.queue_positions([*session.people, "no id"]) == {}
