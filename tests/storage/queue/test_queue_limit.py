"""The limit of waiting tunes, which is counted seldom."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event as sql_events

from storage import Status, Storage, Tune, open_storage
from storage.errors import QueueFull
from storage.queue.queue_limit import COUNT
from tests.storage.examples import COMPOSITION, execute, origin, request


class Requests:
    """Adds a request of somebody new each time, where three may wait."""

    def __init__(self) -> None:
        self.count = 0

    async def add(self, storage: Storage, tunes: int = 1) -> Tune:
        self.count += 1
        somebody = origin(str(self.count), user_id=str(self.count))
        return (await storage.add_set(request().in_a_row(tunes), somebody, queue_limit=3))[0]


@pytest.fixture
def requests() -> Requests:
    return Requests()


async def test_so_many_wait_and_no_more(storage: Storage, url: str, requests: Requests) -> None:
    first = await requests.add(storage)
    with pytest.raises(QueueFull):
        await requests.add(storage, tunes=3)
    await requests.add(storage, tunes=2)
    for _ in range(2):
        with pytest.raises(QueueFull):
            await requests.add(storage)
    assert execute(url, "SELECT (SELECT count(*) FROM tunes), (SELECT count(*) FROM procrastinate_jobs)") == [(3, 3)]
    await storage.start(first.id)  # no longer waits
    await requests.add(storage)
    with pytest.raises(QueueFull):
        await requests.add(storage)


async def test_tunes_of_other_processes_count(storage: Storage, url: str, tmp_path: Path, requests: Requests) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url) as other:
        await requests.add(storage)
        for _ in range(2):
            await requests.add(other)
        for each in (storage, other):
            with pytest.raises(QueueFull):
                await requests.add(each)


async def test_tunes_that_were_put_back_count(storage: Storage, requests: Requests) -> None:
    started = [await requests.add(storage) for _ in range(3)]
    for tune in started:
        await storage.start(tune.id)
    await requests.add(storage)
    for tune in started[1:]:  # as when their worker died
        await storage.progress(tune.id, status=Status.QUEUED, bars=0)
    with pytest.raises(QueueFull):
        await requests.add(storage)


async def test_waiting_tunes_are_counted_when_as_many_were_added_as_had_room(storage: Storage, requests: Requests) -> None:
    counts = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        counts.append(statement == COUNT.text)

    sql_events.listen(storage.database.engine.sync_engine, "before_cursor_execute", note)
    counted = []
    for _ in range(9):
        tune = await requests.add(storage)
        await storage.start(tune.id)
        await storage.finish(tune.id, COMPOSITION, {})
        counted.append(any(counts))
        counts.clear()
    assert counted == [True, False, False] * 3
