"""Renders in a process of its own, which may be slow, swell or die without harm to the worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from generator.notation.score import Score
from generator.rendering.frames import READY, receive, receive_outcome, send
from generator.rendering.result import RendererFault, Rendering, RenderingError
from generator.rendering.style import SESSION, Style

T = TypeVar("T")

_START_S = 60
_ROOT = Path(__file__).parents[2]


class Renderer:
    """Renders scores one after another in a child process that has limits on memory, file size and time.

    The child is a fresh interpreter, never a fork: the parent holds TensorFlow and its threads. It starts with the first
    tune, loads music21 once, and is replaced when it dies. It ends with `close`, and when its parent dies in any way.
    """

    def __init__(self, *, soundfont: Path | None, timeout_s: float = 30) -> None:
        self.soundfont = soundfont
        self.timeout_s = timeout_s
        self._child: _Child | None = None
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="renderer")
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.process.pid if self._child else None

    async def start(self) -> None:
        """Starts the child ahead of the first tune, which then waits a second or two less."""
        async with self._turn:
            await self._ready()

    async def render(self, score: Score, style: Style = SESSION) -> Rendering:
        """Renders one tune; raises RenderingError when it cannot be, takes longer than `timeout_s`, or kills the child twice."""
        tune = pickle.dumps((score, style))
        async with self._turn:
            for _ in range(2):
                child = await self._ready()
                try:
                    outcome = await self._within(self.timeout_s, child, partial(child.render, tune))
                except TimeoutError:
                    raise RenderingError(f"The tune took longer than {self.timeout_s:g} s to render. Shorten it.") from None
                except (EOFError, OSError):
                    self._drop(child)
                    continue
                if isinstance(outcome, RenderingError):
                    raise outcome
                return outcome
        raise RenderingError("The renderer stopped twice while it worked on this tune. Shorten or simplify it.")

    def close(self) -> None:
        """Ends the child at once; a tune that is being rendered ends in RenderingError."""
        self._closed = True
        if self._child:
            self._drop(self._child)
        self._thread.shutdown(wait=False)

    async def _ready(self) -> _Child:
        if self._closed:
            raise RendererFault("The renderer is closed.")
        if self._child and self._child.process.poll() is not None:
            self._drop(self._child)
        if self._child is None:
            child = self._child = _Child(self.soundfont)
            try:
                await self._within(_START_S, child, child.wait_until_ready)
            except (TimeoutError, EOFError, OSError):
                self._drop(child)
                raise RendererFault("The renderer does not start. Run “tunesmith doctor” to see what is missing.") from None
        return self._child

    async def _within(self, seconds: float, child: _Child, call: Callable[[], T]) -> T:
        """Waits for a blocking call to the child; kills the child when it takes too long or nobody waits any more."""
        try:
            async with asyncio.timeout(seconds):  # not wait_for, which in Python 3.11 can swallow a cancellation
                return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        except (TimeoutError, asyncio.CancelledError):
            self._drop(child)
            raise

    def _drop(self, child: _Child) -> None:
        child.kill()
        if self._child is child:
            self._child = None


class _Child:
    """One process and its pipes; its methods block, and end with EOFError or OSError when the process is killed."""

    def __init__(self, soundfont: Path | None) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True)
        arguments = [self.folder.name] + ([str(soundfont.expanduser().absolute())] if soundfont else [])
        # A session of its own keeps the terminal's signals away, and lets FluidSynth be killed with the child.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "generator.rendering.child", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout

    def wait_until_ready(self) -> None:
        if receive(self.output) != READY:
            raise EOFError

    def render(self, tune: bytes) -> Rendering | RenderingError:
        send(self.input, tune)
        return receive_outcome(self.output)

    def kill(self) -> None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        for pipe in (self.input, self.output):
            with contextlib.suppress(OSError):  # part of a tune was still on its way
                pipe.close()
        self.folder.cleanup()
