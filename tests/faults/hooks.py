"""What a test does inside a real worker, chosen by environment variables. `inject/sitecustomize.py` calls `install`.

FAULTS_POINTS, FAULTS_KILL_AT   see `injection`: the folder, and the point at which the process is killed
FAULTS_POISON                   the worker dies soon after it began to compose a request with this seed
FAULTS_CONSTANTS                JSON: other values for constants of modules, such as {"storage.jobs.POLL_S": 0.1}
"""

from __future__ import annotations

import json
import os
import signal
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.faults.injection import install as install_points

INJECT = Path(__file__).parent / "inject"
POISON_S = 0.5  # so that its neighbours are in progress too

ROOT = Path(__file__).parents[2]
# For a process that runs the hooks.
PYTHONPATH = os.pathsep.join([str(INJECT), str(ROOT)])


def install() -> None:
    if constants := os.environ.get("FAULTS_CONSTANTS"):
        set_constants(json.loads(constants))
    if folder := os.environ.get("FAULTS_POINTS"):
        install_points(Path(folder), os.environ.get("FAULTS_KILL_AT", ""), renderer=True)
    if seed := os.environ.get("FAULTS_POISON"):
        poison(int(seed))


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
