"""Trains the LSTM: `tunesmith train`, from collections to shipped weights.

    tunesmith train                                  the shipped model but for its last epochs, half an hour on two cores
    tunesmith train --config training/configs/small.toml --run data/runs/mine

A run's folder holds the configuration, `log.csv` and `curves.png`, TensorBoard's events, the last state (a run that was
stopped goes on from there, exactly as if it had not been), the best weights, by validation loss, and the finished ones: the
best with what never happens ruled out, and calibrated.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generator.composer.model import ModelConfig, build
from generator.composer.weights import save_weights
from generator.notation.keys import Key
from generator.notation.structure import illegal_bars
from generator.notation.tokens import bars_per_part, cadence_class
from training import ranking
from training.baselines import forms
from training.calibration import calibrate
from training.config import TrainConfig
from training.corpus.corpus import Corpus, Entry, score_of
from training.dataset import Batches, Example
from training.progress import Progress
from training.rules import keep_rules
from training.run import Log, Past, Row, broken, claim, rows_of, save, saved, write_whole
from training.strategy import Deal, distributed, is_chief

SEED_STEP = 1 << 24  # between the dropout of two replicas


class _Decay(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    """folk-rnn's: constant for 20 epochs, then × 0.97 with each."""

    def __init__(self, height: float, steps: int) -> None:
        self.height, self.steps = height, steps  # steps of an epoch

    def __call__(self, step: Any) -> Any:
        epoch = tf.cast(step // self.steps, tf.float32)
        return self.height * 0.97 ** tf.maximum(0.0, epoch - 19)


def schedule_of(config: TrainConfig, steps: int) -> Any:
    """The learning rate at each step, of which an epoch has so many."""
    if config.schedule == "decay":
        return _Decay(config.learning_rate, steps)
    if config.schedule == "constant":
        return keras.optimizers.schedules.PiecewiseConstantDecay([0], [config.learning_rate] * 2)
    every = config.epochs * steps
    warm_up = max(1, int(config.warm_up * every))
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, every - warm_up), warmup_target=config.learning_rate, warmup_steps=warm_up
    )


class _Trainer:
    """A model in training under a strategy: its steps, its weights and their average."""

    def __init__(self, config: TrainConfig, strategy: tf.distribute.Strategy, steps: int) -> None:
        self.config, self.strategy, self.steps = config, strategy, steps
        self.schedule = schedule_of(config, steps)
        kind = {"adamw": keras.optimizers.AdamW, "adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
        with strategy.scope():
            self.model = build(config.model)
            self.optimizer = kind[config.optimizer](self.schedule, weight_decay=config.weight_decay)
            rules = [layer.embeddings for layer in self.model.layers if layer.name.endswith("_skip")]
            self.optimizer.exclude_from_weight_decay(rules)  # what has no exception is not to be forgotten
            self.optimizer.build(self.model.trainable_variables)
            self.average = [tf.Variable(variable.numpy()) for variable in self._trained] if config.weight_averaging else []
        self.train_step = tf.function(self._train_step, autograph=False)
        self.test_step = tf.function(self._test_step, autograph=False)
        self._part_dropout()

    @property
    def _trained(self) -> list[tf.Variable]:
        return [variable.value for variable in self.model.trainable_variables]

    def _variables(self) -> dict[str, list[Any]]:
        return {
            "model": [variable.value for variable in self.model.variables],
            "optimizer": [variable.value for variable in self.optimizer.variables],
            "average": self.average,
        }

    def begin_average(self) -> None:
        """The average starts at what the weights are now."""
        for variable, average in zip(self._trained, self.average, strict=False):
            average.assign(variable)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, as arrays."""
        return {f"{kind}/{at}": v.numpy() for kind, variables in self._variables().items() for at, v in enumerate(variables)}

    def restore(self, state: dict[str, Any]) -> None:
        for kind, variables in self._variables().items():
            for at, variable in enumerate(variables):
                variable.assign(state[f"{kind}/{at}"])
        self._part_dropout()

    def weights(self) -> list[Any]:
        """What is validated and kept, in the order of `model.get_weights`: the average where there is one."""
        averaged = {id(v): a for v, a in zip(self.model.trainable_variables, self.average, strict=False)}
        return [averaged.get(id(variable), variable.value).numpy() for variable in self.model.weights]

    def _part_dropout(self) -> None:
        """Replicas that drew the same masks would learn less from a batch."""

        def part() -> None:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            for variable in self.model.non_trainable_variables:
                if "seed_generator_state" in variable.path:
                    variable.value.assign_add(tf.cast([0, SEED_STEP * replica], variable.value.dtype))

        if self.strategy.num_replicas_in_sync > 1:
            tf.function(self.strategy.run)(part)

    def _train_step(self, iterator: Any) -> Any:
        found = self.strategy.run(self._learn, args=iterator.get_next())
        for variable, average in zip(self._trained, self.average, strict=False):
            # In the first steps of a run the past counts for less: the weights that it began with are worth nothing.
            done = tf.cast(self.optimizer.iterations.value, tf.float32)
            momentum = tf.minimum(self.config.weight_averaging, done / (done + 10))
            average.assign(momentum * average + (1 - momentum) * variable)
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, found, axis=None)

    def _test_step(self, iterator: Any) -> Any:
        found = self.strategy.run(self._judge, args=iterator.get_next())
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, found, axis=None)

    def _learn(self, inputs: Any, targets: Any, weights: Any, total: Any) -> Any:
        with tf.GradientTape() as tape:
            found = _measured(self.model(inputs, training=True), targets, weights)
            loss = found[0] / total  # the mean over the tokens of all replicas, when their losses are added
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, self._trained)]
        replicas = self.strategy.num_replicas_in_sync
        if replicas > 1:
            gradients = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        if self.config.clip_norm:
            gradients = [tf.clip_by_norm(gradient, self.config.clip_norm) for gradient in gradients]
        # The optimizer adds up what the replicas hand it, which is the same from all: they had to be added to be clipped.
        self.optimizer.apply([gradient / replicas for gradient in gradients], self.model.trainable_variables)
        return found

    def _judge(self, inputs: Any, targets: Any, weights: Any, total: Any) -> Any:
        return _measured(self.model(inputs, training=False), targets, weights)

    def validate(self, validation: Deal) -> Any:
        """(nats, right tokens, tokens) of the weights that are kept."""
        own = [variable.numpy() for variable in self._trained] if self.average else []
        for variable, average in zip(self._trained, self.average, strict=False):
            variable.assign(average)
        batches = iter(distributed(validation, self.strategy))
        found = sum(self.test_step(batches) for _ in range(len(validation)))
        for variable, value in zip(self._trained, own, strict=False):
            variable.assign(value)
        return found

    def agreed(self, value: float) -> float:
        """The mean of what the processes have, so that they all decide alike."""
        return float(self.strategy.reduce(tf.distribute.ReduceOp.MEAN, tf.constant(value, tf.float32), axis=None))


def _measured(logits: Any, targets: Any, weights: Any) -> Any:
    """(nats, right tokens, tokens), each a sum by weight."""
    nats = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)  # (batch, time)
    right = tf.cast(tf.argmax(logits, -1, tf.int32) == targets, tf.float32)
    return tf.stack([tf.reduce_sum(figure * weights) for figure in (nats, right, tf.ones_like(nats))])


def example(entry: Entry) -> Example:
    return Example.of(entry.tokens, Key.parse(entry.key), bars_per_part(entry.tokens), cadence_class(entry.tokens))


def learned(corpus: Corpus) -> list[Entry]:
    """The tunes to learn from: those whose bars do not add up are left out, for a model writes what it reads."""
    return [entry for entry in corpus.split("train") if not illegal_bars(score_of(entry))]


def data(config: TrainConfig, corpus: Corpus) -> tuple[Deal, Deal, int]:
    """The batches to learn from, those to validate with, and the size of the vocabulary."""
    if config.tokens != "tunesmith":
        return forms.batches(config, corpus)
    examples = [example(entry) for entry in learned(corpus)]
    held_out = [example(entry) for entry in corpus.split("validation")]
    training = Batches(examples, config.batch, header_dropout=config.header_dropout, seed=config.seed)
    return training, Batches(held_out, config.batch), config.model.vocabulary


def begin_from(model: keras.Model, config: ModelConfig, run: Path) -> None:
    """Takes over the best weights of another run; what that one lacks begins as ever, and new inputs say nothing yet.

    Raises ValueError where the two do not fit.
    """
    try:
        before = ModelConfig(**json.loads((run / "config.json").read_text(encoding="utf-8"))["model"])
        other = build(before)
        other.load_weights(run / "best.weights.h5")
        known = {layer.name: layer.get_weights() for layer in other.layers}
        kernel, *rest = known["lstm_0"]
        widths = [width for _, width in before.inputs().values()]
        shares = dict(zip(before.inputs(), np.split(kernel, np.cumsum(widths)[:-1]), strict=True))
        new = [shares.get(name, np.zeros((width, kernel.shape[1]))) for name, (_, width) in config.inputs().items()]
        known["lstm_0"] = [np.concatenate(new), *rest]
        for layer in model.layers:
            if layer.get_weights() and layer.name in known and not isinstance(layer, keras.layers.Dropout):
                scale = before.skip_gain / config.skip_gain if layer.name.endswith("_skip") else 1
                layer.set_weights([weights * scale for weights in known[layer.name]])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{run} holds no run that training could begin from ({error}).") from error


def train(
    config: TrainConfig,
    corpus: Corpus,
    run: Path,
    *,
    verbose: int = 1,
    strategy: tf.distribute.Strategy | None = None,
    each_epoch: Callable[[Row], None] | None = None,
) -> keras.Model:
    """Trains until the configuration's end or early stopping, leaves the best weights in `run/best.weights.h5`, the finished
    ones in `run/finished.weights.h5`, and returns the model with these. A run that was stopped goes on. Raises ValueError if
    the run is another one's.

    With several workers all need the run's folder; the first of them alone writes into it, and calls `each_epoch`.
    """
    strategy = strategy or tf.distribute.get_strategy()
    chief = is_chief(strategy)
    corpus = corpus.of(config.collections)
    training, validation, vocabulary = data(config, corpus)
    config = replace(config, model=replace(config.model, vocabulary=vocabulary))
    claim(run, config, corpus, write=chief)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if config.mixed_precision else "float32")
    trainer = _Trainer(config, strategy, len(training))
    if config.begin_from:
        begin_from(trainer.model, config.model, Path(config.begin_from))
        trainer.begin_average()
    kept = build(config.model)  # holds the best weights
    past = _restored(run, trainer, kept)
    if trainer.agreed(len(past.rows)) != len(past.rows):
        raise ValueError(f"The workers do not see the same run in {run}: all of them need that folder.")
    log = Log(run, past.rows) if chief else None
    progress = Progress(verbose if chief else 0, config.epochs, len(training))
    while not past.over(config):
        row = _epoch(trainer, training, validation, len(past.rows), progress)
        past.rows.append(row)
        past.seconds += row["seconds"]
        past.waited += 1
        if better := row["val_loss"] < past.best:
            past.best, past.waited = row["val_loss"], 0
            kept.set_weights(trainer.weights())
        if log:
            if better:
                write_whole(run / "best.weights.h5", lambda path: kept.save_weights(path), suffix=".weights.h5")
            log.write(past.rows)
            save(run, trainer.state(), past)
            progress.epoch(row, ", the best yet" if better else "")
            if each_epoch:
                each_epoch(row)
    if config.model.skip_gain and isinstance(training, Batches):
        keep_rules(kept, training.examples, config.model.skip_gain)
    temperature = calibrate(kept, (validation[index] for index in range(len(validation))))
    if log:
        write_whole(run / "finished.weights.h5", lambda path: kept.save_weights(path), suffix=".weights.h5")
        log.draw(past.rows)
    progress.end(past.over(config), temperature)
    return kept


def _restored(run: Path, trainer: _Trainer, kept: keras.Model) -> Past:
    """Goes back to the end of the run's last whole epoch."""
    if (found := saved(run)) is None:
        return Past()
    past, state = found
    try:
        trainer.restore(state)
        kept.load_weights(run / "best.weights.h5")
    except (OSError, KeyError, ValueError) as error:
        raise broken(run, error) from error
    return past


def _epoch(trainer: _Trainer, training: Deal, validation: Deal, epoch: int, progress: Progress) -> Row:
    training.begin(epoch)
    started = time.monotonic()
    batches = iter(distributed(training, trainer.strategy))
    found: Any = 0
    for done in range(1, len(training) + 1):
        found += trainer.train_step(batches)
        if progress.due():
            nats, _, tokens = np.asarray(found)
            progress.step(epoch, done, nats / tokens, tokens, time.monotonic() - started)
    nats, right, tokens = np.asarray(found, np.float64)
    learnt = time.monotonic() - started
    if not math.isfinite(nats):
        raise ValueError(f"The loss of epoch {epoch + 1} is not a number: a lower learning_rate may help.")
    val_nats, val_right, val_tokens = np.asarray(trainer.validate(validation), np.float64)
    row = {
        "epoch": epoch,
        "loss": nats / tokens,
        "accuracy": right / tokens,
        "val_loss": val_nats / val_tokens,
        "val_accuracy": val_right / val_tokens,
        "learning_rate": float(trainer.schedule((epoch + 1) * trainer.steps)),
        "tokens_per_s": tokens / learnt,
        "seconds": trainer.agreed(time.monotonic() - started),
    }
    return {name: float(f"{value:.7g}") if name != "epoch" else epoch for name, value in row.items()}


def ship(config: TrainConfig, model: keras.Model, corpus: Corpus, run: Path, target: Path) -> dict[str, Any]:
    """Writes the weights and their card where the composer finds them; returns the card."""
    known, corpus = corpus, corpus.of(config.collections)
    log = rows_of(run)
    best = min(log, key=lambda row: row["val_loss"])
    spelling = forms.form("tunesmith", ())
    card = {
        "name": config.name,
        "description": config.description,
        "date": datetime.now(UTC).date().isoformat(),
        "model": asdict(config.model),
        "parameters": model.count_params(),
        "data": corpus.manifest(),
        "training": {
            **{name: value for name, value in asdict(config).items() if name not in ("name", "description", "model")},
            "epochs_run": len(log),
            "best_epoch": int(best["epoch"]) + 1,
            "steps_an_epoch": math.ceil(len(learned(corpus)) / config.batch),
        },
        "loss": {
            "train_nats_per_token": round(best["loss"], 4),
            "validation_nats_per_token": round(best["val_loss"], 4),
            "validation_accuracy": round(best["val_accuracy"], 4),
            **{
                f"{split}_bits_per_note": round(forms.bits_per_note(spelling, corpus.split(split), forms.judge_of(model)), 4)
                for split in ("validation", "test")
            },
        },
    }
    save_weights(model, card, target)
    ranking.write(known, corpus, forms.judge_of(model), target)
    return card
