"""`tunesmith bench render`: parts and whole of our renderer beside the lab's way and music21's, on one core, in one run.

Each way is a process of its own, pinned with its threads and programs to one core, warm; all get the same tunes.
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
from generator.bench.render_cell import RenderCell
from generator.bench.tunes import MIXED, NEAR
from generator.bench.ways import ALONE, WHOLE
from generator.rendering.audio.sound_font import find_fluidsynth, find_soundfont

OURS = "ours"
PATIENCE_S, PATIENCE_A_TUNE_S = 120, 20  # for a process to load; for a tune
PACKAGES = ("music21", "verovio", "resvg-py", "midi2audio", "lameenc", "numpy")


@dataclass(frozen=True, slots=True)
class Contender:
    title: str
    programs: tuple[str, ...]
    remedy: str  # where a program is missing
    sums: dict[str, tuple[str, ...]]  # of steps, to compare with


CONTENDERS = {
    OURS: Contender("Tunesmith", (), "", {"to the sound": ("limits, arrangement, MIDI", "synthesis")}),
    "lab": Contender(
        "The lab: abc2midi, TiMidity++",
        ("abc2midi", "timidity"),
        "“apt install abcmidi timidity” or “brew install abcmidi timidity”",
        {"to the sound": ("abc2midi", "TiMidity++"), WHOLE: ("abc2midi", "TiMidity++", "MP3")},
    ),
    "music21": Contender(
        "music21 and midi2audio as they come",
        (),
        "",
        {
            "to the sound": ("reading", "MIDI", "synthesis"),
            WHOLE: ("reading", "MIDI", "synthesis", "MusicXML", "MP3"),
        },
    ),
}


def bench(*, tunes: int, only: Sequence[str], soundfont: Path | None, echo: Callable[[str], None]) -> dict[str, Any]:
    """Measures the contenders in `only`, all without it; `say` hears of each as it is done.

    Raises RendererFault where this machine cannot render, RuntimeError where it cannot compose.
    """
    find_fluidsynth()
    font = find_soundfont(soundfont)
    chosen = {name: contender for name, contender in CONTENDERS.items() if name in (only or CONTENDERS)}
    missing = {name: [program for program in it.programs if not shutil.which(program)] for name, it in chosen.items()}
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    found: dict[str, Any] = {
        "tunes": tunes,
        "machine": processes.machine(PACKAGES),
        "core": core,
        "soundfont": font.name,
        "not_installed": {name: programs for name, programs in missing.items() if programs},
        "playing_s": {},
        "cells": [],
    }
    patience_s = PATIENCE_S + PATIENCE_A_TUNE_S * tunes
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        file = Path(folder, "tunes.json")
        composed = processes.run("generator.bench.tunes", {"count": tunes}, patience_s=patience_s, wanted="tunes")
        if "error" in composed:
            raise RuntimeError(f"The tunes to render could not be composed: {composed['error']}")
        file.write_text(json.dumps(composed["tunes"]), encoding="utf-8")
        for selection, made in composed["tunes"].items():
            found["playing_s"][selection] = _summary([tune["playing_s"] for tune in made], 1)
        echo(f"{tunes} tunes composed, {' and as many of '.join(composed['tunes'])}")
        for selection in composed["tunes"]:
            for name, contender in chosen.items():
                if missing[name]:
                    continue
                cell = RenderCell(name, str(file), selection, str(font), core)
                told = processes.run("generator.bench.render_cell", asdict(cell), patience_s=patience_s, wanted="steps")
                result = {"way": name, "selection": selection} | _summed(contender, told)
                found["cells"].append(result)
                whole = result.get("steps", {}).get(WHOLE)
                speed = f"{whole['p50']:,.0f} ms" if whole else result.get("error", "made none of them")
                echo(f"{selection}, {contender.title}: {speed}")
    found["comparison"] = {selection: _compare(found, selection) for selection in (NEAR, MIXED)}
    return found


def _summed(contender: Contender, told: dict[str, Any]) -> dict[str, Any]:
    """What a process told, each step's times as their quantiles, with the sums of steps."""
    steps = told.pop("steps", {})
    if steps:
        for name, parts in contender.sums.items():
            steps[name] = [sum(times) for times in zip(*(steps[part] for part in parts), strict=True)]
        steps[WHOLE] = steps.pop(WHOLE)  # last
    return told | {"steps": {name: _summary(times) for name, times in steps.items()}}


def _summary(values: Sequence[float], digits: int = 2) -> dict[str, float]:
    quantiles = {"p50": np.quantile(values, 0.5), "p95": np.quantile(values, 0.95), "longest": max(values)}
    return {name: round(float(value), digits) for name, value in quantiles.items()}


def _compare(found: dict[str, Any], selection: str) -> dict[str, float]:
    """How many times as long the others take as we do."""
    ours = _cell(found, OURS, selection)
    times: dict[str, float] = {}
    for name in CONTENDERS if ours else ():
        other = _cell(found, name, selection)
        if ours and other and name != OURS:
            mine, theirs = ours["steps"], other["steps"]
            times[f"{name}'s whole beside ours"] = round(theirs[WHOLE]["p50"] / mine[WHOLE]["p50"], 2)
            times[f"{name}'s way to the sound beside our melody alone"] = round(
                theirs["to the sound"]["p50"] / mine[ALONE]["p50"], 2
            )
            times[f"{name}'s way to the sound beside ours with backing"] = round(
                theirs["to the sound"]["p50"] / mine["to the sound"]["p50"], 2
            )
    return times


def _cell(found: dict[str, Any], name: str, selection: str) -> dict[str, Any] | None:
    for cell in found["cells"]:
        if (cell["way"], cell["selection"]) == (name, selection) and cell["steps"]:
            measured: dict[str, Any] = cell
            return measured
    return None


def table(found: dict[str, Any]) -> str:
    """What was measured, as text."""
    machine = found["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['busy_percent']:.0f} % busy before; "
        + ("one core" if found["core"] is not None else "not pinned to a core, which this system does not do")
        + f", warm; {found['soundfont']}",
        ", ".join(f"{name} {number}" for name, number in machine["versions"].items()),
    ]
    for selection, playing in found["playing_s"].items():
        lines += ["", f"{found['tunes']} tunes, {selection} (p50 {playing['p50']:.0f} s, longest {playing['longest']:.0f} s): ms"]
        lines.append(f"{'':<38}{'p50':>9}{'p95':>9}{'longest':>9}")
        for name, contender in CONTENDERS.items():
            cell = _cell(found, name, selection)
            if cell:
                lines += _rows(contender, cell)
            elif name in found["not_installed"]:
                programs = " and ".join(found["not_installed"][name])
                lines.append(f"{contender.title}: left out, for {programs} cannot be found. Run {contender.remedy}.")
        lines += [f"  {what}: {times:.2f} × as long" for what, times in found["comparison"][selection].items()]
    lines += [f"{CONTENDERS[cell['way']].title} failed: {cell['error']}" for cell in found["cells"] if "error" in cell]
    return "\n".join(lines)


def _rows(contender: Contender, cell: dict[str, Any]) -> Iterator[str]:
    memory = f"{cell['memory_mb']} MB" + (f", its programs {cell['programs_mb']} MB" if cell["programs_mb"] else "")
    yield f"{contender.title} ({memory})"
    for step, times in cell["steps"].items():
        yield f"  {step:<36}{times['p50']:>9,.1f}{times['p95']:>9,.1f}{times['longest']:>9,.1f}"
    if cell["failed"]:
        yield f"  {len(cell['failed'])} not made, such as: {cell['failed'][0]}"
