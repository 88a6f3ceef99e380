"""The process of a worker: `tunesmith worker`. It imports neither Discord, Slack nor the page."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import suppress

from bot.process import serve_metrics, storage_of, until_stopped
from bot.settings import Settings
from bot.supervisor import ALIVE, ALIVE_EVERY_S, LACKING, READY, REGISTERED
from storage.files.room import Room


async def work(settings: Settings, *, supervised: bool) -> None:
    """Runs a worker. Only its process loads what composes, and starts what renders."""
    from generator.worker import run

    if not supervised:
        serve_metrics(settings)
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
