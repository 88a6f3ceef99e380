"""How a renderer process ends: without a traceback or a fatal error in the worker's log."""

from __future__ import annotations

import pickle
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from generator.notation.reader import read
from generator.rendering.pipe_protocol import send
from generator.rendering.renderer import _RendererProcess
from generator.rendering.style import SESSION
from tests.patience import HANG_S

NO_NOTES = pickle.dumps((read("X:1\nM:4/4\nK:C\nz8|\n"), SESSION))  # fails at once, with an outcome


class Exit:
    """Ends the interpreter of the process that unpickles it."""

    def __reduce__(self) -> Any:
        return sys.exit, (3,)


@contextmanager
def renderer_process() -> Iterator[_RendererProcess]:
    process = _RendererProcess(soundfont=None)
    try:
        process.wait_until_ready()
        yield process
    finally:
        process.kill()


def test_a_process_whose_parent_no_longer_reads_outcomes_ends_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    """When the worker is killed, a renderer process may fail to write an outcome before it sees the end of standard input."""
    with renderer_process() as process:
        process.output.close()
        send(process.input, NO_NOTES)
        assert process.popen.wait(HANG_S) in (0, -signal.SIGKILL)
        assert list(Path(process.folder.name).iterdir()) == []
    assert capfd.readouterr().err == ""


def test_the_interpreter_exits_while_a_thread_reads_standard_input(capfd: pytest.CaptureFixture[str]) -> None:
    with renderer_process() as process:
        send(process.input, pickle.dumps(Exit()))
        assert process.popen.wait(HANG_S) == 3
    assert capfd.readouterr().err == ""
