"""The supervisor of the worker. A script that prints the worker's lines stands for it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot import supervisor
from bot.supervisor import WorkerProcess
from storage import Storage
from tests.patience import HANG_S

WORKER = """#!/bin/sh
echo ready
while :; do echo alive; sleep 0.05; done
"""


@pytest.fixture
async def worker(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WorkerProcess]:
    script = tmp_path / "worker"
    script.write_text(WORKER, encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(supervisor, "SILENT_S", 1.0)
    monkeypatch.setattr(supervisor, "MAX_PAUSE_S", 0.05)
    process = WorkerProcess(storage)
    running = asyncio.create_task(process.run())
    yield process
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANG_S):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_stopped_worker_is_not_ready_until_it_goes_on(worker: WorkerProcess) -> None:
    await until(worker.ready)
    assert worker.process is not None
    worker.process.send_signal(signal.SIGSTOP)
    await until(lambda: not worker.ready())
    worker.process.send_signal(signal.SIGCONT)
    await until(worker.ready)


async def test_a_killed_worker_is_not_ready_until_another_has_started(worker: WorkerProcess) -> None:
    await until(worker.ready)
    killed = worker.process
    assert killed is not None
    killed.kill()
    await until(lambda: not worker.ready())
    await until(worker.ready)
    assert worker.process is not killed
