"""What a test does inside a real worker, chosen by environment variables. `inject/sitecustomize.py` calls `install`.

FAULTS_POINTS, FAULTS_KILL_AT   see `injection`: the folder, and the point at which the process is killed
FAULTS_POISON                   the worker dies soon after it began to compose a request with this seed
FAULTS_QUEUE                    JSON: other values for the times in `storage.jobs`
"""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

from tests.faults.injection import install as install_points

INJECT = Path(__file__).parent / "inject"
POISON_S = 0.5  # so that its neighbours are in progress too

ROOT = Path(__file__).parents[2]
# For a process that runs the hooks.
PYTHONPATH = os.pathsep.join([str(INJECT), str(ROOT)])


def install() -> None:
    if queue_times := os.environ.get("FAULTS_QUEUE"):
        hurry_queue(json.loads(queue_times))
    if folder := os.environ.get("FAULTS_POINTS"):
        install_points(Path(folder), os.environ.get("FAULTS_KILL_AT", ""), renderer=True)
    if seed := os.environ.get("FAULTS_POISON"):
        poison(int(seed))


def hurry_queue(times: dict[str, float]) -> None:
    from storage import jobs

    for name, seconds in times.items():
        if hasattr(jobs, name):
            setattr(jobs, name, seconds)


def poison(seed: int) -> None:
    """Kills this process when it composes a request with this seed."""
    from generator.composer.composer import Composer

    submit = Composer.submit

    def submit_or_die(composer: Composer, request: Any, *arguments: Any) -> Any:
        if request.seed == seed:
            threading.Timer(POISON_S, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        return submit(composer, request, *arguments)

    Composer.submit = submit_or_die  # type: ignore[method-assign, assignment]
