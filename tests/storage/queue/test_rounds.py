"""Fair queueing with the real queue: the order in which requests of several users are handled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from itertools import count

import pytest
from procrastinate.jobs import Job

from generator.request import TuneRequest
from storage import Storage, Tune, Viewer
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.queue.test_jobs import no_jobs_left, work_until

pytestmark = pytest.mark.usefixtures("short_intervals")


class RecordedQueue:
    """Adds requests of users, handles them with a worker, and records both."""

    def __init__(self, storage: Storage, url: str) -> None:
        self.storage, self.url = storage, url
        self.log: list[tuple[str, str]] = []  # ("added" or "handled", user id), in the order of events
        self.users: dict[str, str] = {}  # tune id → user id
        self._events = count()
        self._fetch, storage.job_manager.fetch_job = storage.job_manager.fetch_job, self._record  # type: ignore[method-assign]

    async def _record(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        job = await self._fetch(queues, worker_id)
        if job is not None and (user_id := self.users.get(str(job.task_kwargs["tune_id"]))) is not None:
            self.log.append(("handled", user_id))
        return job

    async def add(self, user_id: str, tunes: int = 1) -> None:
        for _ in range(tunes):
            tune = await self.storage.add(request(), origin(str(next(self._events)), user_id))
            self.users[tune.id] = user_id
            self.log.append(("added", user_id))

    async def handle_all(self, meanwhile: Callable[[str], Awaitable[None]] | None = None, *, concurrency: int = 1) -> list[str]:
        """Handles all requests, and calls `meanwhile` during each. Returns their users in order."""
        before = len(self.served)

        async def handle(tune: Tune) -> None:
            if meanwhile:
                await meanwhile(self.users[tune.id])
            await self.storage.finish(tune.id, COMPOSITION, {})

        await work_until(self.storage, handle, no_jobs_left(self.url), concurrency)
        return self.served[before:]

    @property
    def served(self) -> list[str]:
        return [user_id for event, user_id in self.log if event == "handled"]

    def overtaken(self) -> dict[tuple[str, int], int]:
        """For each turn of each user: how many turns another user had at most while this user waited for it."""
        worst = {}
        for user_id in set(self.users.values()):
            added = [index for index, step in enumerate(self.log) if step == ("added", user_id)]
            handled = [index for index, step in enumerate(self.log) if step == ("handled", user_id)]
            for turn, (since, until) in enumerate(zip(added, handled, strict=True)):
                waited_from = max(since, handled[turn - 1]) if turn else since
                others = Counter(user for event, user in self.log[waited_from:until] if event == "handled" and user != user_id)
                worst[user_id, turn] = max(others.values(), default=0)
        return worst


@pytest.fixture
def queue(storage: Storage, url: str) -> RecordedQueue:
    return RecordedQueue(storage, url)


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_fifty_requests_of_one_user_do_not_delay_five_others(queue: RecordedQueue, concurrency: int) -> None:
    await queue.add("greedy", 50)
    for user_id, tunes in (("ann", 1), ("ben", 2), ("cat", 3), ("dan", 1), ("eve", 2)):
        await queue.add(user_id, tunes)
    order = await queue.handle_all(concurrency=concurrency)
    assert order[:6] == ["greedy", "ann", "ben", "cat", "dan", "eve"]
    assert order[6:12] == ["greedy", "ben", "cat", "eve", "greedy", "cat"]
    worst = queue.overtaken()
    assert all(turns <= 1 for (_, turn), turns in worst.items() if turn == 0)
    assert max(worst.values()) <= 2


async def test_all_waiting_users_are_served_once_before_anybody_is_served_twice(queue: RecordedQueue) -> None:
    users = [f"person {number}" for number in range(12)]
    await asyncio.gather(*(queue.add(user_id, 2) for user_id in users))
    order = await queue.handle_all()
    assert set(order[:12]) == set(users) == set(order[12:])


async def test_users_who_request_again_as_soon_as_they_are_served_take_turns(queue: RecordedQueue) -> None:
    remaining = Counter({"ann": 6, "ben": 6, "cat": 3})

    async def request_again(user_id: str) -> None:
        remaining[user_id] -= 1
        if remaining[user_id] > 0:
            await queue.add(user_id)

    for user_id in remaining:
        await queue.add(user_id)
    order = await queue.handle_all(request_again)
    assert order == ["ann", "ben", "cat"] * 3 + ["ann", "ben"] * 3
    assert max(queue.overtaken().values()) == 1


async def test_a_returning_user_waits_for_only_one_of_ten_tunes_of_a_new_user(queue: RecordedQueue) -> None:
    await queue.add("busy", 8)
    await queue.handle_all()
    await queue.add("new", 10)
    await queue.add("busy")
    assert await queue.handle_all() == ["new", "busy", *["new"] * 9]


async def test_a_new_user_is_served_before_the_second_tune_of_a_waiting_user(queue: RecordedQueue) -> None:
    async def add_new_user(user_id: str) -> None:
        if user_id == "ann" and "new" not in queue.users.values():
            await queue.add("new", 2)

    await queue.add("ann", 3)
    assert await queue.handle_all(add_new_user) == ["ann", "new", "ann", "new", "ann"]


async def test_a_waiting_user_is_served_however_many_new_users_come(queue: RecordedQueue) -> None:
    new_users = (f"new {number}" for number in range(60))

    async def add_another_user(_: str) -> None:
        if (user_id := next(new_users, None)) is not None:
            await queue.add(user_id)

    await queue.add("patient", 4)
    await add_another_user("")
    order = await queue.handle_all(add_another_user)
    assert [index for index, user_id in enumerate(order) if user_id == "patient"][-1] < 24
    assert len(order) == 64


async def test_a_slow_tune_does_not_stop_the_rounds(queue: RecordedQueue) -> None:
    remaining = Counter({"ann": 5, "ben": 5})
    others_are_finished = asyncio.Event()

    async def meanwhile(user_id: str) -> None:
        if user_id == "slow":
            await others_are_finished.wait()
        elif remaining[user_id] > 1:
            remaining[user_id] -= 1
            await queue.add(user_id)
        elif remaining.pop(user_id, 0) and not remaining:
            await queue.add("ann")
            await queue.add("new", 8)
        elif len(queue.served) == 1 + 10 + 9:
            others_are_finished.set()

    await queue.add("slow")
    for user_id in remaining:
        await queue.add(user_id)
    order = await queue.handle_all(meanwhile, concurrency=2)
    assert sorted(order[11:13]) == ["ann", "new"] and order[13:] == ["new"] * 7
    assert max(queue.overtaken().values()) == 1


async def test_cancelled_requests_let_no_new_user_overtake_a_waiting_one(
    queue: RecordedQueue, storage: Storage, url: str
) -> None:
    await queue.add("ann", 6)
    *cancelled, kept = queue.users
    for tune_id in cancelled:
        await storage.sharing.delete(tune_id, Viewer("discord", "ann"))
    queue.log.clear()
    queue.users = {kept: "ann"}
    await queue.add("new", 3)
    taken: list[str] = []

    async def handle(tune: Tune) -> None:
        taken.append(queue.users[tune.id])

    await work_until(storage, handle, no_jobs_left(url), 1)
    assert taken == ["ann", "new", "new", "new"]


async def test_each_request_of_an_unknown_user_counts_as_another_user(queue: RecordedQueue) -> None:
    await queue.add("ann", 3)
    await queue.add("", 3)
    assert await queue.handle_all() == ["ann", "", "", "", "ann", "ann"]


async def test_the_same_user_id_on_another_platform_is_another_user(storage: Storage, url: str) -> None:
    for event in "12":
        await storage.add(request(), origin(event))
    await storage.add(request(), origin("3", platform="web"))
    assert execute(url, "SELECT platform FROM tunes ORDER BY round") == [("discord",), ("web",), ("discord",)]


async def test_simultaneous_requests_of_a_user_get_a_round_each(storage: Storage, url: str) -> None:
    await asyncio.gather(*(storage.add(request(), origin(str(event))) for event in range(12)))
    rounds = [number for (number,) in execute(url, "SELECT round FROM tunes ORDER BY 1")]
    assert len(set(rounds)) == 12
    assert execute(url, "SELECT -priority FROM procrastinate_jobs ORDER BY 1") == [(number,) for number in rounds]


async def test_queue_positions_match_the_order_in_which_tunes_are_taken(queue: RecordedQueue, storage: Storage) -> None:
    await queue.add("ann", 3)
    await queue.add("ben", 2)
    await queue.add("cat")
    positions = await storage.queue_positions(queue.users)
    expected = [queue.users[tune_id] for tune_id in sorted(positions, key=positions.__getitem__)]
    assert sorted(positions.values()) == [1, 2, 3, 4, 5, 6]
    assert await queue.handle_all() == expected == ["ann", "ben", "cat", "ann", "ben", "ann"]
    assert await storage.queue_positions([*queue.users, "no id"]) == {}


async def test_a_newcomer_for_a_model_that_lags_waits_for_one_turn_of_others(storage: Storage, url: str) -> None:
    async def add(event: str, user_id: str, model: str = "") -> str:
        return (await storage.add(TuneRequest.check(seed=7, model=model), origin(event, user_id))).id

    in_order = "SELECT user_id FROM tunes WHERE status = 'queued' AND request ->> 'model' = 'rare' ORDER BY round, created_at"
    rare = [await add(f"rare {event}", "ann", "rare") for event in range(4)]
    await storage.start(rare[0])
    for event in range(9):  # meanwhile others are served
        await storage.start(await add(str(event), "ben"))
    await add("new", "new", "rare")
    assert execute(url, in_order) == [("ann",), ("new",), ("ann",), ("ann",)]
    await add("also", "ben", "rare")  # his turns for the other model are served: he was the last
    assert execute(url, in_order) == [("ann",), ("new",), ("ann",), ("ben",), ("ann",)]
    await add("again", "new", "rare")
    assert execute(url, in_order) == [("ann",), ("new",), ("ann",), ("ben",), ("new",), ("ann",)]
