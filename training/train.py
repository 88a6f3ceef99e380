"""Trains the LSTM: `tunesmith train`, from collections to shipped weights.

    tunesmith train                                  the shipped model, about an hour on two cores
    tunesmith train --config training/configs/small.toml --run data/runs/mine

A run's folder holds the configuration, `log.csv`, TensorBoard's events, the last state (a run that was stopped goes on
from there) and the best weights, by validation loss.
"""

from __future__ import annotations

import csv
import json
import math
import time
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from generator.composer.model import ModelConfig, build
from generator.composer.weights import save_weights
from training.corpus import Corpus
from training.dataset import Batches, Example


@dataclass(frozen=True, slots=True)
class TrainConfig:
    name: str = "tunesmith"
    model: ModelConfig = field(default_factory=ModelConfig)
    batch: int = 32  # whole tunes; smaller ones generalise better here, larger ones run faster
    epochs: int = 40
    learning_rate: float = 2e-3  # at its height, after the warm-up; then down to nothing along a cosine
    warm_up: float = 0.02  # of all steps
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    header_dropout: float = 0.15  # so that a wish may leave rhythm or mode open
    patience: int = 6  # epochs without a better validation loss
    mixed_precision: bool = True
    seed: int = 1

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads a TOML file that overrides what it names; raises ValueError for names that do not exist."""
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        model = values.pop("model", {})
        for given, kind in ((values, cls), (model, ModelConfig)):
            unknown = set(given) - {item.name for item in fields(kind)}
            if unknown:
                raise ValueError(f"{path} sets {', '.join(sorted(unknown))}, which does not exist.")
        return cls(**values, model=ModelConfig(**model))


class _Epoch(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Deals each epoch's batches, and adds tokens a second to its figures."""

    def __init__(self, batches: Batches, tokens: int) -> None:
        super().__init__()
        self.batches, self.tokens, self.started = batches, tokens, 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.batches.begin(epoch)
        self.started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["tokens_per_s"] = self.tokens / (time.monotonic() - self.started)


def train(config: TrainConfig, corpus: Corpus, run: Path, *, verbose: int = 1) -> keras.Model:
    """Trains until the configuration's end or early stopping and leaves the best weights in `run/best.weights.h5`."""
    _claim(run, config, corpus)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if config.mixed_precision else "float32")
    examples = [Example.of(entry.tokens) for entry in corpus.split("train")]
    held_out = [Example.of(entry.tokens) for entry in corpus.split("validation")]
    batches = Batches(examples, config.batch, header_dropout=config.header_dropout, seed=config.seed)
    validation = Batches(held_out, config.batch)
    steps = config.epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=config.learning_rate, warmup_steps=max(1, int(config.warm_up * steps))
    )
    model = build(config.model)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=config.clip_norm),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    tokens = sum(len(example.tokens) - 1 for example in examples)
    log = run / "log.csv"
    best = min((float(row["val_loss"]) for row in _rows(log)), default=None)  # of a run that goes on, not to be overwritten
    model.fit(
        batches.dataset(),
        validation_data=validation.dataset(),
        epochs=config.epochs,
        verbose=verbose,
        callbacks=[
            _Epoch(batches, tokens),
            keras.callbacks.BackupAndRestore(str(run / "last"), delete_checkpoint=False),
            keras.callbacks.ModelCheckpoint(
                str(run / "best.weights.h5"),
                monitor="val_loss",
                save_best_only=True,
                save_weights_only=True,
                initial_value_threshold=best,
            ),
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=config.patience),
            keras.callbacks.CSVLogger(str(log), append=True),
            keras.callbacks.TensorBoard(str(run / "tensorboard"), write_graph=False),
        ],
    )
    model.load_weights(run / "best.weights.h5")
    return model


def _rows(log: Path) -> list[dict[str, str]]:
    """The epochs that a run's log holds; none before the first."""
    if not log.exists():
        return []
    with log.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _claim(run: Path, config: TrainConfig, corpus: Corpus) -> None:
    """Begins a run's folder, or goes on in it if it is of the same model and corpus; raises ValueError if not."""
    described = {**asdict(config), "corpus": corpus.manifest()["sha256"]}
    path = run / "config.json"
    if path.exists():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        for part in ("model", "corpus"):
            if earlier.get(part) != described[part]:
                raise ValueError(f"{run} holds a run with another {part}. Name another folder with --run, or delete that one.")
    run.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(described, indent=2), encoding="utf-8")


def bits_per_note(model: keras.Model, examples: Sequence[Example], batch: int = 32) -> float:
    """The bits that the model needs for a note of these tunes: everything after the header, divided by the notes."""
    nats, header = 0.0, 4
    for inputs, targets, weights in Batches(examples, batch):
        logits = np.asarray(model(inputs, training=False), np.float64)  # (batch, time, vocabulary)
        logits -= logits.max(-1, keepdims=True)
        likelihood = np.take_along_axis(logits, targets[..., None], -1)[..., 0] - np.log(np.exp(logits).sum(-1))
        weights[:, : header - 1] = 0
        nats -= float((likelihood * weights).sum())
    return nats / math.log(2) / sum(example.notes for example in examples)


def ship(config: TrainConfig, model: keras.Model, corpus: Corpus, run: Path, target: Path) -> dict[str, Any]:
    """Writes the weights and their card where the composer finds them; returns the card."""
    log = _rows(run / "log.csv")
    best = min(log, key=lambda row: float(row["val_loss"]))
    card = {
        "name": config.name,
        "date": datetime.now(UTC).date().isoformat(),
        "model": asdict(config.model),
        "parameters": model.count_params(),
        "data": corpus.manifest(),
        "training": {
            **{name: value for name, value in asdict(config).items() if name not in ("name", "model")},
            "epochs_run": len(log),
            "best_epoch": int(best["epoch"]) + 1,
            "steps_an_epoch": math.ceil(len(corpus.split("train")) / config.batch),
        },
        "loss": {
            "train_nats_per_token": round(float(best["loss"]), 4),
            "validation_nats_per_token": round(float(best["val_loss"]), 4),
            "validation_accuracy": round(float(best["val_accuracy"]), 4),
            **{
                f"{split}_bits_per_note": round(bits_per_note(model, [Example.of(e.tokens) for e in corpus.split(split)]), 4)
                for split in ("validation", "test")
            },
        },
    }
    save_weights(model, card, target)
    return card
