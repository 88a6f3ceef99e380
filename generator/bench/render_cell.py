"""One measurement of a rendering pipeline in a process of its own, which bench.rendering starts.

Run as `python -m generator.bench.render_cell JSON`. Writes a line of JSON when it is warm and one with the result.
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

from generator.bench.processes import report

WARM_UP = 3  # tunes
WATCHED = 5  # tunes during which the memory of programs is measured
SAMPLE_S = 0.005


@dataclass(frozen=True, slots=True)
class RenderCell:
    """What to measure: one cell of the table."""

    contender: str
    tunes: str  # path of a JSON file, see bench.tunes
    selection: str
    soundfont: str
    core: int | None  # the core that everything runs on; None: any


def measure(cell: RenderCell) -> dict[str, Any]:
    """Milliseconds of each step for every tune, the errors of tunes that fail, and memory in MB."""
    from generator.bench.pipelines import PIPELINES

    tunes = [tune["abc"] for tune in json.loads(Path(cell.tunes).read_text(encoding="utf-8"))[cell.selection]]
    times: list[dict[str, float]] = []
    errors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        pipeline = PIPELINES[cell.contender](Path(cell.soundfont), Path(folder))
        for abc in tunes[:WARM_UP]:
            with suppress(Exception):
                pipeline(abc)
        report(ready=True)
        for abc in tunes:
            try:
                times.append(pipeline(abc))
            except Exception as error:  # music21 does not read every tune
                errors.append(f"{type(error).__name__}: {error}".splitlines()[0])
        own = _peak_mb()
        with _Programs() as programs:
            for abc in tunes[:WATCHED]:
                with suppress(Exception):
                    pipeline(abc)
    steps = {step: [round(each[step], 2) for each in times] for step in (times[0] if times else {})}
    return {"steps": steps, "failed": errors, "memory_mb": own, "programs_mb": programs.peak_mb}


def _peak_mb() -> int:
    """The most memory that this process has used so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)


class _Programs:
    """Measures the memory of the programs that this process starts, every SAMPLE_S seconds."""

    def __init__(self) -> None:
        self.peak_mb = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._ended.wait(SAMPLE_S):
            total = 0
            for program in this.children(recursive=True):
                with suppress(psutil.Error):
                    total += program.memory_info().rss
            self.peak_mb = max(self.peak_mb, round(total / 1e6))

    def __enter__(self) -> _Programs:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def _reserve_output() -> None:
    """Reserves standard output for results: what libraries and programs print goes to standard error."""
    results = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(results, "w", encoding="utf-8")


def main() -> None:
    cell = RenderCell(**json.loads(sys.argv[1]))
    if cell.core is not None:
        os.sched_setaffinity(0, {cell.core})  # before anything starts a thread or a program: they inherit it
    _reserve_output()
    try:
        report(**measure(cell))
    except Exception as error:  # whatever a library raises, the parent process shows it
        report(error=f"{type(error).__name__}: {error}".splitlines()[0])


if __name__ == "__main__":
    main()
