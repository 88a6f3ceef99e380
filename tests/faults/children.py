"""Processes that are killed: the bot, and a worker that composes and renders in no time.

They are forked from one process that has imported everything (multiprocessing's forkserver), so that one starts in tenths of a
second. Everything that they do with the database, files and Discord is the product's own code.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from tests.faults.hooks import PYTHONPATH, set_constants
from tests.faults.injection import install
from tests.patience import HANG_S

if TYPE_CHECKING:
    from generator.composer.candidates import Draft

PRELOADED = ["bot.services", "generator.worker", "psycopg_binary", "tests.faults.children"]
STEP_S = 0.15  # of the quick worker: long enough for the bot to notice each
BARS = (4, 8, 12)
# The queue's times, shorter: a worker's death is noticed within seconds.
QUICK = {"storage.queue.heartbeat.HEARTBEAT_S": 0.4, "storage.queue.jobs.POLL_S": 0.1}
SLOWER = {
    "storage.queue.heartbeat.HEARTBEAT_S": 1.0,
    "storage.queue.jobs.POLL_S": 0.1,
}  # for the real worker, which loads both cores
# Slack's times, shorter, for a stand-in with other limits.
MESSAGES_S = 0.05
FASTER = {f"bot.slack.core.limits.{name}": MESSAGES_S for name in ("POST_INTERVAL_S", "CARD_INTERVAL_S", "SHARES_FIRST_S")}
ABC = "X:1\nT:The Loopback\nR:reel\nM:4/4\nL:1/8\nK:Ador\n|:EAAB c2Bc|dBAB G2EG|EAAB c2Bc|dBGB A4:|\n"


@dataclass
class Child:
    """A forked process: `run` is called with `environment` in place."""

    run: Callable[[], None]
    environment: dict[str, str]
    folder: Path  # for its log and for `injection`
    inject: bool = False
    kill_at: str = ""
    process: BaseProcess | None = field(default=None, init=False)

    def start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self.process = context.Process(
            target=_child, args=(self.run, self.environment, self.folder, self.inject, self.kill_at), daemon=True
        )
        self.process.start()

    @property
    def dead(self) -> bool:
        return self.process is not None and self.process.exitcode is not None

    async def ended(self, timeout_s: float = HANG_S) -> int | None:
        """The exit status, negative for a signal; None if it still runs."""
        assert self.process is not None
        deadline = time.monotonic() + timeout_s
        while not self.dead and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return self.process.exitcode

    async def kill(self) -> None:
        if self.process is not None and not self.dead:
            self.process.kill()
            await self.ended()


def _child(run: Callable[[], None], environment: dict[str, str], folder: Path, inject: bool, kill_at: str) -> None:
    with (folder / "log").open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.environ |= environment
    if inject and run is real_worker:
        os.environ |= {"FAULTS_POINTS": str(folder), "FAULTS_KILL_AT": kill_at}  # it has hooks of its own
    elif inject:
        install(folder, kill_at)
    run()


# Leases end sooner, and what a killed process left is looked for sooner.
SHORT_LEASES = {
    "storage.leases.LEASE_S": 4.0,
    "storage.leases.GIVE_UP_S": 3.0,
    "storage.leases.RENEW_EVERY_S": 0.5,
    "bot.core.deliveries.LOOK_AGAIN_S": 0.2,
}


def discord_bot() -> None:
    """`tunesmith bot`"""
    _serve(discord=True)


def nimble_discord_bot() -> None:
    """The same, but its leases end sooner."""
    set_constants(SHORT_LEASES)
    discord_bot()


def slack_app() -> None:
    """`tunesmith slack`"""
    set_constants(FASTER | SHORT_LEASES)
    _serve(slack=True)


def watchful_slack_app() -> None:
    """The same, but it looks more often for tunes that another process left."""
    set_constants({"bot.core.deliveries.LOOK_FOR_TUNES_S": 0.5})
    slack_app()


def page() -> None:
    """`tunesmith web`"""
    _serve(web=True)


def _serve(**services: bool) -> None:
    from bot.logs import configure
    from bot.services import serve
    from bot.settings import Settings

    configure(json=False, level="INFO")
    asyncio.run(serve(Settings(_env_file=None), **services))


def quick_worker() -> None:
    """`tunesmith worker` with the real `Worker`, whose composer and renderer return the same tune at once."""
    from bot.logs import configure
    from bot.process import storage_of, until_stopped
    from bot.settings import Settings

    configure(json=False, level="INFO")
    set_constants(QUICK)

    async def main() -> None:
        from generator.worker import Worker
        from storage import work

        async with storage_of(Settings(_env_file=None)) as storage:
            worker = Worker(storage, cast(Any, SimpleNamespace(composer=lambda _: QuickComposer())), cast(Any, QuickRenderer()))
            await until_stopped(work(storage, worker.make, concurrency=2))

    asyncio.run(main())


def real_worker() -> None:
    """`tunesmith worker`, with the real model: this process becomes another program and keeps its process id."""
    os.environ |= {"PYTHONPATH": PYTHONPATH, "FAULTS_CONSTANTS": json.dumps(SLOWER), "WORKER_SLOTS": "2"}
    os.execv(sys.executable, [sys.executable, "-m", "bot", "worker"])


class QuickComposer:
    model = "quick"

    def submit(self, request: object, listener: Callable[[Draft], None]) -> Future[Any]:
        from generator.composer.candidates import ComposedTune, Draft
        from generator.composer.novelty import Closest
        from generator.composer.plan import make_plan
        from generator.notation.reader import read
        from generator.request import TuneRequest

        result: Future[Any] = Future()
        plan = make_plan(TuneRequest.check(seed=1))

        def compose() -> None:
            for bars in BARS:
                listener(Draft(bars, plan))
                time.sleep(STEP_S)
            if result.set_running_or_notify_cancel():
                result.set_result(ComposedTune(read(ABC), (), 1.0, {"total": 0.0}, Closest("", 0)))

        threading.Thread(target=compose, daemon=True).start()
        return result


class QuickRenderer:
    async def render(self, *_: object) -> Any:
        from generator.rendering.result import Rendering

        await asyncio.sleep(STEP_S)
        return Rendering(
            musicxml=b"<score-partwise/>", midi=b"MThd", mp3=b"ID3" + bytes(4_000), png=b"\x89PNG\r\n\x1a\n",
            svg=b"<svg/>", narrow_svg=b"<svg/>", time_map=b"[]", notices=(), duration_ms=1234,
        )  # fmt: skip
