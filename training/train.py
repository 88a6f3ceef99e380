"""Trains a model: `tunesmith train`.

    tunesmith train                                                           the base of the shipped model
    tunesmith train --config training/configs/small.toml --run data/runs/mine

A run has a folder with

    config.json              the configuration
    log.csv, curves.png      loss and accuracy by epoch
    tensorboard/             the same for TensorBoard
    checkpoint.npz           the state after the last epoch; an interrupted run resumes from it with identical results
    best.weights.h5          the weights with the lowest validation loss
    final.weights.h5         these weights after unseen transitions were suppressed and the logits calibrated
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generator.composer.model import build
from training.batches import Batches, BatchSource
from training.calibration import calibrate
from training.config import TrainConfig
from training.corpus.corpus import Corpus
from training.dataset import load_dataset
from training.fine_tuning import initialize_from
from training.precision import policy
from training.progress import Progress
from training.run_folder import (
    History,
    Row,
    RunLog,
    checkpoint_error,
    load_checkpoint,
    open_run,
    save_checkpoint,
    write_atomically,
)
from training.strategy import distribute_batches, is_chief
from training.trainer import Trainer
from training.unseen_transitions import suppress_unseen


def train(
    config: TrainConfig,
    corpus: Corpus,
    run: Path,
    *,
    verbose: int = 1,
    strategy: tf.distribute.Strategy | None = None,
    on_epoch_end: Callable[[Row], None] | None = None,
) -> keras.Model:
    """Trains until the last epoch or early stopping. Returns the model with its final weights, which are also in `run`.

    An interrupted run is resumed. With several workers all of them read the folder `run`, but only the first one writes to it
    and calls `on_epoch_end`. Raises ValueError if the folder contains a run with another model, corpus or optimizer.
    """
    strategy = strategy or tf.distribute.get_strategy()
    chief = is_chief(strategy)
    corpus = corpus.of(config.collections)
    training, validation, vocabulary = load_dataset(config, corpus)
    config = replace(config, model=replace(config.model, vocabulary=vocabulary))
    open_run(run, config, corpus, write=chief)

    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(policy(config))
    trainer = Trainer(config, strategy, len(training))
    if config.init_from:
        initialize_from(trainer.model, config.model, Path(config.init_from))
        trainer.reset_ema()
    best_model = build(config.model)
    history = _resume(run, trainer, best_model)
    if trainer.mean_over_workers(len(history.rows)) != len(history.rows):
        raise ValueError(f"The workers see different runs in {run}. Give all of them access to the same folder.")

    log = RunLog(run, history.rows) if chief else None
    progress = Progress(verbose if chief else 0, config.epochs, len(training))
    while not history.stop_reason(config):
        row = _run_epoch(trainer, training, validation, len(history.rows), progress)
        if improved := history.add(row):
            best_model.set_weights(trainer.validated_weights())
        if log:
            if improved:
                _save_weights(best_model, run / "best.weights.h5")
            log.write(history.rows)
            save_checkpoint(run, trainer.state(), history)
            progress.epoch(row, ", the best so far" if improved else "")
            if on_epoch_end:
                on_epoch_end(row)

    if config.model.skip_gain and isinstance(training, Batches):
        suppress_unseen(best_model, training.examples, config.model.skip_gain)
    temperature = calibrate(best_model, (validation[index] for index in range(len(validation))))
    if log:
        _save_weights(best_model, run / "final.weights.h5")
        log.draw(history.rows)
    progress.end(history.stop_reason(config), temperature)
    return best_model


def _resume(run: Path, trainer: Trainer, best_model: keras.Model) -> History:
    """Restores the state after the last complete epoch; a new run has an empty history."""
    if (checkpoint := load_checkpoint(run)) is None:
        return History()
    history, state = checkpoint
    try:
        trainer.restore(state)
        best_model.load_weights(run / "best.weights.h5")
    except (OSError, KeyError, ValueError) as error:
        raise checkpoint_error(run, error) from error
    return history


def _run_epoch(trainer: Trainer, training: BatchSource, validation: BatchSource, epoch: int, progress: Progress) -> Row:
    """Trains for one epoch and validates. Returns its row of log.csv."""
    training.set_epoch(epoch)
    started = time.monotonic()
    batches = iter(distribute_batches(training, trainer.strategy))
    sums: Any = 0
    for step in range(1, len(training) + 1):
        sums += trainer.train_step(batches)
        if progress.due():
            nats, _, tokens = np.asarray(sums)
            progress.step(epoch, step, nats / tokens, tokens, time.monotonic() - started)
    nats, correct, tokens = np.asarray(sums, np.float64)
    training_seconds = time.monotonic() - started
    if not math.isfinite(nats):
        raise ValueError(f"The loss of epoch {epoch + 1} is not a number. Try a lower learning_rate.")
    val_nats, val_correct, val_tokens = np.asarray(trainer.validate(validation), np.float64)
    row = {
        "epoch": epoch,
        "loss": nats / tokens,
        "accuracy": correct / tokens,
        "val_loss": val_nats / val_tokens,
        "val_accuracy": val_correct / val_tokens,
        "learning_rate": float(trainer.schedule((epoch + 1) * trainer.steps_per_epoch)),
        "tokens_per_s": tokens / training_seconds,
        "seconds": trainer.mean_over_workers(time.monotonic() - started),
    }
    return {name: float(f"{value:.7g}") if name != "epoch" else epoch for name, value in row.items()}


def _save_weights(model: keras.Model, path: Path) -> None:
    write_atomically(path, lambda temporary: model.save_weights(temporary), suffix=".weights.h5")
