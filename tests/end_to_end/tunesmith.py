"""`tunesmith run` as hosts start it: its own process, with worker, database and the shipped model."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil

START_S = STOP_S = 240  # generous: an idle machine needs about 7 s and 2 s


class Tunesmith:
    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        # Stays bound, so that no other process gets the port; SO_REUSEADDR lets the server listen on it.
        self._bound = socket.socket()
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bound.bind(("127.0.0.1", 0))
        self.port = self._bound.getsockname()[1]
        self.folder = folder
        self.log = folder / "log"
        self.environment = {
            **os.environ,
            **environment,
            "DATA_DIR": str(folder / "data"),
            "WEB_PORT": str(self.port),
            "LOG_JSON": "true",
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        with self.log.open("ab") as log:
            begins = self.log.stat().st_size
            command = [sys.executable, "-m", "bot", "run"]
            self.process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        await self.logged("worker ready", begins)

    async def logged(self, event: str, begins: int = 0) -> None:
        """Waits until the log contains the event, after its first `begins` bytes."""
        assert self.process is not None
        deadline = asyncio.get_running_loop().time() + START_S
        while event not in (text := self.log.read_bytes()[begins:].decode(errors="replace")):
            assert self.process.poll() is None, f"the process exited: {text[-4000:]}"
            assert asyncio.get_running_loop().time() < deadline, f"“{event}” was not logged: {text[-4000:]}"
            await asyncio.sleep(0.1)

    def worker(self) -> psutil.Process:
        assert self.process is not None
        [worker] = [child for child in psutil.Process(self.process.pid).children() if "worker" in child.cmdline()]
        return worker

    async def stop(self) -> int:
        """Stops the process with SIGTERM, as service managers do. Returns its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self.process.wait, STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the process did not stop: {self.log.read_text(encoding='utf-8')[-4000:]}") from None
