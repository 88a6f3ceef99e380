"""What a test does inside the processes of the real product. `inject/sitecustomize.py` calls `install`.

On SIGUSR1 a process writes to its log what its tasks wait for. The rest is for the worker, and chosen by environment variables:

FAULTS_POINTS, FAULTS_KILL_AT   see `injection`: the folder, and the point at which the process is killed
FAULTS_POISON                   the worker dies soon after it began to compose a request with this seed
FAULTS_CONSTANTS                JSON: other values for constants of modules, such as {"storage.queue.jobs.POLL_S": 0.1}
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.faults.injection import install as install_points

INJECT = Path(__file__).parent / "inject"
POISON_S = 0.5  # so that its neighbours are in progress too

ROOT = Path(__file__).parents[2]
# For a process that runs the hooks.
PYTHONPATH = os.pathsep.join([str(INJECT), str(ROOT)])


def install(*, worker: bool) -> None:
    signal.signal(signal.SIGUSR1, lambda *_: print_tasks())
    if not worker:
        return
    if constants := os.environ.get("FAULTS_CONSTANTS"):
        set_constants(json.loads(constants))
    if folder := os.environ.get("FAULTS_POINTS"):
        install_points(Path(folder), os.environ.get("FAULTS_KILL_AT", ""), renderer=True)
    if seed := os.environ.get("FAULTS_POISON"):
        poison(int(seed))


def print_tasks() -> None:
    for task in asyncio.all_tasks(asyncio.events._get_running_loop()):
        print(task.get_name(), " <- ".join(_waits_in(task.get_coro())), file=sys.stderr, flush=True)


def _waits_in(waiting: Any) -> Iterator[str]:
    """The functions that wait for each other, and their lines."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None) or getattr(waiting, "gi_frame", None)
        yield f"{frame.f_code.co_qualname}:{frame.f_lineno}" if frame is not None else repr(waiting)
        names = ("cr_await", "ag_await", "gi_yieldfrom")
        waiting = next((getattr(waiting, name) for name in names if hasattr(waiting, name)), None)


def set_constants(values: dict[str, float]) -> None:
    for name, value in values.items():
        module, _, constant = name.rpartition(".")
        assert hasattr(import_module(module), constant), name
        setattr(import_module(module), constant, value)


def poison(seed: int) -> None:
    """Kills this process when it composes a request with this seed."""
    from generator.composer.composer import Composer

    submit = Composer.submit

    def submit_or_die(composer: Composer, request: Any, *arguments: Any) -> Any:
        if request.seed == seed:
            threading.Timer(POISON_S, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        return submit(composer, request, *arguments)

    Composer.submit = submit_or_die  # type: ignore[method-assign, assignment]
