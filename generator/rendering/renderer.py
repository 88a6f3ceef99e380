"""Renders in separate processes, so that a tune that is slow, uses up memory or crashes does no harm to the worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from generator.cores import cores
from generator.notation.score import Score
from generator.rendering.audio.sound_font import find_soundfont
from generator.rendering.pipe_protocol import READY, Outcome, receive, receive_outcome, send
from generator.rendering.result import Recording, RendererFault, Rendering, RenderingError, Sheet
from generator.rendering.style import SESSION, Style
from generator.user_messages import UserMessage

T = TypeVar("T")
Part = TypeVar("Part", Sheet, Recording)

CPU_S = 30  # for one part of a tune, the sheet or the recording
# By the clock: for a process that waits instead of working. Ten times as long, since a busy machine gives it a part of a core.
TIMEOUT_S = 10 * CPU_S
_START_TIMEOUT_S = 60
_ROOT = Path(__file__).parents[2]
# The only variables that a renderer process inherits: others hold passwords and tokens.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


class Renderer:
    """Renders scores in sandboxed renderer processes with limits on memory, files and time: by default one for each core.

    What counts is processor time, `cpu_s`, so that a tune that is allowed on an idle machine is allowed on a busy one.
    `timeout_s`, by the clock, is far longer; it is the only limit on Windows.

    The sheet and the recording of a tune are made by two processes at the same time, if two are free.

    A renderer process is a fresh interpreter, never a fork: this process holds TensorFlow and its threads. It starts when a
    tune finds no idle one, loads music21 once, and is replaced when it dies. It ends with `close`, or when this process ends.
    """

    def __init__(
        self, *, soundfont: Path | None, cpu_s: int = CPU_S, timeout_s: float = TIMEOUT_S, processes: int | None = None
    ) -> None:
        self.soundfont = soundfont
        self.cpu_s, self.timeout_s = cpu_s, timeout_s
        self.processes = processes or cores()
        self._running: list[_RendererProcess] = []
        self._idle: list[_RendererProcess] = []  # those of `_running` that wait for a tune; the last one is used first
        self._slots = asyncio.Semaphore(self.processes)
        self._threads = ThreadPoolExecutor(max_workers=self.processes, thread_name_prefix="renderer")
        self._closed = False
        self._starting: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the oldest renderer process, if there is one."""
        return self._running[0].popen.pid if self._running else None

    async def start(self) -> None:
        """Starts a renderer process in advance, which saves the first tune a second or two, and then another one meanwhile."""
        async with self._slots:
            self._idle.append(await self._take_process(Recording))
        self._starting = asyncio.create_task(self._start_second())

    async def _start_second(self) -> None:
        async with self._slots:
            if len(self._running) == 1 < self.processes:
                with contextlib.suppress(RendererFault):  # a tune that finds no process starts one
                    self._idle.append(await self._start_process(Sheet))

    async def render(self, score: Score, style: Style = SESSION) -> Rendering:
        """Renders one tune.

        Raises RenderingError if the tune cannot be rendered, or if a part of it takes longer than `cpu_s` or `timeout_s`, or
        crashes two renderer processes.
        """
        sheet, recording = asyncio.create_task(self.draw(score)), asyncio.create_task(self.play(score, style))
        try:
            await asyncio.wait((sheet, recording))  # also after an error: to cancel the other part would kill its process
        finally:
            for part in (sheet, recording):
                part.cancel()
        errors = [error for part in (sheet, recording) if (error := part.exception())]
        if errors:
            raise next((error for error in errors if isinstance(error, RendererFault)), errors[0])
        return Rendering.of(sheet.result(), recording.result())

    async def draw(self, score: Score) -> Sheet:
        """The sheet of a tune. Raises RenderingError as `render`."""
        return await self._make(Sheet, pickle.dumps((score, None)))

    async def play(self, score: Score, style: Style = SESSION) -> Recording:
        """The recording of a tune. Raises RenderingError as `render`."""
        return await self._make(Recording, pickle.dumps((score, style)))

    async def _make(self, kind: type[Part], tune: bytes) -> Part:
        async with self._slots:
            for _ in range(2):
                process = await self._take_process(kind)
                try:
                    outcome = await self._run_with_timeout(self.timeout_s, process, partial(process.render, tune))
                except TimeoutError:
                    raise _too_slow(self.timeout_s) from None
                except (EOFError, OSError, ValueError, KeyError):  # it died, was closed, or sent nonsense
                    if process.used_up_its_time:
                        raise _too_slow(self.cpu_s) from None
                    continue
                if not isinstance(outcome, kind | RenderingError):  # taken over
                    self._kill(process)
                    continue
                self._idle.append(process)
                if isinstance(outcome, RenderingError):
                    raise outcome
                return outcome
        raise RenderingError(UserMessage("The tune crashed the renderer twice. Shorten or simplify it."))

    def close(self) -> None:
        """Kills the renderer processes. Tunes that are being rendered fail with RenderingError."""
        self._closed = True
        if self._starting is not None:
            self._starting.cancel()
        while self._running:
            self._kill(self._running[0])
        self._threads.shutdown(wait=False)

    async def _take_process(self, kind: type[Sheet | Recording]) -> _RendererProcess:
        """An idle renderer process, or a new one. The caller puts it back into `_idle`.

        One that made the same kind last is preferred: it has loaded the sound font, or the fonts.
        """
        if self._closed:
            raise RendererFault("The renderer is closed.")
        while self._idle:
            process = next((each for each in reversed(self._idle) if each.kind is kind), self._idle[-1])
            self._idle.remove(process)
            process.kind = kind
            if process.popen.poll() is None:
                return process
            self._kill(process)
        return await self._start_process(kind)

    async def _start_process(self, kind: type[Sheet | Recording]) -> _RendererProcess:
        process = _RendererProcess(self.soundfont, kind, self.cpu_s)
        self._running.append(process)
        try:
            await self._run_with_timeout(_START_TIMEOUT_S, process, process.wait_until_ready)
        except (TimeoutError, EOFError, OSError):
            raise RendererFault("The renderer does not start. Run “tunesmith doctor” to see what is missing.") from None
        if self._closed:
            raise RendererFault("The renderer is closed.")
        return process

    async def _run_with_timeout(self, seconds: float, process: _RendererProcess, call: Callable[[], T]) -> T:
        """Runs a blocking call to the process in a thread. Kills the process if the call fails, times out or is cancelled."""
        try:
            async with asyncio.timeout(seconds):  # not wait_for, which in Python 3.11 can swallow a cancellation
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except BaseException:
            self._kill(process)
            raise

    def _kill(self, process: _RendererProcess) -> None:
        process.kill()
        if process in self._running:
            self._running.remove(process)


@contextlib.contextmanager
def in_sandbox(soundfont: Path | None) -> Iterator[Callable[..., Rendering]]:
    """Yields a function that renders a score, perhaps in a style, for callers without an event loop. It raises RenderingError."""
    with asyncio.Runner() as runner, contextlib.ExitStack() as stack:

        @cache
        def renderer() -> Renderer:
            return stack.enter_context(contextlib.closing(Renderer(soundfont=find_soundfont(soundfont), processes=2)))

        yield lambda score, style=SESSION: runner.run(renderer().render(score, style))


class _RendererProcess:
    """One renderer process and its pipes. Its methods block; they raise EOFError or OSError when the process is killed."""

    def __init__(self, soundfont: Path | None, kind: type[Sheet | Recording] = Recording, cpu_s: int = CPU_S) -> None:
        self.kind = kind  # what it makes, or made last
        self.folder = tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True)
        home = os.path.realpath(self.folder.name)
        arguments = [str(cpu_s), home] + ([str(soundfont.expanduser().absolute())] if soundfont else [])
        # In a session of its own it gets no signals from the terminal, and FluidSynth can be killed together with it.
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "generator.rendering.renderer_process", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home, env=_environment(home), start_new_session=True,
        )  # fmt: skip
        assert self.popen.stdin and self.popen.stdout
        self.input, self.output = self.popen.stdin, self.popen.stdout

    def wait_until_ready(self) -> None:
        if receive(self.output) != READY:
            raise EOFError

    def render(self, tune: bytes) -> Outcome:
        send(self.input, tune)
        return receive_outcome(self.output)

    @property
    def used_up_its_time(self) -> bool:
        """Whether the system ended it for that. Known after `kill`."""
        return hasattr(signal, "SIGXCPU") and self.popen.returncode == -signal.SIGXCPU

    def kill(self) -> None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.kill()
        self.popen.wait()
        for pipe in (self.input, self.output):
            with contextlib.suppress(OSError):  # part of a tune was not sent yet
                pipe.close()
        self.folder.cleanup()


def _too_slow(seconds: float) -> RenderingError:
    return RenderingError(UserMessage("The tune took longer than {seconds} s to render. Shorten it.", seconds=f"{seconds:g}"))


def _environment(home: str) -> dict[str, str]:
    """The environment of a renderer process: libraries keep their files in its folder and start no threads before the sandbox."""
    folders = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"), home)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | folders | threads | {"PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"}
