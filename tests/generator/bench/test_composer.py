"""`tunesmith bench composer`: the table and the file contain the results and what could not be measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from generator.bench import composer as module
from generator.bench.composer import CONTENDERS, bench, run, table
from generator.bench.composer_cell import ComposerCell
from generator.composer.processor import Processor

FAST = {"tokens_per_second": 2_000.0, "memory_mb": 123, "ready_s": 1.5}
OURS = {
    **FAST,
    "tokens_per_second": 3_000.0,
    "tunes_per_second": 12.5,
    "abc_p50_ms": 80.0,
    "abc_p95_ms": 190.0,
    "form": "AVX-512",
    "precision": "float32",
}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the processes: PyTorch is not installed, ONNX Runtime's LSTM operator fails."""

    def pretended(cell: ComposerCell) -> dict[str, Any]:
        if cell.form == "LSTM":
            return {"error": "Fail: no such operator."}
        if cell.contender == "eager":
            return {**FAST, "tokens_per_second": 100.0 * cell.streams}
        return (
            OURS if cell.contender == "ours" else {**FAST, "tokens_per_second": 2_500.0 if cell.form == "embedded" else 2_000.0}
        )

    monkeypatch.setattr(module, "run", pretended)
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "torch" else object())
    monkeypatch.setattr(module, "PROCESSOR", Processor("new", frozenset({"avx2", "avx512bw"}), limited=False))
    monkeypatch.setattr(module, "memory_bandwidth", lambda: 10e9)
    monkeypatch.setattr("psutil.cpu_percent", lambda interval: 3.0)


def test_a_loop_is_measured_in_a_process_of_its_own() -> None:
    pytest.importorskip("openvino")
    found = run(ComposerCell("openvino", "", "float32", "lab", 2, 0.1))
    assert found["tokens_per_second"] > 10
    assert found["memory_mb"] > 20
    assert found["ready_s"] > 0.1


def test_a_process_is_limited_to_older_instructions() -> None:
    """The composer then says which of them it uses: at most those of the limit."""
    found = run(ComposerCell("ours", "", "", "shipped", 1, 0.1, "AVX2"))
    assert found["form"] in ("AVX2", "portable"), found


def test_a_failed_process_reports_the_error() -> None:
    assert "KeyError" in run(ComposerCell("nobody", "", "float32", "lab", 1, 0.1))["error"]


def test_the_fastest_form_is_compared_with_ours(measured: None) -> None:
    found = bench(streams=[1, 8], seconds=0.1, only=(), echo=lambda line: None)
    one, eight, *limited = found["comparison"]
    assert one["best_rival"] == "onnx embedded float32"
    assert [each["limit"] for each in limited] == ["AVX2", "AVX2"]
    assert one["times_best_rival"] == 3_000 / 2_500
    assert eight["times_eager_lab_one_stream"] == 30
    weights = 3 * 512 * 2048 + 512 * 152  # that a step of the shipped model must read
    assert one["floor_tokens_per_second"] == pytest.approx(10e9 / (4 * weights))
    assert eight["of_floor"] == pytest.approx(3_000 / (8 * 10e9 / (4 * weights)))


def test_the_table_lists_results_and_what_could_not_be_measured(measured: None) -> None:
    text = table(bench(streams=[8], seconds=0.1, only=(), echo=lambda line: None))
    onnx = next(line for line in text.splitlines() if line.startswith("ONNX Runtime "))
    assert "2,500" in onnx and "123 MB" in onnx and "1.5 s" in onnx and onnx.endswith("embedded float32")
    assert (
        text.count("PyTorch                   not installed (see README: bench group)") == 4
    )  # two networks, without and with a limit
    assert "Instruction sets: avx2, avx512bw" in text
    assert "limited to AVX2" in text
    assert "ONNX Runtime LSTM float32 failed at 8 streams (lab): Fail: no such operator." in text
    last = next(line for line in text.splitlines() if line.strip().startswith("8 "))
    assert "12.5" in last and "80 ms" in last and "190 ms" in last and "1.20 onnx embedded float32" in last


def test_the_command_writes_its_file_and_fails_if_a_measurement_failed(measured: None, tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    result = CliRunner().invoke(main, ["bench", "composer", "--streams", "8", "--json", str(file)])
    assert result.exit_code == 1
    assert "tunesmith: Not everything could be measured: onnx." in result.output
    cells = json.loads(file.read_text())["cells"]
    assert {cell["contender"] for cell in cells} == set(CONTENDERS) - {"pytorch"}
    assert CliRunner().invoke(main, ["bench", "composer", "--streams", "8", "--only", "ours"]).exit_code == 0


def test_the_command_has_a_help_text_and_refuses_unknown_contenders() -> None:
    assert "--streams" in CliRunner().invoke(main, ["bench", "composer", "--help"]).output
    result = CliRunner().invoke(main, ["bench", "composer", "--only", "theirs"])
    assert result.exit_code == 2
    assert "There is no theirs to measure" in result.output
