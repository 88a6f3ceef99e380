"""What every process needs: the storage that the settings name, metrics on a port, and an end when it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict

from bot import meters
from bot.settings import Settings
from storage import Storage, open_storage


class Location(TypedDict):
    data_dir: Path
    database_url: str | None
    files_url: str | None


@asynccontextmanager
async def storage_of(settings: Settings) -> AsyncIterator[Storage]:
    """The storage that the settings name, open until the end of the context."""
    async with open_storage(**location(settings), secret_keys=settings.secret_keys) as storage:
        yield storage


def location(settings: Settings) -> Location:
    """Where the database and the files are."""
    url = settings.database_url
    return {
        "data_dir": settings.data_dir,
        "database_url": url.get_secret_value() if url else None,
        "files_url": settings.files_url,
    }


def serve_metrics(settings: Settings) -> None:
    """Serves metrics if a port is set for them. Raises WebError if it is taken."""
    if settings.metrics_port is not None:
        try:
            meters.serve(settings.web_host, settings.metrics_port)
        except OSError as error:
            from bot.web import WebError, bind_error  # a worker does not need the page

            raise WebError(bind_error(error, settings.web_host, settings.metrics_port, "METRICS_PORT")) from error


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
