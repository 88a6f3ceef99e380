"""What stands in the folder of a run, so that one that was stopped can go on: the configuration, `log.csv` and `curves.png`,
TensorBoard's events, the last state.
"""

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

Row = dict[str, float]  # the figures of an epoch, as log.csv has them
DRAWN_EVERY_S = 30  # the curves, while a run goes on


@dataclass(slots=True)
class Past:
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


def claim(run: Path, config: TrainConfig, corpus: Corpus, *, write: bool) -> None:
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


def save(run: Path, state: Mapping[str, Any], past: Past) -> None:
    """Keeps all that the next epoch depends on."""

    def arrays(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, past=np.array(json.dumps(asdict(past))), **state)

    write_whole(run / "last.npz", arrays)


def saved(run: Path) -> tuple[Past, dict[str, Any]] | None:
    """The run at the end of its last whole epoch; None where it has none. Raises ValueError for what cannot be read."""
    path = run / "last.npz"
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return Past(**json.loads(str(file["past"]))), {name: file[name] for name in file.files if name != "past"}
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise broken(run, error) from error


def broken(run: Path, error: Exception) -> ValueError:
    return ValueError(f"The run in {run} cannot be gone on with ({error}). Delete that folder, or name another.")


class Log:
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


def rows_of(run: Path) -> list[Row]:
    """The epochs that a run's log holds."""
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def write_whole(path: Path, write: Callable[[Path], object], *, suffix: str = "") -> None:
    """Writes a file whole or not at all, whenever the process is killed."""
    part = path.with_name(f".{path.name}.part{suffix}")
    write(part)
    part.replace(path)
