"""Workers and the queue: tries, faults of the machine, and stopping. For workers that die see test_heartbeat."""

import asyncio
import errno
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from storage import Status, Storage, StorageError, Tune, work
from storage.queue import jobs
from storage.queue import tasks as queue
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, DROP_CONNECTIONS, execute, origin, request

ROOT = Path(__file__).parents[3]
WORKER = """
import asyncio, sys
from pathlib import Path
from storage import open_storage, work
from storage.queue import heartbeat
from tests.storage.examples import COMPOSITION

heartbeat.HEARTBEAT_S = 0.2

async def main(url, folder):
    async with open_storage(data_dir=Path(folder), database_url=url, files_url=None) as storage:
        async def handle(tune):
            print("started", tune.id, flush=True)
            while not Path(folder, "continue").exists():
                await asyncio.sleep(0.01)
            await storage.finish(tune.id, COMPOSITION, {"tune.abc": ("text/vnd.abc", b"by the first")}, starts=tune.starts)
            print("ended", tune.id, flush=True)
        await work(storage, handle, concurrency=8)

asyncio.run(main(*sys.argv[1:]))
"""
LISTENING = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle' AND datname = current_database()"
Handle = Callable[[Tune], Awaitable[None]]


@contextmanager
def worker_process(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker that finishes no tune until the folder contains a file named `continue`."""
    process = subprocess.Popen([sys.executable, "-c", WORKER, url, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def wait_for_line(process: subprocess.Popen[str], beginning: str) -> None:
    assert process.stdout is not None
    while not (await asyncio.to_thread(process.stdout.readline)).startswith(beginning):
        assert process.poll() is None


async def work_until(storage: Storage, handle: Handle, done: Callable[[], Awaitable[bool]], concurrency: int = 4) -> None:
    worker = asyncio.create_task(work(storage, handle, concurrency=concurrency))
    try:
        async with asyncio.timeout(HANG_S):
            while not await done():
                await asyncio.sleep(0.02)
                if worker.done():
                    await worker
    finally:
        worker.cancel()
        await asyncio.wait({worker})


def no_jobs_left(url: str) -> Callable[[], Awaitable[bool]]:
    async def done() -> bool:
        return execute(url, "SELECT 1 FROM procrastinate_jobs") == []

    return done


async def status(storage: Storage, tune_id: str) -> Status:
    tune = await storage.tune(tune_id)
    assert tune is not None
    return tune.status


@pytest.mark.usefixtures("short_intervals")
async def test_every_tune_is_handled_once(storage: Storage, url: str) -> None:
    added = [(await storage.add(request(), origin(str(event)))).id for event in range(30)]
    handled: list[str] = []
    running = most_running = 0
    four_run = asyncio.Event()

    async def handle(tune: Tune) -> None:
        nonlocal running, most_running
        running += 1
        most_running = max(most_running, running)
        handled.append(tune.id)
        if running == 4:
            four_run.set()
        await four_run.wait()
        await storage.finish(tune.id, COMPOSITION, {})
        running -= 1

    await work_until(storage, handle, no_jobs_left(url))
    assert sorted(handled) == sorted(added)
    assert handled[0] == added[0]
    assert most_running == 4


async def test_a_new_job_is_taken_without_polling(storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "POLL_S", 10 * HANG_S)  # so that only a notification can tell the worker of the job
    taken = asyncio.Event()

    async def handle(_: Tune) -> None:
        taken.set()

    worker = asyncio.create_task(work(storage, handle, concurrency=1))
    async with asyncio.timeout(HANG_S):
        while not execute(url, LISTENING):
            await asyncio.sleep(0.02)
    await storage.add(request(), origin())
    await asyncio.wait_for(taken.wait(), HANG_S)
    worker.cancel()
    await asyncio.wait({worker})


@pytest.mark.usefixtures("short_intervals")
async def test_a_failed_job_is_tried_again(storage: Storage, url: str) -> None:
    tune = await storage.add(request(), origin())
    tries = 0

    async def handle(tune: Tune) -> None:
        nonlocal tries
        tries += 1
        if tries < queue.TRIES:
            raise RuntimeError("secret detail")
        await storage.finish(tune.id, COMPOSITION, {})

    await work_until(storage, handle, no_jobs_left(url))
    assert tries == queue.TRIES == 3
    assert await status(storage, tune.id) is Status.FINISHED


@pytest.mark.usefixtures("short_intervals")
async def test_a_tune_fails_after_three_failed_tries(storage: Storage, url: str) -> None:
    tune = await storage.add(request(), origin())
    tries = 0

    async def handle(_: Tune) -> None:
        nonlocal tries
        tries += 1
        raise RuntimeError("secret detail")

    await work_until(storage, handle, no_jobs_left(url))
    assert tries == 3
    failed = await storage.tune(tune.id)
    assert failed is not None and (failed.status, failed.error) == (Status.FAILED, queue.GAVE_UP)


async def test_a_worker_finishes_the_tune_in_progress_after_sigterm(storage: Storage, url: str, tmp_path: Path) -> None:
    first = await storage.add(request(), origin("1"))
    with worker_process(url, tmp_path) as process:
        await wait_for_line(process, "started")
        process.send_signal(signal.SIGTERM)
        later = await storage.add(request(), origin("2"))
        (tmp_path / "continue").touch()
        assert await asyncio.to_thread(process.wait, HANG_S) == 0
    assert await status(storage, first.id) is Status.FINISHED
    assert await status(storage, later.id) is Status.QUEUED


@pytest.mark.usefixtures("short_intervals")
async def test_faults_of_database_and_disk_count_no_try(storage: Storage, url: str) -> None:
    tune = await storage.add(request(), origin())
    faults = [StorageError("The disk is full."), OSError(errno.ENOSPC, "full"), psycopg.OperationalError("gone")]
    faults += [OSError(errno.EDQUOT, "full"), OperationalError("", None, psycopg.OperationalError("gone"))]

    async def handle(tune: Tune) -> None:
        if faults:
            raise faults.pop()
        await storage.finish(tune.id, COMPOSITION, {})

    await work_until(storage, handle, no_jobs_left(url))
    assert await status(storage, tune.id) is Status.FINISHED
    assert execute(url, "SELECT failures, starts FROM tunes") == [(0, 6)]


@pytest.mark.usefixtures("short_intervals")
async def test_restarts_of_the_worker_are_no_failures(storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STOP_TIMEOUT_S", 0)
    tune = await storage.add(request(), origin())
    for _ in range(queue.TRIES + 1):
        started = asyncio.Event()

        async def endless(_: Tune, started: asyncio.Event = started) -> None:
            started.set()
            await asyncio.Event().wait()

        worker = asyncio.create_task(work(storage, endless, concurrency=1))
        await asyncio.wait_for(started.wait(), HANG_S)
        worker.cancel()
        await asyncio.wait({worker})
        assert await status(storage, tune.id) is Status.QUEUED
    assert execute(url, "SELECT failures, deaths, starts FROM tunes") == [(0, 0, queue.TRIES + 1)]


@pytest.mark.usefixtures("short_intervals")
async def test_a_stopped_worker_puts_a_tune_that_takes_too_long_back_into_the_queue(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STOP_TIMEOUT_S", 0.1)
    tune = await storage.add(request(), origin())
    started = asyncio.Event()

    async def endless(_: Tune) -> None:
        started.set()
        await asyncio.Event().wait()

    async def quick(tune: Tune) -> None:
        await storage.finish(tune.id, COMPOSITION, {})

    worker = asyncio.create_task(work(storage, endless, concurrency=1))
    await asyncio.wait_for(started.wait(), HANG_S)
    worker.cancel()
    await asyncio.wait({worker})
    assert worker.cancelled()
    assert execute(url, "SELECT status::text FROM procrastinate_jobs") == [("todo",)]
    await work_until(storage, quick, no_jobs_left(url))
    assert await status(storage, tune.id) is Status.FINISHED


@pytest.mark.usefixtures("short_intervals")
async def test_a_worker_continues_after_the_database_dropped_every_connection(storage: Storage, url: str) -> None:
    started = asyncio.Event()

    async def handle(tune: Tune) -> None:
        started.set()
        await asyncio.sleep(0.3)
        await storage.finish(tune.id, COMPOSITION, {})

    async def both_finished() -> bool:
        return execute(url, "SELECT count(*) FROM tunes WHERE status = 'finished'") == [(2,)]

    async def drop() -> None:
        await started.wait()
        execute(url, DROP_CONNECTIONS)
        await storage.add(request(), origin("2"))

    await storage.add(request(), origin("1"))
    dropping = asyncio.create_task(drop())
    await work_until(storage, handle, both_finished)
    await dropping


async def test_the_first_of_many_jobs_is_found_without_reading_all_even_before_there_are_statistics(
    storage: Storage, url: str
) -> None:
    waiting = "SELECT 'tunes', 'make', -n, '{}' FROM generate_series(1, 10000) AS n"
    execute(url, f"INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args) {waiting}")
    table = "'procrastinate_jobs'::regclass"
    async with storage.jobs.open_async():
        worker = await storage.job_manager.register_worker()
        with psycopg.connect(url) as connection:
            taken = connection.execute("SELECT priority FROM procrastinate_fetch_job_v2(ARRAY['tunes'], %s)", [worker]).fetchall()
            read = f"SELECT pg_stat_get_xact_tuples_returned({table}) + pg_stat_get_xact_tuples_fetched({table})"
            [(rows,)] = connection.execute(read.encode()).fetchall()
            connection.rollback()
        await storage.job_manager.unregister_worker(worker)
    assert taken == [(-1,)]
    assert rows < 100
