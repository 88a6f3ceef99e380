"""The process that renders: `python -m generator.rendering.renderer_process FOLDER [SOUNDFONT]`, started by `process.Renderer`.

It takes pickled pairs of a score and a style on its standard input and answers on its standard output, see `frames`. What a
tune can take is bounded; on Linux it can, from the first tune on, write in FOLDER alone, and read what programs are made of and
the sound font (see `walls`).
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import queue
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO

from generator.rendering.pipe_protocol import READY, receive, send, send_outcome
from generator.rendering.result import Rendering, RenderingError
from generator.rendering.sandbox import enter_sandbox
from generator.user_messages import UserMessage

MEMORY = 1 << 30  # bytes of data
FILE_SIZE = 128 << 20  # bytes; where FluidSynth's program writes a file, 180 s of sound take 64 MB
OPEN_FILES = 64
CPU_S = 60  # for one tune


def main() -> None:
    folder, *rest = sys.argv[1:]
    soundfont = Path(rest[0]) if rest else None
    # Ctrl-C in a terminal reaches every process in it: stopping is the parent's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    tempfile.tempdir = folder
    answers = _own_output()
    limit_memory_and_files()
    from generator.rendering.audio.synthesis import load_fluidsynth
    from generator.rendering.render import render  # a second or two of imports, under the limits

    load_fluidsynth()  # found by running the system's linker
    gc.collect()
    gc.freeze()  # the libraries' objects stay: looking through them again and again takes longer than a sheet
    # Before there is a second thread, which would stay outside; after the imports, which may keep what they compiled.
    enter_sandbox(Path(folder), [Path(__file__).parents[1], *([soundfont] if soundfont else [])])
    tunes: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tunes, folder), daemon=True).start()
    send(answers, READY)
    while True:
        tune = tunes.get()
        limit_cpu()
        outcome: Rendering | RenderingError
        try:
            score, style = pickle.loads(tune)
            outcome = render(score, style=style, soundfont=soundfont)
        except RenderingError as error:
            outcome = error
        except MemoryError:
            outcome = RenderingError(UserMessage("The tune takes too much memory to render. Shorten it."))
        except Exception as error:  # a library's failure on a strange tune must not cost the process
            print(f"rendering failed: {type(error).__name__}: {error}", file=sys.stderr)
            outcome = RenderingError(UserMessage("The tune could not be rendered. Simplify it, or tell whoever runs the bot."))
        send_outcome(answers, outcome)


def _own_output() -> BinaryIO:
    """Standard output for answers alone: what a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _listen(tunes: queue.SimpleQueue[bytes], folder: str) -> None:
    """Hands on what comes in, even while a tune is being rendered: the end of the input means that the parent is gone."""
    try:
        while True:
            tunes.put(receive(sys.stdin.buffer))
    except (EOFError, OSError):
        shutil.rmtree(folder, ignore_errors=True)  # what is in it: the folder itself, empty, is outside the walls
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # FluidSynth as well
        os._exit(0)


def limit_memory_and_files() -> None:
    """Bounds what a tune can take, where the platform knows such bounds."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _lower(resource.RLIMIT_DATA, MEMORY)
    _lower(resource.RLIMIT_FSIZE, FILE_SIZE)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def limit_cpu() -> None:
    """Bounds the processor time of the next tune: what was used already, and CPU_S."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_S)


def _lower(limit: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses some of them
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


if __name__ == "__main__":
    main()
