"""Trains the LSTM: `tunesmith train`, from collections to shipped weights.

    tunesmith train                                  the shipped model, about an hour on two cores
    tunesmith train --config training/configs/small.toml --run data/runs/mine

A run's folder holds the configuration, `log.csv` and `curves.png`, TensorBoard's events, the last state (a run that was
stopped goes on from there, exactly as if it had not been) and the best weights, by validation loss.
"""

from __future__ import annotations

import csv
import json
import math
import time
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import keras
import numpy as np
import tensorflow as tf

from generator.composer.model import ModelConfig, build
from generator.composer.weights import save_weights
from generator.notation.keys import Key
from generator.notation.tokens import layout
from training import curves, forms
from training.corpus import Corpus, Entry
from training.dataset import Batches, Example
from training.progress import Progress
from training.strategy import Deal, distributed, is_chief

Row = dict[str, float]  # the figures of an epoch, as log.csv has them
DRAWN_EVERY_S = 30  # the curves, while a run goes on
SEED_STEP = 1 << 24  # between the dropout of two replicas


@dataclass(frozen=True, slots=True)
class TrainConfig:
    name: str = "tunesmith"
    model: ModelConfig = field(default_factory=ModelConfig)
    tokens: Literal["tunesmith", "folk_rnn", "characters"] = "tunesmith"  # the form in which tunes are read
    window: int = 0  # tokens of an example that is cut out of all tunes joined; 0: an example is a whole tune
    batch: int = 32  # examples; smaller ones generalise better here, larger ones run faster
    epochs: int = 40
    minutes: float = 0.0  # training ends with the epoch in which they are up; 0: no limit
    optimizer: Literal["adamw", "adam", "rmsprop"] = "adamw"
    learning_rate: float = 2e-3  # at its height
    # cosine: from nothing to its height in the warm-up, then down to nothing; decay: × 0.97 an epoch after the 20th
    schedule: Literal["cosine", "constant", "decay"] = "cosine"
    warm_up: float = 0.02  # of all steps, for the cosine
    weight_decay: float = 0.05
    clip_norm: float = 1.0  # of each variable's gradient; 0: not clipped
    weight_averaging: float = 0.0  # momentum of the average that is validated and kept, such as 0.999; 0: none
    header_dropout: float = 0.15  # so that a wish may leave rhythm or mode open
    patience: int = 6  # epochs without a better validation loss
    mixed_precision: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            if (known := get_args(kind)) and getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}, which is none of {', '.join(known)}.")

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

    def flat(self) -> dict[str, Any]:
        """Each value by its name, the model's as `model.units`."""
        values = asdict(self)
        return {**{f"model.{name}": value for name, value in values.pop("model").items()}, **values}


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


@dataclass(slots=True)
class _Past:
    """What a run knows of its past epochs."""

    rows: list[Row] = field(default_factory=list)
    best: float = math.inf
    waited: int = 0  # epochs since the best one
    seconds: float = 0.0

    def over(self, config: TrainConfig) -> str:
        """Why the run is at its end, or nothing."""
        if len(self.rows) >= config.epochs:
            return f"all {config.epochs} epochs are done"
        if self.waited >= config.patience:
            return f"no better validation loss for {self.waited} epochs"
        if config.minutes and self.seconds >= 60 * config.minutes:
            return f"the {config.minutes:g} minutes are up"
        return ""


def example(entry: Entry) -> Example:
    return Example.of(entry.tokens, Key.parse(entry.key), layout(entry.tokens))


def data(config: TrainConfig, corpus: Corpus) -> tuple[Deal, Deal, int]:
    """The batches to learn from, those to validate with, and the size of the vocabulary."""
    if config.tokens != "tunesmith":
        return forms.batches(config, corpus)
    examples, held_out = ([example(entry) for entry in corpus.split(side)] for side in ("train", "validation"))
    training = Batches(examples, config.batch, header_dropout=config.header_dropout, seed=config.seed)
    return training, Batches(held_out, config.batch), config.model.vocabulary


def train(
    config: TrainConfig,
    corpus: Corpus,
    run: Path,
    *,
    verbose: int = 1,
    strategy: tf.distribute.Strategy | None = None,
    each_epoch: Callable[[Row], None] | None = None,
) -> keras.Model:
    """Trains until the configuration's end or early stopping, leaves the best weights in `run/best.weights.h5` and returns
    the model with them. A run that was stopped goes on. Raises ValueError if the run is another one's.

    With several workers all need the run's folder; the first of them alone writes into it, and calls `each_epoch`.
    """
    strategy = strategy or tf.distribute.get_strategy()
    chief = is_chief(strategy)
    training, validation, vocabulary = data(config, corpus)
    config = replace(config, model=replace(config.model, vocabulary=vocabulary))
    _claim(run, config, corpus, write=chief)
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if config.mixed_precision else "float32")
    trainer = _Trainer(config, strategy, len(training))
    kept = build(config.model)  # holds the best weights
    past = _restored(run, trainer, kept)
    if trainer.agreed(len(past.rows)) != len(past.rows):
        raise ValueError(f"The workers do not see the same run in {run}: all of them need that folder.")
    log = _Log(run, past.rows) if chief else None
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
            _save(run, trainer, past)
            progress.epoch(row, ", the best yet" if better else "")
            if each_epoch:
                each_epoch(row)
    if log:
        log.draw(past.rows)
    progress.end(past.over(config))
    return kept


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


class _Log:
    """`log.csv`, `curves.png` and TensorBoard's events of a run."""

    def __init__(self, run: Path, rows: Sequence[Row]) -> None:
        self.run = run
        self.writers = {side: tf.summary.create_file_writer(str(run / "tensorboard" / side)) for side in ("train", "validation")}
        self.drawn = -math.inf  # the first epoch is drawn at once
        if rows:
            self._table(rows)  # an epoch that was not finished may stand in the log

    def write(self, rows: Sequence[Row]) -> None:
        self._table(rows)
        if time.monotonic() - self.drawn > DRAWN_EVERY_S:
            self.draw(rows)
        for name, value in rows[-1].items():
            if name not in ("epoch", "seconds"):
                with self.writers["validation" if name.startswith("val_") else "train"].as_default(step=len(rows)):
                    tf.summary.scalar(name.removeprefix("val_"), value)
        for writer in self.writers.values():
            writer.flush()

    def draw(self, rows: Sequence[Row]) -> None:
        if rows:
            write_whole(self.run / "curves.png", lambda path: curves.draw(rows, path), suffix=".png")
            self.drawn = time.monotonic()

    def _table(self, rows: Sequence[Row]) -> None:
        def table(path: Path) -> None:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

        write_whole(self.run / "log.csv", table)


def write_whole(path: Path, write: Callable[[Path], object], *, suffix: str = "") -> None:
    """Writes a file whole or not at all, whenever the process is killed."""
    part = path.with_name(f".{path.name}.part{suffix}")
    write(part)
    part.replace(path)


def _save(run: Path, trainer: _Trainer, past: _Past) -> None:
    def state(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, past=np.array(json.dumps(asdict(past))), **trainer.state())

    write_whole(run / "last.npz", state)


def _restored(run: Path, trainer: _Trainer, kept: keras.Model) -> _Past:
    """Goes back to the end of the run's last whole epoch."""
    path = run / "last.npz"
    if not path.exists():
        return _Past()
    try:
        with np.load(path, allow_pickle=False) as state:
            past = _Past(**json.loads(str(state["past"])))
            trainer.restore(state)
        kept.load_weights(run / "best.weights.h5")
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"The run in {run} cannot be gone on with ({error}). Delete that folder, or name another.") from error
    return past


def _claim(run: Path, config: TrainConfig, corpus: Corpus, *, write: bool) -> None:
    """Begins a run's folder, or goes on in it if it is of the same model and corpus; raises ValueError if not."""
    described = json.loads(json.dumps({**asdict(config), "corpus": corpus.manifest()["sha256"]}))  # as it is read back
    path = run / "config.json"
    if path.exists():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        for part in ("model", "corpus", "tokens", "optimizer"):
            if earlier.get(part) != described[part]:
                raise ValueError(f"{run} holds a run with another {part}. Name another folder with --run, or delete that one.")
        if bool(earlier["weight_averaging"]) != bool(config.weight_averaging):
            raise ValueError(
                f"{run} holds a run with another weight_averaging. Name another folder with --run, or delete that one."
            )
    if write:
        run.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda part: part.write_text(json.dumps(described, indent=2), encoding="utf-8"))


def rows_of(run: Path) -> list[Row]:
    """The epochs that a run's log holds."""
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def ship(config: TrainConfig, model: keras.Model, corpus: Corpus, run: Path, target: Path) -> dict[str, Any]:
    """Writes the weights and their card where the composer finds them; returns the card."""
    log = rows_of(run)
    best = min(log, key=lambda row: row["val_loss"])
    spelling = forms.form("tunesmith", ())
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
    return card
