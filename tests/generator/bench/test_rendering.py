"""`tunesmith bench render`: the table and the file contain the results and what could not be measured."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from generator.bench import processes
from generator.bench.pipelines import MELODY_ONLY, PIPELINES, WHOLE
from generator.bench.render_cell import RenderCell
from generator.bench.rendering import CONTENDERS, bench, table
from generator.bench.tunes import MIXED, NEAR, compose
from generator.notation.reader import read
from generator.rendering.audio.sound_font import find_soundfont
from generator.rendering.audio.synthesis import load_fluidsynth
from tests.generator.rendering.tunes import PLAIN
from tests.patience import HANG_S

OURS = {
    "limits, arrangement, MIDI": [10.0, 10.0],
    "MusicXML": [20.0, 20.0],
    "SVG": [10.0, 10.0],
    "PNG": [50.0, 50.0],
    "synthesis": [190.0, 190.0],
    "MP3": [100.0, 100.0],
    MELODY_ONLY: [100.0, 100.0],
    WHOLE: [350.0, 450.0],
}
LAB = {"abc2midi": [2.0, 2.0], "TiMidity++": [398.0, 398.0], "MP3": [200.0, 200.0]}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the processes: music21's fails."""

    def pretended(name: str, cell: dict[str, Any], *, timeout_s: float, result_key: str) -> dict[str, Any]:
        if result_key == "tunes":
            tunes = [{"abc": PLAIN, "playing_s": 40.0}, {"abc": PLAIN, "playing_s": 50.0}]
            return {"tunes": {NEAR: tunes, MIXED: tunes}}
        if cell["contender"] == "music21":
            return {"error": "ABCHandlerException: no."}
        steps = OURS if cell["contender"] == "ours" else LAB
        return {"steps": {step: list(times) for step, times in steps.items()}, "failed": [], "memory_mb": 250, "programs_mb": 48}

    monkeypatch.setattr(processes, "run", pretended)
    monkeypatch.setattr("psutil.cpu_percent", lambda interval: 3.0)
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")


@pytest.mark.parametrize("way", [*PIPELINES])
def test_each_pipeline_is_measured_in_a_process_of_its_own(way: str, tmp_path: Path) -> None:
    if not all(shutil.which(program) for program in CONTENDERS[way].programs):
        pytest.skip("its programs are not installed")
    file = tmp_path / "tunes.json"
    file.write_text(json.dumps({NEAR: [{"abc": PLAIN}, {"abc": "X:1\nK:C\nz4|\n"}]}))
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cell = RenderCell(way, str(file), NEAR, str(find_soundfont()), core)
    found = processes.run("generator.bench.render_cell", asdict(cell), timeout_s=5 * HANG_S, result_key="steps")
    assert set(found["steps"]) >= {step for steps in CONTENDERS[way].sums.values() for step in steps}
    assert all(times[0] > 0 for times in found["steps"].values())
    assert found["memory_mb"] > 20
    assert (found["programs_mb"] > 0) == (way != "ours" or load_fluidsynth() is None)
    if way == "ours":
        assert len(found["steps"][WHOLE]) == 1
        assert "There are no notes" in found["failed"][0]


def test_the_selections_have_tunes_of_about_45_s_and_of_all_rhythms() -> None:
    found = compose(5)
    assert {len(tunes) for tunes in found.values()} == {5}
    assert all(42 <= tune["playing_s"] <= 48 for tune in found[NEAR])
    assert len({read(tune["abc"]).rhythm for tune in found[MIXED]}) == 5


def test_the_other_pipelines_are_compared_with_ours(measured: None) -> None:
    found = bench(tunes=2, only=("ours", "lab"), soundfont=None, echo=lambda line: None)
    assert found["comparison"][NEAR] == {
        "lab, whole, against ours": 1.5,
        "lab, to the sound, against our melody only": 4.0,
        "lab, to the sound, against ours with backing": 2.0,
    }
    [ours, *_] = found["cells"]
    assert ours["steps"][WHOLE] == {"p50": 400, "p95": 445, "longest": 450}
    assert ours["steps"]["to the sound"]["p50"] == 200


def test_the_table_lists_results_and_what_could_not_be_measured(measured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: program == "fluidsynth" and "/usr/bin/fluidsynth")
    text = table(bench(tunes=2, only=(), soundfont=None, echo=lambda line: None))
    assert "Tunesmith (250 MB, its programs 48 MB)" in text
    assert any(line.split() == [WHOLE, "400.0", "445.0", "450.0"] for line in text.splitlines())
    assert text.count("skipped, abc2midi and timidity not found. Run “apt install abcmidi timidity”") == 2
    assert "music21 and midi2audio, defaults failed: ABCHandlerException: no." in text


def test_the_command_writes_its_file_and_fails_if_a_measurement_failed(measured: None, tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    result = CliRunner().invoke(main, ["bench", "render", "--tunes", "3", "--json", str(file)])
    assert result.exit_code == 1
    assert "tunesmith: Not everything could be measured: music21." in result.output
    assert {cell["contender"] for cell in json.loads(file.read_text())["cells"]} == set(CONTENDERS)
    assert CliRunner().invoke(main, ["bench", "render", "--tunes", "3", "--only", "ours"]).exit_code == 0


def test_the_command_has_a_help_text_and_refuses_unknown_contenders() -> None:
    assert "--tunes" in CliRunner().invoke(main, ["bench", "render", "--help"]).output
    result = CliRunner().invoke(main, ["bench", "render", "--only", "theirs"])
    assert result.exit_code == 2
    assert "There is no theirs to measure" in result.output
