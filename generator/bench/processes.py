"""Measurements in processes of their own, and the machine on which they are made."""

from __future__ import annotations

import json
import os
import platform
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil


def run(module: str, cell: dict[str, Any], *, patience_s: float, wanted: str) -> dict[str, Any]:
    """Starts a module with the cell as its argument → what it wrote, and how long it took to be ready; or `error`, a sentence.

    The module writes lines of JSON, of which one is `{"ready": true}` and the last holds what is `wanted`.
    """
    command = [sys.executable, "-m", module, json.dumps(cell)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watch = threading.Timer(patience_s, process.kill)
    errors: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert process.stdout and process.stderr
    reader = threading.Thread(target=lambda pipe: errors.put(pipe.read()), args=[process.stderr])
    watch.start()
    reader.start()
    found: dict[str, Any] = {}
    try:
        for line in process.stdout:
            told = json.loads(line) if line.startswith("{") else {}
            if told.pop("ready", None):
                found["ready_s"] = round(time.perf_counter() - began, 2)
            found |= told
        process.wait()
    finally:
        watch.cancel()
        process.kill()
        reader.join()
    if wanted not in found and "error" not in found:
        lines = errors.get().strip().splitlines() or [f"exit code {process.returncode}"]
        found["error"] = f"The process ended early: {lines[-1]}"
    return found


def echo(**found: Any) -> None:
    """What a measuring process tells: a line of JSON."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def machine(packages: Sequence[str]) -> dict[str, Any]:
    """What the figures depend on, with the versions of those packages that are installed."""
    versions = {}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "busy_percent": psutil.cpu_percent(1),  # before anything is measured: it ought to be near 0
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
