"""Runs the services of a process: the Discord bot, the Slack app, the web page and the worker, each alone or all together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from aiohttp.web import RouteDef

from bot import descriptors
from bot.core.desk import Desk
from bot.discord.start import DiscordSide
from bot.process import location, serve_metrics, storage_of, until_stopped
from bot.settings import Settings
from bot.slack.start import SlackSide
from bot.supervisor import WorkerProcess
from bot.web import run as run_web
from bot.web import run_routes
from storage import Storage, StorageError, open_parts
from storage.backup.archive import Manifest, Summary
from storage.backup.backup import backup
from storage.backup.dumps import Dumps, keep_dumping
from storage.backup.restore import restore
from storage.tidying import keep_tidy

log = structlog.get_logger(__name__)


async def backup_to(file: Path, settings: Settings) -> Summary:
    """Backs up the storage that the settings name. Raises StorageError, and OSError if the file can't be written."""
    async with open_parts(**location(settings)) as (database, file_store):
        return await backup(file, database, file_store)


async def restore_from(file: Path, settings: Settings) -> tuple[Manifest, Summary]:
    """Restores a backup into the storage that the settings name. Raises StorageError, and OSError if it can't be read."""
    with file.open("rb") as source:
        async with open_parts(**location(settings)) as (database, file_store):
            return await restore(source, database, file_store)


async def serve(
    settings: Settings, *, discord: bool = False, slack: bool = False, web: bool = False, worker: bool = False
) -> None:
    """Runs the chosen services until the process is stopped. If one fails, stops the others and raises its error."""
    descriptors.raise_limit()
    if not web:
        serve_metrics(settings)
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


async def _tidy(storage: Storage) -> None:
    try:
        await storage.sharing.remove_marked()
    except StorageError as error:  # the next start tries again
        log.warning("Files of tunes that were deleted during a backup cannot be removed.", error=str(error))
