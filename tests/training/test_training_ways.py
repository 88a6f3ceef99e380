"""Optimizers, schedules, averages, forms, and what is seen of a run while it goes on."""

import csv
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from tests.training.tiny import CONFIG, corpus
from training import curves
from training.config import TrainConfig
from training.dataset import Batches
from training.progress import Progress, clock
from training.train import example, schedule_of, train


def log(run) -> list[dict[str, float]]:
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def nats(model) -> float:
    """A model's loss on the validation tunes, by numpy."""
    total = count = 0.0
    for inputs, targets, weights in Batches([example(entry) for entry in corpus().split("validation")], 2):
        logits = np.asarray(model(inputs, training=False), np.float64)
        likelihood = np.take_along_axis(logits, targets[..., None], -1)[..., 0] - np.log(np.exp(logits).sum(-1))
        total, count = total - float((likelihood * weights).sum()), count + float(weights.sum())
    return total / count


@pytest.mark.parametrize(
    "way",
    [
        {"tokens": "folk_rnn", "optimizer": "rmsprop", "schedule": "decay", "learning_rate": 0.01},
        {"tokens": "characters", "window": 20, "optimizer": "adam", "schedule": "constant", "clip_norm": 0.0},
    ],
    ids=["folk_rnn", "mit_lab"],
)
def test_the_loss_of_the_baselines_ways_falls(tmp_path, way):
    model = replace(CONFIG.model, feature_width=0, recall_width=0)
    config = replace(CONFIG, epochs=4, learning_rate=0.03, weight_decay=0.0, model=model)
    train(replace(config, **way), corpus(), tmp_path, verbose=0)
    rows = log(tmp_path)
    assert rows[-1]["loss"] < 0.95 * rows[0]["loss"]


def test_averaged_weights_are_validated_and_kept_and_learning_is_the_same(tmp_path):
    rows = {}
    for averaging in (0.0, 0.8):
        run = tmp_path / str(averaging)
        model = train(replace(CONFIG, weight_averaging=averaging), corpus(), run, verbose=0)
        rows[averaging] = log(run)
        model.load_weights(run / "best.weights.h5")
        assert nats(model) == pytest.approx(min(row["val_loss"] for row in rows[averaging]), rel=1e-4)
    plain, averaged = rows.values()
    assert [row["loss"] for row in plain] == [row["loss"] for row in averaged]
    assert all(one["val_loss"] != other["val_loss"] for one, other in zip(plain, averaged, strict=True))


def test_schedules():
    config = TrainConfig(epochs=40, learning_rate=0.1, warm_up=0.05)
    constant, decay, cosine = (schedule_of(replace(config, schedule=name), 10) for name in ("constant", "decay", "cosine"))
    assert [float(constant(step)) for step in (0, 1, 399)] == pytest.approx([0.1] * 3)
    epochs = [float(decay(10 * epoch + 9)) for epoch in range(40)]  # the last step of each
    assert epochs[:20] == pytest.approx([0.1] * 20)
    assert epochs[20:] == pytest.approx([0.1 * 0.97 ** (at + 1) for at in range(20)])
    steps = [float(cosine(step)) for step in range(401)]
    assert steps[0] == 0
    assert steps[20] == max(steps) == pytest.approx(0.1)
    assert all(a > b for a, b in pairwise(steps[20:]))
    assert steps[400] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("wrong", [{"optimizer": "sgd"}, {"schedule": "linear"}, {"tokens": "letters"}])
def test_a_way_that_does_not_exist_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is '{wrong[name]}', which is none of"):
        TrainConfig(**wrong)


def test_a_loss_that_is_no_number_ends_the_run_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="lower learning_rate"):
        train(replace(CONFIG, learning_rate=math.inf, schedule="constant"), corpus(), tmp_path, verbose=0)
    assert not (tmp_path / "last.npz").exists()


def test_each_epoch_is_told_of_and_a_line_written(tmp_path, capsys):
    told = []
    train(CONFIG, corpus(), tmp_path, verbose=2, each_epoch=told.append)
    assert told == log(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("Epoch 1/2: loss ")
    assert f"validation {told[1]['val_loss']:.4f}" in lines[1]
    assert lines[2].startswith("Training ends: all 2 epochs are done. Calibrated: the logits are divided by ")


def test_the_bar_shows_how_far_how_fast_and_how_long(capsys):
    progress = Progress(1, epochs=4, steps=100)
    assert progress.due()
    progress.step(epoch=1, done=25, loss=2.5, tokens=50_000, seconds=10)
    assert not progress.due()
    shown = capsys.readouterr().out
    assert shown.startswith("\rEpoch 2/4 [######------------------] 25/100, loss 2.5000, 5,000 tokens/s, 1:50 left")
    assert not Progress(2, epochs=4, steps=100).due()
    assert [clock(seconds) for seconds in (0, 59.6, 3599, 3600, 86_461)] == ["0:00", "1:00", "59:59", "1:00:00", "24:01:01"]


@pytest.mark.parametrize("count", [1, 2, 40])
def test_curves_are_a_picture_of_the_log(tmp_path, count):
    row = {"accuracy": 0.3, "val_accuracy": 0.2, "learning_rate": 1e-3, "tokens_per_s": 5e3, "seconds": 9}
    rows = [{"epoch": at, "loss": 4 / (at + 1), "val_loss": 5 / (at + 1), **row} for at in range(count)]
    curves.draw(rows, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        assert image.size[0] >= 1000
        assert {(31, 119, 180), (217, 95, 2)} <= {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
