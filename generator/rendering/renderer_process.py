"""The renderer process: `python -m generator.rendering.renderer_process CPU_S FOLDER [SOUNDFONT]`. `renderer.Renderer` starts it.

It reads pickled pairs of a score and a style from standard input. It writes the
outcomes to standard output (see `pipe_protocol`): a recording in that style, or the sheet if the style is None. Memory, files and
processor time are limited. On Linux it enters a sandbox before the first tune: it can write only in FOLDER, and read only
programs, libraries and the sound font (see `sandbox`).
"""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import math
import os
import pickle
import queue
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO, NoReturn

from generator.rendering.pipe_protocol import READY, Outcome, receive, send, send_outcome
from generator.rendering.result import NoRoomToRender, RenderingError
from generator.rendering.sandbox import enter_sandbox
from generator.user_messages import UserMessage

MEMORY = 1 << 30  # bytes of data
FILE_SIZE = 128 << 20  # bytes; if the FluidSynth program writes a file, 180 s of sound take 64 MB
OPEN_FILES = 64
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    cpu_s, folder, *rest = sys.argv[1:]
    soundfont = Path(rest[0]) if rest else None
    # Ctrl-C in a terminal reaches all its processes, but only the parent decides when this one stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    tempfile.tempdir = folder
    output = _private_output()
    limit_memory_and_files()
    from generator.rendering.audio.synthesis import load_fluidsynth
    from generator.rendering.render import draw, play  # the imports take a second or two, and happen under the limits

    load_fluidsynth()  # before the sandbox: ctypes may run the system's linker to find it
    gc.collect()
    gc.freeze()  # the libraries' objects stay; without this each collection takes longer than engraving a sheet
    # After the imports, which may write compiled files; before the second thread, which would stay outside the sandbox.
    enter_sandbox(Path(folder), [Path(__file__).parents[1], *([soundfont] if soundfont else [])])
    tunes: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_tunes, args=(tunes, folder), daemon=True).start()
    try:
        send(output, READY)
        while True:
            tune = tunes.get()
            limit_cpu(int(cpu_s))
            outcome: Outcome
            try:
                score, style = pickle.loads(tune)
                outcome = draw(score) if style is None else play(score, style=style, soundfont=soundfont)
            except RenderingError as error:
                outcome = error
            except MemoryError:
                outcome = RenderingError(UserMessage("The tune takes too much memory to render. Shorten it."))
            except Exception as error:  # the process outlives a library's failure on a strange tune
                print(f"rendering failed: {type(error).__name__}: {error}", file=sys.stderr)
                outcome = RenderingError(UserMessage("The tune could not be rendered. Simplify it, or tell the bot's operator."))
                if isinstance(error, OSError) and error.errno in NO_ROOM:
                    outcome = NoRoomToRender("There is no room for temporary files.")
            send_outcome(output, outcome)
    except BrokenPipeError:  # the parent has ended, and this thread notices it before the one that reads standard input
        _end(folder)


def _private_output() -> BinaryIO:
    """Standard output, for outcomes only: what libraries print goes to standard error from now on."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return output


def _read_tunes(tunes: queue.SimpleQueue[bytes], folder: str) -> None:
    """Reads standard input even while a tune is being rendered: its end means that the parent has ended."""
    # Not sys.stdin.buffer: a blocked read holds its lock, and an interpreter that exits meanwhile aborts with a fatal error.
    standard_input = io.FileIO(0, closefd=False)
    try:
        while True:
            tunes.put(receive(standard_input))
    except (EOFError, OSError):
        _end(folder)


def _end(folder: str) -> NoReturn:
    """Empties the folder and ends this process and FluidSynth. Called when the parent has ended."""
    shutil.rmtree(folder, ignore_errors=True)  # only its contents: the sandbox does not let it remove the folder itself
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # FluidSynth too
    os._exit(0)


def limit_memory_and_files() -> None:
    """Limits memory and files, if the platform supports it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _lower(resource.RLIMIT_DATA, MEMORY)
    _lower(resource.RLIMIT_FSIZE, FILE_SIZE)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def limit_cpu(seconds: int) -> None:
    """Limits the processor time for the next tune. The system kills this process, with SIGXCPU, when it is used up."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)


def _lower(limit: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses some limits
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


if __name__ == "__main__":
    main()
