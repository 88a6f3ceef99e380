"""The training loop: baselines, the moving average of the weights, errors and callbacks."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.training.tiny import CONFIG, corpus
from training.batches import Batches
from training.dataset import example_of
from training.run_folder import Row
from training.train import train
from training.trainer import VALIDATION_TEMPERATURES

pytestmark = pytest.mark.usefixtures("without_curves")


def log(run: Path) -> list[dict[str, float]]:
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def nats(model: keras.Model) -> float:
    """The loss of a model on the validation tunes at the temperature that suits it best, computed with numpy."""
    return min(nats_at(temperature, model) for temperature in VALIDATION_TEMPERATURES)


def nats_at(temperature: float, model: keras.Model) -> float:
    total = count = 0.0
    for inputs, targets, weights in Batches([example_of(entry) for entry in corpus().split("validation")], 2):
        logits = np.asarray(model(inputs, training=False), np.float64) / temperature
        log_probability = np.take_along_axis(logits, targets[..., None], -1)[..., 0] - np.log(np.exp(logits).sum(-1))
        total, count = total - float((log_probability * weights).sum()), count + float(weights.sum())
    return total / count


@pytest.mark.parametrize(
    "settings",
    [
        {"tokenizer": "folk_rnn", "optimizer": "rmsprop", "learning_rate_schedule": "decay", "learning_rate": 0.01},
        {
            "tokenizer": "characters",
            "sequence_length": 20,
            "optimizer": "adam",
            "learning_rate_schedule": "constant",
            "clip_norm": 0.0,
        },
    ],
    ids=["folk_rnn", "mit_lab"],
)
def test_training_lowers_the_loss_of_the_baselines(tmp_path: Path, settings: dict[str, Any]) -> None:
    model = replace(CONFIG.model, feature_width=0, recall_width=0)
    config = replace(CONFIG, epochs=4, learning_rate=0.03, weight_decay=0.0, model=model)
    train(replace(config, **settings), corpus(), tmp_path, verbose=0)
    rows = log(tmp_path)
    assert rows[-1]["loss"] < 0.95 * rows[0]["loss"]


def test_the_moving_average_is_validated_and_kept_and_training_is_unchanged(tmp_path: Path) -> None:
    rows = {}
    for averaging in (0.0, 0.8):
        run = tmp_path / str(averaging)
        model = train(replace(CONFIG, ema_momentum=averaging), corpus(), run, verbose=0)
        rows[averaging] = log(run)
        model.load_weights(run / "best.weights.h5")
        assert nats(model) == pytest.approx(min(row["val_loss"] for row in rows[averaging]), rel=1e-4)
    plain, averaged = rows.values()
    assert [row["loss"] for row in plain] == [row["loss"] for row in averaged]
    assert all(one["val_loss"] != other["val_loss"] for one, other in zip(plain, averaged, strict=True))


def test_a_loss_that_is_not_a_number_stops_the_run_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lower learning_rate"):
        train(replace(CONFIG, learning_rate=math.inf, learning_rate_schedule="constant"), corpus(), tmp_path, verbose=0)
    assert not (tmp_path / "checkpoint.npz").exists()


def test_each_epoch_calls_back_and_prints_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[Row] = []
    train(CONFIG, corpus(), tmp_path, verbose=2, on_epoch_end=rows.append)
    assert rows == log(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("Epoch 1/2: loss ")
    assert f"validation {rows[1]['val_loss']:.4f}" in lines[1]
    assert lines[2].startswith("Training stops: all 2 epochs are done. Calibration divides the logits by ")
