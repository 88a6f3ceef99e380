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
from generator.rendering.pipe_protocol import READY, receive, receive_outcome, send
from generator.rendering.result import RendererFault, Rendering, RenderingError
from generator.rendering.style import SESSION, Style
from generator.user_messages import UserMessage

T = TypeVar("T")

_START_S = 60
_ROOT = Path(__file__).parents[2]
# All that the child learns of the environment: its parent's holds passwords and tokens.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


class Renderer:
    """Renders scores in child processes with limits on memory, files and time, shut into their own folders; one on each core,
    unless told otherwise.

    A child is a fresh interpreter, never a fork: the parent holds TensorFlow and its threads. It starts when a tune finds no
    other idle, loads music21 once, and is replaced when it dies. It ends with `close`, and when its parent dies in any way.
    """

    def __init__(self, *, soundfont: Path | None, timeout_s: float = 30, processes: int | None = None) -> None:
        self.soundfont = soundfont
        self.timeout_s = timeout_s
        self.processes = processes or _cores()
        self._children: list[_Child] = []
        self._idle: list[_Child] = []  # those of them that wait for a tune; the last one is taken
        self._turn = asyncio.Semaphore(self.processes)
        self._threads = ThreadPoolExecutor(max_workers=self.processes, thread_name_prefix="renderer")
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id of the child that has lived longest, while there is one."""
        return self._children[0].process.pid if self._children else None

    async def start(self) -> None:
        """Starts a child ahead of the first tune, which then waits a second or two less."""
        async with self._turn:
            self._idle.append(await self._ready())

    async def render(self, score: Score, style: Style = SESSION) -> Rendering:
        """Renders one tune; raises RenderingError when it cannot be, takes longer than `timeout_s`, or kills the child twice."""
        tune = pickle.dumps((score, style))
        async with self._turn:
            for _ in range(2):
                child = await self._ready()
                try:
                    outcome = await self._within(self.timeout_s, child, partial(child.render, tune))
                except TimeoutError:
                    seconds = f"{self.timeout_s:g}"
                    sentence = UserMessage("The tune took longer than {seconds} s to render. Shorten it.", seconds=seconds)
                    raise RenderingError(sentence) from None
                except (EOFError, OSError, ValueError, KeyError):  # it died, was closed, or answers nonsense
                    continue
                self._idle.append(child)
                if isinstance(outcome, RenderingError):
                    raise outcome
                return outcome
        raise RenderingError(UserMessage("The renderer stopped twice while it worked on this tune. Shorten or simplify it."))

    def close(self) -> None:
        """Ends the children at once; tunes that are being rendered end in RenderingError."""
        self._closed = True
        while self._children:
            self._drop(self._children[0])
        self._threads.shutdown(wait=False)

    async def _ready(self) -> _Child:
        """A child that nobody else has; it goes back to `_idle` when its tune is done."""
        if self._closed:
            raise RendererFault("The renderer is closed.")
        while self._idle:
            child = self._idle.pop()
            if child.process.poll() is None:
                return child
            self._drop(child)
        child = _Child(self.soundfont)
        self._children.append(child)
        try:
            await self._within(_START_S, child, child.wait_until_ready)
        except (TimeoutError, EOFError, OSError):
            raise RendererFault("The renderer does not start. Run “tunesmith doctor” to see what is missing.") from None
        if self._closed:
            raise RendererFault("The renderer is closed.")
        return child

    async def _within(self, seconds: float, child: _Child, call: Callable[[], T]) -> T:
        """Waits for a blocking call to the child; kills the child when it fails, takes too long or nobody waits any more."""
        try:
            async with asyncio.timeout(seconds):  # not wait_for, which in Python 3.11 can swallow a cancellation
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except BaseException:
            self._drop(child)
            raise

    def _drop(self, child: _Child) -> None:
        child.kill()
        if child in self._children:
            self._children.remove(child)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Child:
    """One process and its pipes; its methods block, and end with EOFError or OSError when the process is killed."""

    def __init__(self, soundfont: Path | None) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True)
        home = os.path.realpath(self.folder.name)
        arguments = [home] + ([str(soundfont.expanduser().absolute())] if soundfont else [])
        # A session of its own keeps the terminal's signals away, and lets FluidSynth be killed with the child.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "generator.rendering.renderer_process", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home, env=_environment(home), start_new_session=True,
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


def _environment(home: str) -> dict[str, str]:
    """The child's own: whatever a library keeps or looks up goes to its folder, and none starts threads before its walls."""
    places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"), home)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | places | threads | {"PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"}
