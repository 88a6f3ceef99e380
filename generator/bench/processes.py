"""Runs a measurement in a process of its own, and describes the machine."""

from __future__ import annotations

import json
import os
import platform
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil


def run(
    module: str, argument: dict[str, Any], *, timeout_s: float, result_key: str, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Runs a module in a process and returns what it wrote and `ready_s`, its start-up time; or `error`, a message.

    environment: variables to add. The module gets the argument as JSON. It writes lines of JSON: `{"ready": true}`, and an object
    with `result_key`.
    """
    command = [sys.executable, "-m", module, json.dumps(argument)]
    began = time.perf_counter()
    variables = {**os.environ, **(environment or {})}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables)
    timer = threading.Timer(timeout_s, process.kill)
    errors: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert process.stdout and process.stderr
    reader = threading.Thread(target=lambda pipe: errors.put(pipe.read()), args=[process.stderr])
    timer.start()
    reader.start()
    result: dict[str, Any] = {}
    try:
        for line in process.stdout:
            message = json.loads(line) if line.startswith("{") else {}
            if message.pop("ready", None):
                result["ready_s"] = round(time.perf_counter() - began, 2)
            result |= message
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        reader.join()
    if result_key not in result and "error" not in result:
        lines = errors.get().strip().splitlines() or [f"exit code {process.returncode}"]
        result["error"] = f"The process ended early: {lines[-1]}"
    return result


def report(**message: Any) -> None:
    """Writes a line of JSON from a measuring process to the one that started it."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def machine(packages: Sequence[str]) -> dict[str, Any]:
    """What the results depend on: processor, memory, load and the versions of the packages that are installed."""
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
        "busy_percent": psutil.cpu_percent(1),  # before the measurements: should be near 0
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
