"""A run that is stopped and started again ends as one that was never stopped."""

import csv
import json
import os
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

ROOT = Path(__file__).parents[2]
OF_THE_CLOCK = ("tokens_per_s", "seconds")
CAREFUL = replace(CONFIG, epochs=3, weight_averaging=0.9, model=replace(CONFIG.model, dropout=0.5))


def log(run: Path) -> list[dict[str, str]]:
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if name not in OF_THE_CLOCK} for row in csv.DictReader(file)]


def state(run: Path) -> dict[str, np.ndarray]:
    with np.load(run / "last.npz") as file:
        return {name: file[name] for name in file.files if name != "past"}


def go(config: TrainConfig, run: Path) -> list[np.ndarray]:
    return train(config, corpus(), run, verbose=0).get_weights()


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    run = tmp_path_factory.mktemp("unbroken") / "run"
    return run, go(CAREFUL, run)


@pytest.mark.timeout(900)  # TensorFlow starts twice
def test_a_run_killed_within_an_epoch_ends_with_the_same_weights_and_log(tmp_path, unbroken):
    run = tmp_path / "run"
    options = ["--epochs=3", "--dropout=0.5", "--averaging=0.9", "--die=1"]
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
    path.write_text("\n".join([*lines, "1" + lines[1][1:]]) + "\n", encoding="utf-8")  # killed after it was logged, not yet saved
    weights = go(CAREFUL, run)
    assert [row["epoch"] for row in log(run)] == ["0", "1", "2"]
    assert log(run) == log(unbroken[0])
    first, second = state(run), state(unbroken[0])
    assert first.keys() == second.keys()
    assert [name for name in first if not np.array_equal(first[name], second[name])] == []
    assert all(np.array_equal(a, b) for a, b in zip(weights, unbroken[1], strict=True))


def test_epochs_without_a_better_loss_are_counted_across_stops(tmp_path):
    still = replace(CONFIG, learning_rate=0.0, weight_decay=0.0, patience=2)
    go(replace(still, epochs=2), tmp_path / "run")
    go(replace(still, epochs=9), tmp_path / "run")
    rows = log(tmp_path / "run")
    assert len(rows) == 3
    assert len({row["val_loss"] for row in rows}) == 1
    before = (tmp_path / "run" / "last.npz").read_bytes()
    go(replace(still, epochs=9), tmp_path / "run")
    assert (tmp_path / "run" / "last.npz").read_bytes() == before


def test_the_time_of_a_run_is_counted_across_stops(tmp_path):
    brief = replace(CONFIG, epochs=9, minutes=1e-6)
    for _ in range(2):
        go(brief, tmp_path / "run")
        assert len(log(tmp_path / "run")) == 1
    path = tmp_path / "run" / "last.npz"
    seconds = json.loads(str(np.load(path)["past"]))["seconds"]
    go(replace(brief, minutes=seconds / 60 * 1.0001), tmp_path / "run")
    assert len(log(tmp_path / "run")) == 2


@pytest.mark.parametrize("part", ["optimizer", "tokens", "weight_averaging"])
def test_a_run_is_not_gone_on_with_in_another_way(tmp_path, part):
    run = tmp_path / "run"
    go(replace(CONFIG, epochs=0), run)
    path = run / "config.json"
    earlier = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**earlier, part: 0.5 if part == "weight_averaging" else "another"}), encoding="utf-8")
    with pytest.raises(ValueError, match=f"holds a run with another {part}"):
        go(CONFIG, run)


def test_a_damaged_state_is_refused_in_a_sentence(tmp_path):
    run = tmp_path / "run"
    go(replace(CONFIG, epochs=1), run)
    (run / "last.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match="cannot be gone on with"):
        go(CONFIG, run)
