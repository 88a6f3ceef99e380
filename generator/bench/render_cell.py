"""One way of rendering in a process of its own: `python -m generator.bench.render_cell CELL`, which bench.rendering starts.

Writes a line of JSON when it is warm, and one with what was measured.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from generator.bench.processes import echo

WARM_UP = 3  # tunes
WATCHED = 5  # tunes, for the memory of programs
SAMPLE_S = 0.005


@dataclass(frozen=True, slots=True)
class RenderCell:
    way: str
    tunes: str  # a file of JSON, see bench.tunes
    selection: str
    soundfont: str
    core: int | None  # that everything runs on; None leaves it to the system


def measure(cell: RenderCell) -> dict[str, Any]:
    """Milliseconds of each step for every tune, those that could not be made, and memory in MB."""
    from generator.bench.ways import WAYS

    tunes = [tune["abc"] for tune in json.loads(Path(cell.tunes).read_text(encoding="utf-8"))[cell.selection]]
    times: list[dict[str, float]] = []
    errors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        way = WAYS[cell.way](Path(cell.soundfont), Path(folder))
        for abc in tunes[:WARM_UP]:
            with suppress(Exception):
                way(abc)
        echo(ready=True)
        for abc in tunes:
            try:
                times.append(way(abc))
            except Exception as error:  # music21 does not read every tune
                errors.append(f"{type(error).__name__}: {error}".splitlines()[0])
        own = _peak_mb()
        with _Programs() as programs:
            for abc in tunes[:WATCHED]:
                with suppress(Exception):
                    way(abc)
    steps = {step: [round(each[step], 2) for each in times] for step in (times[0] if times else {})}
    return {"steps": steps, "failed": errors, "memory_mb": own, "programs_mb": programs.peak_mb}


def _peak_mb() -> int:
    """The most that this process ever held."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)


class _Programs:
    """Watches how much memory the programs hold that this process starts: it looks 200 times a second, for seconds."""

    def __init__(self) -> None:
        self.peak_mb = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._over.wait(SAMPLE_S):
            held = 0
            for program in this.children(recursive=True):
                with suppress(psutil.Error):
                    held += program.memory_info().rss
            self.peak_mb = max(self.peak_mb, round(held / 1e6))

    def __enter__(self) -> _Programs:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def _own_output() -> None:
    """Standard output for what is measured alone: what libraries and programs print goes to standard error."""
    told = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(told, "w", encoding="utf-8")


def main() -> None:
    cell = RenderCell(**json.loads(sys.argv[1]))
    if cell.core is not None:
        os.sched_setaffinity(0, {cell.core})  # before anything starts a thread or a program, which inherit it
    _own_output()
    try:
        echo(**measure(cell))
    except Exception as error:  # whatever a library raises: the parent shows it
        echo(error=f"{type(error).__name__}: {error}".splitlines()[0])


if __name__ == "__main__":
    main()
