"""The folder of a training run: configuration, log, curves, TensorBoard events and the checkpoint to resume from."""

from __future__ import annotations

import csv
import json
import math
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from training import curves
from training.config import TrainConfig
from training.corpus.corpus import Corpus

Row = dict[str, float]  # one epoch, a row of log.csv
DRAW_INTERVAL_S = 30  # between two updates of the curves


@dataclass(slots=True)
class History:
    """The epochs of a run so far."""

    rows: list[Row] = field(default_factory=list)
    best_loss: float = math.inf  # lowest validation loss
    epochs_without_improvement: int = 0
    seconds: float = 0.0

    def add(self, row: Row) -> bool:
        """Adds an epoch. Returns whether its validation loss is the best so far."""
        self.rows.append(row)
        self.seconds += row["seconds"]
        improved = row["val_loss"] < self.best_loss
        self.best_loss = min(self.best_loss, row["val_loss"])
        self.epochs_without_improvement = 0 if improved else self.epochs_without_improvement + 1
        return improved

    def stop_reason(self, config: TrainConfig) -> str:
        """Why training stops here; empty if it continues."""
        if len(self.rows) >= config.epochs:
            return f"all {config.epochs} epochs are done"
        if self.epochs_without_improvement >= config.patience:
            return f"no better validation loss for {self.epochs_without_improvement} epochs"
        if config.max_minutes and self.seconds >= 60 * config.max_minutes:
            return f"the limit of {config.max_minutes:g} minutes is reached"
        return ""


def open_run(run: Path, config: TrainConfig, corpus: Corpus, *, write: bool) -> None:
    """Checks that a run can be started or resumed in the folder; if `write`, stores the configuration there.

    Raises ValueError if the folder contains a run that can't be resumed with this configuration and corpus.
    """
    described = json.loads(json.dumps({**asdict(config), "corpus": corpus.manifest()["sha256"]}))  # tuples become lists
    path = run / "config.json"
    if path.exists():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        different = [name for name in ("model", "corpus", "tokenizer", "optimizer") if earlier.get(name) != described[name]]
        if bool(earlier.get("ema_momentum")) != bool(config.ema_momentum):
            different.append("ema_momentum")
        if different:
            raise ValueError(
                f"{run} contains a run with another {different[0]}. Choose another folder with --run, or delete this one."
            )
    if write:
        run.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda temporary: temporary.write_text(json.dumps(described, indent=2), encoding="utf-8"))


def save_checkpoint(run: Path, state: Mapping[str, Any], history: History) -> None:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, history=np.array(json.dumps(asdict(history))), **state)

    write_atomically(run / "checkpoint.npz", write)


def load_checkpoint(run: Path) -> tuple[History, dict[str, Any]] | None:
    """The history and state after the last complete epoch, None without one; raises ValueError for an unreadable file."""
    path = run / "checkpoint.npz"
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            state = {name: file[name] for name in file.files if name != "history"}
            return History(**json.loads(str(file["history"]))), state
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise checkpoint_error(run, error) from error


def checkpoint_error(run: Path, error: Exception) -> ValueError:
    return ValueError(f"The run in {run} cannot be resumed ({error}). Delete this folder, or choose another.")


class RunLog:
    """Writes log.csv, curves.png and the TensorBoard events of a run."""

    def __init__(self, run: Path, rows: Sequence[Row]) -> None:
        self.run = run
        folder = run / "tensorboard"
        self.writers = {split: tf.summary.create_file_writer(str(folder / split)) for split in ("train", "validation")}
        self.drawn = -math.inf  # so that the first epoch is drawn at once
        if rows:
            self._write_csv(rows)  # drops a logged epoch that was interrupted before its checkpoint

    def write(self, rows: Sequence[Row]) -> None:
        """Logs the last of the rows."""
        self._write_csv(rows)
        if time.monotonic() - self.drawn > DRAW_INTERVAL_S:
            self.draw(rows)
        for name, value in rows[-1].items():
            if name not in ("epoch", "seconds"):
                with self.writers["validation" if name.startswith("val_") else "train"].as_default(step=len(rows)):
                    tf.summary.scalar(name.removeprefix("val_"), value)
        for writer in self.writers.values():
            writer.flush()

    def draw(self, rows: Sequence[Row]) -> None:
        if rows:
            write_atomically(self.run / "curves.png", lambda path: curves.draw(rows, path), suffix=".png")
            self.drawn = time.monotonic()

    def _write_csv(self, rows: Sequence[Row]) -> None:
        def write(path: Path) -> None:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

        write_atomically(self.run / "log.csv", write)


def read_log(run: Path) -> list[Row]:
    """The rows of a run's log.csv."""
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def write_atomically(path: Path, write: Callable[[Path], object], *, suffix: str = "") -> None:
    """Writes a file through a temporary one, so that it is complete or unchanged if the process is killed."""
    temporary = path.with_name(f".{path.name}.part{suffix}")
    write(temporary)
    temporary.replace(path)
