"""Runs the services of a process: the Discord bot, the Slack app, the web page and the worker, each alone or all together."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypedDict

import structlog
from aiohttp.web import RouteDef

from bot import descriptors, meters
from bot.core.desk import Desk
from bot.discord.start import DiscordSide
from bot.settings import Settings
from bot.slack.start import SlackSide
from bot.supervisor import ALIVE, ALIVE_EVERY_S, LACKING, READY, REGISTERED, WorkerProcess
from bot.web import WebError, bind_error, run_routes
from bot.web import run as run_web
from storage import Storage, StorageError, open_parts, open_storage
from storage.backup.archive import Manifest, Summary
from storage.backup.backup import backup
from storage.backup.dumps import Dumps, keep_dumping
from storage.backup.restore import restore
from storage.files.room import Room
from storage.tidying import keep_tidy

log = structlog.get_logger(__name__)


class Location(TypedDict):
    data_dir: Path
    database_url: str | None
    files_url: str | None


@asynccontextmanager
async def storage_of(settings: Settings) -> AsyncIterator[Storage]:
    """The storage that the settings name, open until the end of the context."""
    async with open_storage(**_location(settings), secret_keys=settings.secret_keys) as storage:
        yield storage


async def backup_to(file: Path, settings: Settings) -> Summary:
    """Backs up the storage that the settings name. Raises StorageError, and OSError if the file can't be written."""
    async with open_parts(**_location(settings)) as (database, file_store):
        return await backup(file, database, file_store)


async def restore_from(file: Path, settings: Settings) -> tuple[Manifest, Summary]:
    """Restores a backup into the storage that the settings name. Raises StorageError, and OSError if it can't be read."""
    with file.open("rb") as source:
        async with open_parts(**_location(settings)) as (database, file_store):
            return await restore(source, database, file_store)


def _location(settings: Settings) -> Location:
    url = settings.database_url
    return {
        "data_dir": settings.data_dir,
        "database_url": url.get_secret_value() if url else None,
        "files_url": settings.files_url,
    }


async def serve(
    settings: Settings, *, discord: bool = False, slack: bool = False, web: bool = False, worker: bool = False
) -> None:
    """Runs the chosen services until the process is stopped. If one fails, stops the others and raises its error."""
    descriptors.raise_limit()
    if not web:
        _serve_metrics(settings)
    async with storage_of(settings) as storage:
        await _tidy(storage)
        desk = Desk(storage, open_requests_per_person=settings.open_requests_per_person, queue_limit=settings.queue_limit)
        readiness: dict[str, Callable[[], bool]] = {}  # for /health
        coroutines: list[Coroutine[Any, Any, None]] = [
            desk.run(),
            keep_tidy(storage, keep_unclaimed=timedelta(days=settings.keep_unclaimed_days)),
        ]
        if worker:
            storage.room.add("temporary files", Path(tempfile.gettempdir()))
            process = WorkerProcess(storage)
            readiness["worker"] = process.ready
            coroutines.append(process.run())
            if settings.database_url is None:
                dumps = Dumps(settings.data_dir / "postgres")
                coroutines.append(keep_dumping(dumps, lambda: storage.database.conninfo))
        if discord:
            side = DiscordSide(settings, desk, storage)
            readiness["discord"] = side.ready
            coroutines.append(side.run())
        routes: list[RouteDef] = []
        if slack:
            app = SlackSide(settings, desk, storage)
            readiness["slack"] = app.ready
            routes = app.routes
            coroutines.append(app.run())
        if web:
            coroutines.append(run_web(settings, desk, storage, readiness, routes))
        elif routes:
            coroutines.append(run_routes(settings, storage, readiness, routes))
        await until_stopped(*coroutines)


def _serve_metrics(settings: Settings) -> None:
    if settings.metrics_port is not None:
        try:
            meters.serve(settings.web_host, settings.metrics_port)
        except OSError as error:
            raise WebError(bind_error(error, settings.web_host, settings.metrics_port, "METRICS_PORT")) from error


async def _tidy(storage: Storage) -> None:
    try:
        await storage.sharing.remove_marked()
    except StorageError as error:  # the next start tries again
        log.warning("Files of tunes that were deleted during a backup cannot be removed.", error=str(error))


async def until_stopped(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Runs jobs until one of them ends or the process gets SIGINT or SIGTERM. Then cancels the others."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt
            pass
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in [*tasks, stopping]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def work(settings: Settings, *, supervised: bool) -> None:
    """Runs a worker. Only its process loads TensorFlow and music21."""
    from generator.worker import run

    if not supervised:
        _serve_metrics(settings)
    async with storage_of(settings) as storage:

        def ready() -> None:
            if supervised:
                print(READY, flush=True)  # noqa: T201  # the supervisor reads standard output

        def registered(worker_id: int) -> None:
            if supervised:
                print(REGISTERED, worker_id, flush=True)  # noqa: T201

        storage.job_manager.on_registered = registered
        paths = {"model": settings.model, "further": settings.further_models, "soundfont": settings.soundfont}
        coroutines = [run(storage, slots=settings.worker_slots, ready=ready, **paths)]
        if supervised:
            coroutines += [_stdin_closed(), _show_life(), _print_lacking(storage.room)]
        await until_stopped(*coroutines)


async def _show_life() -> None:
    """Prints a line again and again. While this process is stopped or hangs it does not, and the supervisor notices."""
    while True:
        with suppress(BrokenPipeError):  # the supervisor is dead, which `_stdin_closed` notices
            print(ALIVE, flush=True)  # noqa: T201
        await asyncio.sleep(ALIVE_EVERY_S)


async def _print_lacking(room: Room) -> None:
    async for lacking in room.changes():
        with suppress(BrokenPipeError):
            print(LACKING, lacking or "", flush=True)  # noqa: T201


async def _stdin_closed() -> None:
    """Waits for the end of standard input, which the supervisor holds open while it lives."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def wait() -> None:
        # Not sys.stdin.read, which holds a lock that would keep the interpreter from exiting.
        while os.read(sys.stdin.fileno(), 1024):
            pass
        loop.call_soon_threadsafe(closed.set)

    # Not asyncio.to_thread: closing the loop would wait for the thread, and standard input may stay open.
    threading.Thread(target=wait, daemon=True).start()
    await closed.wait()
