"""`tunesmith bench render`: compares our renderer, its steps and the whole, with the MIT lab's pipeline and music21's.

Each pipeline runs in a process of its own, warm, and pinned with its threads and programs to one core. All render the same
tunes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generator.bench import processes
from generator.bench.pipelines import MELODY_ONLY, WHOLE
from generator.bench.render_cell import RenderCell
from generator.bench.tunes import MIXED, NEAR
from generator.rendering.audio.sound_font import find_fluidsynth, find_soundfont

OURS = "ours"
START_TIMEOUT_S, TUNE_TIMEOUT_S = 120, 20  # for a process to load; for each tune
PACKAGES = ("music21", "verovio", "svg2png-py", "midi2audio", "lameenc", "numpy")


@dataclass(frozen=True, slots=True)
class Contender:
    """What is measured: one of pipelines.PIPELINES."""

    title: str
    programs: tuple[str, ...]  # that must be installed
    install: str  # how to install them
    sums: dict[str, tuple[str, ...]]  # sums of steps to compare


CONTENDERS = {
    OURS: Contender("Tunesmith", (), "", {"to the sound": ("limits, arrangement, MIDI", "synthesis")}),
    "lab": Contender(
        "The lab: abc2midi, TiMidity++",
        ("abc2midi", "timidity"),
        "“apt install abcmidi timidity” or “brew install abcmidi timidity”",
        {"to the sound": ("abc2midi", "TiMidity++"), WHOLE: ("abc2midi", "TiMidity++", "MP3")},
    ),
    "music21": Contender(
        "music21 and midi2audio, defaults",
        (),
        "",
        {
            "to the sound": ("reading", "MIDI", "synthesis"),
            WHOLE: ("reading", "MIDI", "synthesis", "MusicXML", "MP3"),
        },
    ),
}


def bench(*, tunes: int, only: Sequence[str], soundfont: Path | None, echo: Callable[[str], None]) -> dict[str, Any]:
    """Measures the contenders in `only`, by default all. echo: prints a line for each result.

    Raises RendererFault if this machine cannot render, RuntimeError if it cannot compose.
    """
    find_fluidsynth()
    font = find_soundfont(soundfont)
    chosen = {name: contender for name, contender in CONTENDERS.items() if name in (only or CONTENDERS)}
    missing = {name: [program for program in each.programs if not shutil.which(program)] for name, each in chosen.items()}
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    results: dict[str, Any] = {
        "tunes": tunes,
        "machine": processes.machine(PACKAGES),
        "core": core,
        "soundfont": font.name,
        "not_installed": {name: programs for name, programs in missing.items() if programs},
        "playing_s": {},
        "cells": [],
    }
    timeout_s = START_TIMEOUT_S + TUNE_TIMEOUT_S * tunes
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        file = Path(folder, "tunes.json")
        composed = processes.run("generator.bench.tunes", {"count": tunes}, timeout_s=timeout_s, result_key="tunes")
        if "error" in composed:
            raise RuntimeError(f"The tunes to render could not be composed: {composed['error']}")
        file.write_text(json.dumps(composed["tunes"]), encoding="utf-8")
        for selection, selected_tunes in composed["tunes"].items():
            results["playing_s"][selection] = _summary([tune["playing_s"] for tune in selected_tunes], 1)
        echo(f"{tunes} tunes composed, {' and as many of '.join(composed['tunes'])}")
        for selection in composed["tunes"]:
            for name, contender in chosen.items():
                if missing[name]:
                    continue
                cell = RenderCell(name, str(file), selection, str(font), core)
                measured = processes.run("generator.bench.render_cell", asdict(cell), timeout_s=timeout_s, result_key="steps")
                result = {"contender": name, "selection": selection} | _summed(contender, measured)
                results["cells"].append(result)
                whole = result.get("steps", {}).get(WHOLE)
                speed = f"{whole['p50']:,.0f} ms" if whole else result.get("error", "failed for all tunes")
                echo(f"{selection}, {contender.title}: {speed}")
    results["comparison"] = {selection: _compare(results, selection) for selection in (NEAR, MIXED)}
    return results


def _summed(contender: Contender, measured: dict[str, Any]) -> dict[str, Any]:
    """A result with the quantiles of each step's times, and with the sums of steps."""
    steps = measured.pop("steps", {})
    if steps:
        for name, parts in contender.sums.items():
            steps[name] = [sum(times) for times in zip(*(steps[part] for part in parts), strict=True)]
        steps[WHOLE] = steps.pop(WHOLE)  # last
    return measured | {"steps": {name: _summary(times) for name, times in steps.items()}}


def _summary(values: Sequence[float], digits: int = 2) -> dict[str, float]:
    quantiles = {"p50": np.quantile(values, 0.5), "p95": np.quantile(values, 0.95), "longest": max(values)}
    return {name: round(float(value), digits) for name, value in quantiles.items()}


def _compare(results: dict[str, Any], selection: str) -> dict[str, float]:
    """The others' times as multiples of ours."""
    ours = _cell(results, OURS, selection)
    times: dict[str, float] = {}
    for name in CONTENDERS if ours else ():
        other = _cell(results, name, selection)
        if ours and other and name != OURS:
            mine, theirs = ours["steps"], other["steps"]
            times[f"{name}, whole, against ours"] = round(theirs[WHOLE]["p50"] / mine[WHOLE]["p50"], 2)
            times[f"{name}, to the sound, against our melody only"] = round(
                theirs["to the sound"]["p50"] / mine[MELODY_ONLY]["p50"], 2
            )
            times[f"{name}, to the sound, against ours with backing"] = round(
                theirs["to the sound"]["p50"] / mine["to the sound"]["p50"], 2
            )
    return times


def _cell(results: dict[str, Any], name: str, selection: str) -> dict[str, Any] | None:
    for cell in results["cells"]:
        if (cell["contender"], cell["selection"]) == (name, selection) and cell["steps"]:
            found: dict[str, Any] = cell
            return found
    return None


def table(results: dict[str, Any]) -> str:
    """The results as text."""
    machine = results["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['busy_percent']:.0f} % busy before; "
        + ("one core" if results["core"] is not None else "not pinned to a core: this system cannot")
        + f", warm; {results['soundfont']}",
        ", ".join(f"{name} {number}" for name, number in machine["versions"].items()),
    ]
    for selection, playing in results["playing_s"].items():
        lines += [
            "",
            f"{results['tunes']} tunes, {selection} (p50 {playing['p50']:.0f} s, longest {playing['longest']:.0f} s): ms",
        ]
        lines.append(f"{'':<38}{'p50':>9}{'p95':>9}{'longest':>9}")
        for name, contender in CONTENDERS.items():
            cell = _cell(results, name, selection)
            if cell:
                lines += _rows(contender, cell)
            elif name in results["not_installed"]:
                programs = " and ".join(results["not_installed"][name])
                lines.append(f"{contender.title}: skipped, {programs} not found. Run {contender.install}.")
        lines += [f"  {what}: {times:.2f} × as long" for what, times in results["comparison"][selection].items()]
    lines += [f"{CONTENDERS[cell['contender']].title} failed: {cell['error']}" for cell in results["cells"] if "error" in cell]
    return "\n".join(lines)


def _rows(contender: Contender, cell: dict[str, Any]) -> Iterator[str]:
    memory = f"{cell['memory_mb']} MB" + (f", its programs {cell['programs_mb']} MB" if cell["programs_mb"] else "")
    yield f"{contender.title} ({memory})"
    for step, times in cell["steps"].items():
        yield f"  {step:<36}{times['p50']:>9,.1f}{times['p95']:>9,.1f}{times['longest']:>9,.1f}"
    if cell["failed"]:
        yield f"  {len(cell['failed'])} failed, the first with: {cell['failed'][0]}"
