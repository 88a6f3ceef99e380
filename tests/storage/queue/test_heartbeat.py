"""Workers that die, hang or lose the database: their tunes are made once, and no tune fails for another one's fault."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate import jobs as procrastinate_jobs
from procrastinate.jobs import Job

from storage import Status, Storage, Tune, open_storage, work
from storage.queue import heartbeat, jobs
from storage.queue import tasks as queue
from storage.queue.heartbeat import KILLED_WORKERS, LONE_DEATH_ROUNDS, MAX_LONE_DEATHS, Heartbeat, Rescue, bury
from storage.queue.tasks import enqueue_remake
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.queue.test_jobs import ROOT, no_jobs_left, status, wait_for_line, work_until, worker_process

# Dies as soon as it starts a tune with the seed 13, and takes some time for the others.
POISONED = """
import asyncio, os, signal, sys
from pathlib import Path
from storage import open_storage, work
from storage.queue import heartbeat, jobs
from tests.storage.examples import COMPOSITION

heartbeat.HEARTBEAT_S, jobs.POLL_S = 0.2, 0.05

async def main(url, folder):
    async with open_storage(data_dir=Path(folder), database_url=url, files_url=None) as storage:
        async def handle(tune):
            await asyncio.sleep(0.2)
            if tune.request.seed == 13:
                os.kill(os.getpid(), signal.SIGKILL)
            await asyncio.sleep(0.2)
            await storage.finish(tune.id, COMPOSITION, {}, starts=tune.starts)
        await work(storage, handle, concurrency=8)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def quick_rescue(short_intervals: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent worker counts as dead after three seconds."""
    monkeypatch.setattr(heartbeat, "STALLED_BEATS", 15)


async def register(storage: Storage) -> int:
    """The id of a new worker of this process. The queue must be open."""
    return await storage.job_manager.register_worker()


async def fetch(storage: Storage, worker_id: int) -> Job:
    job = await storage.job_manager.fetch_job([queue.QUEUE], worker_id)
    assert job is not None
    return job


async def finish(storage: Storage, tune: Tune, by: bytes = b"by the second") -> None:
    await storage.finish(tune.id, COMPOSITION, {"tune.abc": ("text/vnd.abc", by)}, starts=tune.starts)


@pytest.mark.usefixtures("quick_rescue")
async def test_a_tune_whose_worker_was_killed_is_finished_once_by_another_worker(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    tune = await storage.add(request(), origin())
    handled: list[str] = []

    async def handle(tune: Tune) -> None:
        handled.append(tune.id)
        await finish(storage, tune)

    with worker_process(url, tmp_path) as process:
        await wait_for_line(process, "started")
        process.kill()  # SIGKILL
        process.wait()
    assert await status(storage, tune.id) is Status.COMPOSING
    await work_until(storage, handle, no_jobs_left(url))
    assert handled == [tune.id]
    assert await status(storage, tune.id) is Status.FINISHED
    assert await storage.read(tune.id, "tune.abc") == b"by the second"
    assert execute(url, "SELECT starts, deaths, lone_deaths FROM tunes") == [(2, 1, 1)]
    assert execute(url, "SELECT id FROM procrastinate_workers") == []


@pytest.mark.usefixtures("short_intervals")
async def test_a_worker_whose_death_was_seen_is_buried_at_once(storage: Storage, url: str, tmp_path: Path) -> None:
    tune = await storage.add(request(), origin())
    with worker_process(url, tmp_path) as process:
        await wait_for_line(process, "started")
        process.kill()
        process.wait()
    [(worker_id,)] = execute(url, "SELECT id FROM procrastinate_workers")
    assert isinstance(worker_id, int)
    for _ in range(2):  # the second time it is gone
        await storage.bury_worker(worker_id)
        assert execute(url, "SELECT status, deaths FROM tunes") == [("queued", 1)]
    await work_until(storage, lambda tune: finish(storage, tune), no_jobs_left(url))
    assert await status(storage, tune.id) is Status.FINISHED


@pytest.mark.usefixtures("quick_rescue")
async def test_a_worker_that_was_stopped_and_taken_for_dead_changes_nothing_when_it_wakes(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    tune = await storage.add(request(), origin())

    async def handle(tune: Tune) -> None:
        process.send_signal(signal.SIGCONT)
        await wait_for_line(process, "ended")
        assert execute(url, "SELECT status::text FROM procrastinate_jobs") == [("doing",)]
        await finish(storage, tune)

    with worker_process(url, tmp_path) as process:
        await wait_for_line(process, "started")
        process.send_signal(signal.SIGSTOP)
        (tmp_path / "continue").touch()
        await work_until(storage, handle, no_jobs_left(url))
        later = await storage.add(request(), origin("2"))
        await wait_for_line(process, f"ended {later.id}")  # it takes jobs again
    assert execute(url, "SELECT status, starts FROM tunes ORDER BY event_id") == [("finished", 2), ("finished", 1)]
    assert await storage.read(tune.id, "tune.abc") == b"by the second"


@pytest.mark.usefixtures("quick_rescue")
async def test_a_living_worker_keeps_its_jobs_however_old_its_heartbeat_looks(storage: Storage, url: str, tmp_path: Path) -> None:
    await storage.add(request(), origin())
    handled = 0

    async def handle(tune: Tune) -> None:
        nonlocal handled
        handled += 1
        for _ in range(8):  # a clock that is set again and again
            execute(url, "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'")
            await asyncio.sleep(0.5)
        await finish(storage, tune)

    async with open_storage(data_dir=tmp_path, database_url=url) as other:
        watching = asyncio.create_task(work(other, handle, concurrency=1, models=["another"]))
        await work_until(storage, handle, no_jobs_left(url))
        watching.cancel()
        await asyncio.wait({watching})
    assert handled == 1


@pytest.mark.usefixtures("short_intervals")
async def test_a_heartbeat_that_fails_is_tried_again(storage: Storage, url: str) -> None:
    await storage.add(request(), origin())
    handled = 0
    alive = "SELECT last_heartbeat FROM procrastinate_workers"

    async def handle(tune: Tune) -> None:
        nonlocal handled
        handled += 1
        for _ in range(3):
            execute(
                url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'idle'"
            )
            before = execute(url, alive)
            async with asyncio.timeout(HANG_S):
                while execute(url, alive) == before:
                    await asyncio.sleep(0.02)
        await finish(storage, tune)

    await work_until(storage, handle, no_jobs_left(url))
    assert handled == 1


@pytest.mark.usefixtures("short_intervals")
async def test_a_job_whose_end_could_not_be_stored_is_put_back(storage: Storage, url: str) -> None:
    tune = await storage.add(request(), origin())

    async def handle(tune: Tune) -> None:
        await finish(storage, tune)
        storage.job_manager.held.clear()  # as after an error at the end
        execute(url, "UPDATE procrastinate_jobs SET worker_id = NULL")

    await work_until(storage, handle, no_jobs_left(url))
    assert await status(storage, tune.id) is Status.FINISHED


async def test_a_job_is_not_taken_from_the_worker_that_took_it_after_another_put_it_back(storage: Storage, url: str) -> None:
    await storage.add(request(), origin())
    async with storage.jobs.open_async():
        first = await register(storage)
        second = await register(storage)
        execute(url, "UPDATE procrastinate_jobs SET status = 'doing'")
        rescue = Rescue(storage.database, storage.job_manager)
        await rescue._put_back_lost_jobs(first)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute(
                "UPDATE procrastinate_jobs SET worker_id = %s, attempts = attempts + 1", [second]
            )  # put back by a third worker, and taken
            rescuing = asyncio.create_task(rescue._put_back_lost_jobs(first))
            while not execute(url, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
                await asyncio.sleep(0.01)
            await connection.commit()
        await rescuing
    assert execute(url, "SELECT status::text, worker_id FROM procrastinate_jobs") == [("doing", second)]


async def test_a_worker_that_takes_the_same_job_twice_holds_it_once(storage: Storage, url: str) -> None:
    tune = await storage.add(request(), origin())
    async with storage.jobs.open_async():
        worker = await register(storage)
        rescue = Rescue(storage.database, storage.job_manager)
        first = await fetch(storage, worker)
        storage.job_manager.held.clear()  # as while the answer to the fetch is late
        for _ in range(2):
            await rescue._put_back_lost_jobs(worker)
        second = await fetch(storage, worker)
        started = await storage.start(tune.id, job=second)
        assert started is not None
        assert await storage.start(tune.id, job=first) is None
        for end in (
            storage.job_manager.finish_job(first, procrastinate_jobs.Status.SUCCEEDED, True),
            storage.job_manager.retry_job(first),
        ):
            await end
            assert execute(url, "SELECT status::text FROM procrastinate_jobs") == [("doing",)]
        await storage.job_manager.finish_job(second, procrastinate_jobs.Status.SUCCEEDED, True)
    assert execute(url, "SELECT 1 FROM procrastinate_jobs") == []


@pytest.mark.usefixtures("short_intervals")
async def test_heartbeats_go_on_while_every_connection_of_the_pool_is_used(storage: Storage, url: str) -> None:
    async with storage.jobs.open_async(), asyncio.timeout(HANG_S):
        await register(storage)
        used = [await storage.database.engine.connect() for _ in range(20)]
        beating = asyncio.create_task(Heartbeat(storage.database, storage.job_manager).run())
        for _ in range(2):
            before = execute(url, "SELECT last_heartbeat FROM procrastinate_workers")
            while execute(url, "SELECT last_heartbeat FROM procrastinate_workers") == before:
                await asyncio.sleep(0.02)
        beating.cancel()
        for connection in used:
            await connection.close()


@pytest.mark.usefixtures("quick_rescue")
async def test_a_worker_that_was_stopped_while_it_stored_a_tune_keeps_nobody_from_rescue(storage: Storage, url: str) -> None:
    """The stopped process holds the row of its tune, for as long as its connection lives."""
    tunes = [await storage.add(request(), origin(str(event))) for event in range(2)]
    async with storage.jobs.open_async():
        for tune in tunes:
            await storage.start(tune.id, job=await fetch(storage, await register(storage)))
    async with await psycopg.AsyncConnection.connect(url) as stopped:
        await stopped.execute("SELECT 1 FROM tunes WHERE id = %s FOR NO KEY UPDATE", [tunes[0].id])

        async def other_finished() -> bool:
            return await status(storage, tunes[1].id) is Status.FINISHED

        await work_until(storage, lambda tune: finish(storage, tune), other_finished)
    await work_until(storage, lambda tune: finish(storage, tune), no_jobs_left(url))
    assert await status(storage, tunes[0].id) is Status.FINISHED


@pytest.mark.usefixtures("short_intervals")
async def test_a_worker_that_was_taken_for_dead_ends_its_tunes_before_it_stops(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STOP_TIMEOUT_S", 1)
    await storage.add(request(), origin())
    started, draining, ended = asyncio.Event(), asyncio.Event(), False

    async def handle(_: Tune) -> None:
        nonlocal ended
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    async def end(task: asyncio.Task[None]) -> None:
        draining.set()
        await original(task)

    original = jobs._end
    monkeypatch.setattr(jobs, "_end", end)
    worker = asyncio.create_task(work(storage, handle, concurrency=1))
    async with asyncio.timeout(HANG_S):
        await started.wait()
        [(worker_id,)] = execute(url, "SELECT id FROM procrastinate_workers")
        assert isinstance(worker_id, int)
        await storage.bury_worker(worker_id)
        await draining.wait()
        worker.cancel()
        await asyncio.wait({worker})
    assert ended


@pytest.mark.usefixtures("short_intervals")
async def test_failures_of_a_worker_that_lost_its_tune_are_not_counted(storage: Storage, url: str) -> None:
    """It is made by another worker meanwhile, whose result counts."""
    tune = await storage.add(request(), origin())
    handled = asyncio.Event()

    async def handle(tune: Tune) -> None:
        if tune.starts == 1:
            [(worker_id,)] = execute(url, "SELECT id FROM procrastinate_workers")
            assert isinstance(worker_id, int)
            await bury(storage.database, worker_id)
            assert await storage.start(tune.id) is not None  # by another worker
            execute(url, "UPDATE tunes SET failures = 2")
            handled.set()
            raise RuntimeError
        await finish(storage, tune)

    await work_until(storage, handle, no_jobs_left(url))
    assert handled.is_set()
    assert await status(storage, tune.id) is Status.FINISHED


async def test_a_tune_that_is_set_aside_leaves_no_job(storage: Storage, url: str) -> None:
    """Its job would wait for all other tunes to end, to do nothing alone."""
    tune = await storage.add(request(), origin())
    async with storage.jobs.open_async():
        for death in range(MAX_LONE_DEATHS):
            worker = await register(storage)
            job = await fetch(storage, worker)
            assert job.priority == -tune_round(url) - death * LONE_DEATH_ROUNDS
            await storage.start(tune.id, job=job)
            await bury(storage.database, worker)
    assert await status(storage, tune.id) is Status.FAILED
    assert execute(url, "SELECT 1 FROM procrastinate_jobs") == []


async def test_files_are_not_made_again_by_the_next_worker_if_the_first_died(storage: Storage, url: str) -> None:
    """It may have died of them. Whoever waits for them asks again."""
    tune = await storage.add(request(), origin())
    async with storage.jobs.open_async():
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await enqueue_remake(storage.jobs, tune.id, connection)
        worker = await register(storage)
        assert (await fetch(storage, worker)).task_name == queue.REMAKE
        await bury(storage.database, worker)
    assert execute(url, "SELECT task_name FROM procrastinate_jobs") == [(queue.TASK,)]


async def test_heartbeats_go_on_while_a_stopped_worker_finishes_its_tunes(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT_S", 0.05)
    await storage.add(request(), origin())
    started, beaten = asyncio.Event(), asyncio.Event()
    beat = Heartbeat._beat

    async def record(self: Heartbeat, connection: psycopg.AsyncConnection[Any]) -> bool:
        alive = await beat(self, connection)
        if worker.cancelling():
            beaten.set()
        return alive

    async def handle(tune: Tune) -> None:
        started.set()
        await beaten.wait()
        await finish(storage, tune)

    monkeypatch.setattr(Heartbeat, "_beat", record)
    worker = asyncio.create_task(work(storage, handle, concurrency=1))
    async with asyncio.timeout(HANG_S):
        await started.wait()
        worker.cancel()
        await asyncio.wait({worker})
    assert execute(url, "SELECT status, starts FROM tunes") == [("finished", 1)]


async def test_a_tune_that_may_kill_the_worker_is_made_alone() -> None:
    slots, log, free = jobs.Slots(3), [], asyncio.Event()

    async def make(name: str, *, alone: bool = False) -> None:
        async with slots.take(alone=alone):
            log.append(f"{name} starts")
            if name == "first":
                await free.wait()
            await asyncio.sleep(0)
            log.append(f"{name} ends")

    async with asyncio.timeout(HANG_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(make("first"))
        tasks.create_task(make("suspect", alone=True))
        await asyncio.sleep(0)
        waiting = tasks.create_task(make("cancelled", alone=True))
        tasks.create_task(make("last"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        free.set()
    assert log == ["first starts", "first ends", "suspect starts", "suspect ends", "last starts", "last ends"]


def tune_round(url: str) -> int:
    [(number,)] = execute(url, "SELECT round FROM tunes")
    assert isinstance(number, int)
    return number


@contextmanager
def poisoned_workers(url: str, folder: Path) -> Iterator[asyncio.Task[None]]:
    """A worker that is restarted whenever it dies."""

    async def keep() -> None:
        while True:
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", POISONED, url, str(folder), cwd=ROOT)
            try:
                await process.wait()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise

    keeper = asyncio.create_task(keep())
    try:
        yield keeper
    finally:
        keeper.cancel()


@pytest.mark.timeout(6 * HANG_S)
async def test_a_tune_that_kills_its_worker_is_set_aside_and_its_neighbours_are_finished(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    tunes = [await storage.add(request(seed=seed), origin(str(seed), user_id="")) for seed in range(10, 18)]
    with poisoned_workers(url, tmp_path) as keeper:
        async with asyncio.timeout(5 * HANG_S):
            while execute(url, "SELECT 1 FROM procrastinate_jobs"):
                await asyncio.sleep(0.1)
        keeper.cancel()
        await asyncio.wait({keeper})
    neighbours = execute(url, "SELECT status, starts <= 3 FROM tunes WHERE event_id <> '13'")
    assert neighbours == [("finished", True)] * 7
    poison = await storage.tune(tunes[3].id)
    assert poison is not None and (poison.status, poison.error) == (Status.FAILED, KILLED_WORKERS)
