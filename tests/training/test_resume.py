"""An interrupted run that is resumed ends with the same result as an uninterrupted one."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.tiny import CONFIG, corpus
from training.config import TrainConfig
from training.train import train

pytestmark = pytest.mark.usefixtures("without_curves")

ROOT = Path(__file__).parents[2]
TIMINGS = ("tokens_per_s", "seconds")
WITH_DROPOUT = replace(CONFIG, epochs=3, ema_momentum=0.9, model=replace(CONFIG.model, dropout=0.5, weight_dropout=0.5))


def log(run: Path) -> list[dict[str, str]]:
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if name not in TIMINGS} for row in csv.DictReader(file)]


def state(run: Path) -> dict[str, np.ndarray]:
    with np.load(run / "checkpoint.npz") as file:
        return {name: file[name] for name in file.files if name != "history"}


def run_training(config: TrainConfig, run: Path) -> list[np.ndarray]:
    weights: list[np.ndarray] = train(config, corpus(), run, verbose=0).get_weights()
    return weights


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, without_curves: None) -> tuple[Path, list[np.ndarray]]:
    run = tmp_path_factory.mktemp("uninterrupted") / "run"
    return run, run_training(WITH_DROPOUT, run)


@pytest.fixture(scope="module")
def without_epochs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with CONFIG that ended before its first epoch."""
    run = tmp_path_factory.mktemp("without-epochs") / "run"
    run_training(replace(CONFIG, epochs=0), run)
    return run


@pytest.mark.timeout(900)  # TensorFlow starts twice
def test_a_run_killed_within_an_epoch_ends_with_the_same_weights_and_log(
    tmp_path: Path, uninterrupted: tuple[Path, list[np.ndarray]]
) -> None:
    run = tmp_path / "run"
    options = ["--epochs=3", "--dropout=0.5", "--averaging=0.9", "--kill-in-epoch=1"]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.training.tiny", str(run), *options],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    assert [row["epoch"] for row in log(run)] == ["0"]
    path = run / "log.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, "1" + lines[1][1:]]) + "\n", encoding="utf-8")  # as if killed between log and checkpoint
    weights = run_training(WITH_DROPOUT, run)
    assert [row["epoch"] for row in log(run)] == ["0", "1", "2"]
    assert log(run) == log(uninterrupted[0])
    first, second = state(run), state(uninterrupted[0])
    assert first.keys() == second.keys()
    assert [name for name in first if not np.array_equal(first[name], second[name])] == []
    assert all(np.array_equal(a, b) for a, b in zip(weights, uninterrupted[1], strict=True))


def test_patience_counts_epochs_across_interruptions(tmp_path: Path) -> None:
    constant = replace(CONFIG, learning_rate=0.0, weight_decay=0.0, patience=2)
    run_training(replace(constant, epochs=2), tmp_path / "run")
    run_training(replace(constant, epochs=9), tmp_path / "run")
    rows = log(tmp_path / "run")
    assert len(rows) == 3
    assert len({row["val_loss"] for row in rows}) == 1
    before = (tmp_path / "run" / "checkpoint.npz").read_bytes()
    run_training(replace(constant, epochs=9), tmp_path / "run")
    assert (tmp_path / "run" / "checkpoint.npz").read_bytes() == before


def test_the_time_limit_counts_across_interruptions(tmp_path: Path) -> None:
    brief = replace(CONFIG, epochs=9, max_minutes=1e-6)
    for _ in range(2):
        run_training(brief, tmp_path / "run")
        assert len(log(tmp_path / "run")) == 1
    path = tmp_path / "run" / "checkpoint.npz"
    seconds = json.loads(str(np.load(path)["history"]))["seconds"]
    run_training(replace(brief, max_minutes=seconds / 60 * 1.0001), tmp_path / "run")
    assert len(log(tmp_path / "run")) == 2


@pytest.mark.parametrize("setting", ["optimizer", "tokenizer", "ema_momentum"])
def test_a_run_is_not_resumed_with_other_settings(tmp_path: Path, without_epochs: Path, setting: str) -> None:
    run = shutil.copytree(without_epochs, tmp_path / "run")
    path = run / "config.json"
    earlier = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**earlier, setting: 0.5 if setting == "ema_momentum" else "another"}), encoding="utf-8")
    with pytest.raises(ValueError, match=f"contains a run with another {setting}"):
        run_training(CONFIG, run)


def test_a_damaged_checkpoint_is_rejected(tmp_path: Path, uninterrupted: tuple[Path, list[np.ndarray]]) -> None:
    run = shutil.copytree(uninterrupted[0], tmp_path / "run")
    (run / "checkpoint.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match="cannot be resumed"):
        run_training(WITH_DROPOUT, run)
