"""Kills this process at a chosen point: before or after a transaction, a change of a file, or a call to Discord.

`install` wraps `Database.begin`, procrastinate's connector, the tunes' files, the renderer and aiohttp's session from outside;
the product has no hooks. Between two points a process changes nothing that outlives it: a death there equals a death at the next
point.

Points are named `flow/moment of what`, for example `accept/before commit of Adding.add`; the second time in the same process has
` #2` at its end. They count from the moment when the file `armed` exists in the folder.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = tuple(str(ROOT / name) + os.sep for name in ("bot", "generator", "storage"))
TIMES = 2  # how many visits of one point count: it may be reached often, such as the update of progress

# The flow of a point: the first row whose text is in the file or in the name of a function on the stack.
FLOWS = (
    ("share", ("bot/discord/sharing/", "bot/slack/sharing/", "bot/core/channel_posts.py", "storage/sharing.py")),
    ("deliver", ("bot/discord/delivery/", "bot/slack/delivery/")),
    ("finish", ("Storage.finish", "Storage.fail", "FencedJobManager.finish_job")),
    (
        "compose",
        (
            "generator/worker.py",
            "storage/queue/tasks.py",
            "storage/queue/jobs.py",
            "storage/queue/job_manager.py",
            "storage/queue/heartbeat.py",
        ),
    ),
    ("accept", ("bot/discord/", "bot/slack/", "bot/core/desk.py", "bot/web/", "Adding.add")),
)
BACKGROUND = (
    "bot/discord/likes/",
    "bot/slack/likes",
    "bot/core/like_counts.py",
    "bot/discord/chat/inbox.py:Inbox.run",
    "bot/core/deliveries.py:Deliveries.run",
    "bot/core/following.py:_listen",
    "_refresh_queue_positions",
    "bot/web/health.py",
    "storage/queue/model_offers.py",
    "FencedJobManager.register_worker",
    "FencedJobManager.listen_for_jobs",
    "Heartbeat._beat",
)


class Points:
    """Counts the points of this process, writes them down or kills the process at one of them."""

    def __init__(self, folder: Path, kill_at: str) -> None:
        self._armed, self._recorded, self._kill_at = folder / "armed", folder / "points", kill_at
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()  # files are written in threads

    def reached(self, moment: str, what: str = "", *, flow: str = "") -> None:
        if not self._armed.exists():
            return
        stack = [_function(frame) for frame in _product_frames()]
        flow = flow or _flow(stack)
        point = f"{flow}/{moment} {what or _public(stack)}"
        with self._lock:
            self._seen[point] += 1
            times = self._seen[point]
        if times > (1 if flow == "background" else TIMES):
            return
        point = point if times == 1 else f"{point} #{times}"
        if not self._kill_at:
            with self._recorded.open("a", encoding="utf-8") as file:
                file.write(f"{point}\n")
        elif point == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _product_frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGES):
            yield frame
        frame = frame.f_back


def _function(frame: FrameType) -> str:
    """“storage/storage.py:Storage.finish”"""
    name = frame.f_code.co_qualname if sys.version_info >= (3, 11) else frame.f_code.co_name
    return f"{Path(frame.f_code.co_filename).relative_to(ROOT).as_posix()}:{name}"


def _flow(stack: list[str]) -> str:
    everything = "\n".join(stack)
    if any(part in everything for part in BACKGROUND):
        return "background"
    return next((flow for flow, parts in FLOWS if any(part in everything for part in parts)), "background")


def _public(stack: list[str]) -> str:
    """The innermost function of the product without an underscore, or else the innermost one."""
    names = [entry.partition(":")[2].replace(".<locals>", "") for entry in stack]
    return next((name for name in names if not name.rpartition(".")[2].startswith("_")), names[0] if names else "a library")


def install(folder: Path, kill_at: str = "", *, renderer: bool = False) -> None:
    """Writes the points down in the file `points`, or kills the process at the point `kill_at`.

    `renderer`: also wraps the renderer, which only a real worker has.
    """
    points = Points(folder, kill_at)
    _wrap_transactions(points)
    _wrap_queue(points)
    _wrap_files(points)
    _wrap_calls(points)
    if renderer:
        _wrap_renderer(points)


def _wrap_transactions(points: Points) -> None:
    """Each transaction, with the moments around its commit if it changed anything."""
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import AsyncConnection

    from storage.database import Database

    begin = Database.begin

    @asynccontextmanager
    async def counted(database: Database, **options: Any) -> AsyncIterator[AsyncConnection]:
        points.reached("before")
        changes = False

        def look(_: object, __: object, statement: str, *___: object) -> None:
            nonlocal changes
            changes = changes or not statement.lstrip().upper().startswith("SELECT")

        async with begin(database, **options) as connection:
            event.listen(connection.sync_connection, "before_cursor_execute", look)
            yield connection
            if changes:
                points.reached("before commit of")
        if changes:
            points.reached("after commit of")

    Database.begin = counted  # type: ignore[method-assign, assignment]


def _wrap_queue(points: Points) -> None:
    """The queue's statements that are transactions of their own."""
    from procrastinate import PsycopgConnector

    def counted(execute: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(execute)
        async def run(connector: Any, query: str, **arguments: Any) -> Any:
            points.reached("before")
            result = await execute(connector, query, **arguments)
            points.reached("after")
            return result

        return run

    for name in ("execute_query_async", "execute_query_one_async", "execute_query_all_async"):
        setattr(PsycopgConnector, name, counted(getattr(PsycopgConnector, name)))


def _wrap_files(points: Points) -> None:
    """`Files.write` and `remove`, and below them each call of the system that changes a file or its folder."""
    from storage.files.files import Files

    def below(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*arguments: Any, **named: Any) -> Any:
            inside = any(_function(frame).startswith("storage/") for frame in _product_frames())
            if inside:
                points.reached("before", name, flow="finish")
            result = function(*arguments, **named)
            if inside:
                points.reached("after", name, flow="finish")
            return result

        return run

    for name in ("write", "remove"):
        setattr(Files, name, _around(points, getattr(Files, name), f"Files.{name}"))
    for name in ("fsync", "fdatasync", "replace", "rename", "link", "unlink"):
        setattr(os, name, below(getattr(os, name), f"os.{name} of a file"))


def _wrap_renderer(points: Points) -> None:
    from generator.rendering.renderer import Renderer

    Renderer.render = _around(points, Renderer.render, "Renderer.render")  # type: ignore[method-assign]


def _around(points: Points, function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*arguments: Any, **named: Any) -> Any:
        points.reached("before", name)
        result = await function(*arguments, **named)
        points.reached("after", name)
        return result

    return run


def _wrap_calls(points: Points) -> None:
    """Calls to Discord and Slack: before they are sent; and after they were carried out, before the answer was read."""
    import aiohttp

    request = aiohttp.ClientSession._request

    async def counted(session: aiohttp.ClientSession, method: str, url: Any, **arguments: Any) -> Any:
        name = f"{method} {route(str(url))}"
        points.reached("before", name)
        response = await request(session, method, url, **arguments)
        points.reached("before the answer of", name)
        return response

    aiohttp.ClientSession._request = counted  # type: ignore[method-assign, assignment]


def route(url: str) -> str:
    """The path of a call without its ids and tokens."""
    path = re.sub(r"^(https?|wss?)://[^/]+(/api/v\d+)?|\?.*$", "", url)
    path = re.sub(r"(/interactions/\d+|/webhooks/\d+|/respond)/[^/]+", r"\1/TOKEN", path)
    return re.sub(r"\d{2,}", "ID", path)
