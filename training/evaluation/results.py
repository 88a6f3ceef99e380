"""Reads evaluation.json and checks whether two of its values differ by more than chance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from training.evaluation.metric_labels import Label

REAL, RAW, GRAMMAR = "real", "raw", "grammar"
EXPECTED = {REAL: "real test tunes", RAW: "our raw samples", GRAMMAR: "our tunes with grammar"} | {
    name: name for name in ("folk_rnn", "mit_lab", "n-gram")
}


class Cell(NamedTuple):
    """A value: its mean and standard deviation over the seeds; no deviation if it was measured once."""

    mean: float
    sd: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The metrics of each column; cells that were not measured are absent."""

    columns: Mapping[str, str]  # name → label, in the order of the table
    metrics: Mapping[str, Mapping[str, Cell]]  # metric → column → value
    labels: Mapping[str, Label]
    notes: Sequence[str]
    distributions: Mapping[str, Any]
    classifier: Mapping[str, Any]
    settings: Mapping[str, Any]
    date: str

    @classmethod
    def load(cls, path: Path) -> Evaluation:
        """Reads evaluation.json. Raises ValueError with a message for users."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            message = f"There is no {path}. Run “tunesmith evaluate” first, or choose another file with --evaluation."
            raise ValueError(message) from None
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be read: {error}.") from None
        try:
            if content["format"] != 1:
                raise ValueError(f"its format is {content['format']}, not 1")
            names = {str(name): str(content["column_labels"][name]) for name in content["columns"]}
            return cls(
                columns=names,
                metrics={
                    metric: {name: Cell(float(cell["mean"]), cell["sd"]) for name, cell in row.items() if name in names}
                    for metric, row in content["metrics"].items()
                    if metric in content["labels"]
                },
                labels={name: Label(**values) for name, values in content["labels"].items()},
                notes=[str(note) for note in content.get("notes", ())],
                distributions={str(kind): _distribution(given) for kind, given in content.get("distributions", {}).items()},
                classifier=dict(content.get("classifier", {})),
                settings={"abc2midi": None, "corpus": None} | content["settings"] | {
                    "tunes": int(content["settings"]["tunes"]),
                    "seeds": [int(seed) for seed in content["settings"]["seeds"]],
                    "temperature": float(content["settings"]["temperature"]),
                },
                date=str(content["timings"]["date"])[:10],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path} is not an evaluation of this version ({error!s}).") from None

    @property
    def ours(self) -> str | None:
        """The column of our model as users hear it: with the grammar, else raw."""
        return next((name for name in (GRAMMAR, RAW) if name in self.columns), None)

    @property
    def baselines(self) -> list[str]:
        return [name for name in self.columns if name not in (REAL, RAW, GRAMMAR)]

    @property
    def tunes(self) -> int:
        """Number of tunes per column, of all seeds together."""
        return int(self.settings["tunes"] * len(self.settings["seeds"]))

    def cell(self, metric: str, column: str | None) -> Cell | None:
        return self.metrics.get(metric, {}).get(column) if column else None

    def fewer_bits(self, baseline: str) -> float | None:
        """By which share our model needs fewer bits per note than a baseline on the test tunes; negative if more."""
        own, other = self.cell("bits_per_note_test", self.ours), self.cell("bits_per_note_test", baseline)
        return 1 - own.mean / other.mean if own and other else None

    def missing(self) -> list[str]:
        return [label for name, label in EXPECTED.items() if name not in self.columns]

    def uncertainty(self, metric: str, cell: Cell) -> float | None:
        """The standard deviation of a value for a single seed; None if unknown.

        For a share it is at least the sampling error of that number of tunes, whatever the spread of a few seeds.
        """
        if self.labels[metric].kind != "share":
            return cell.sd
        share = min(max(cell.mean, 0.0), 1.0)
        return max(cell.sd or 0.0, math.sqrt(share * (1 - share) / self.settings["tunes"]))

    def differ(self, metric: str, one: Cell, other: Cell) -> bool | None:
        """Whether two values differ by more than twice their combined standard deviation; None if that is unknown."""
        first, second = self.uncertainty(metric, one), self.uncertainty(metric, other)
        if first is None or second is None:
            return None
        return abs(one.mean - other.mean) > 2 * math.hypot(first, second)


def _distribution(given: Any) -> dict[str, Any]:
    """Raises ValueError if a column doesn't have one share per class."""
    classes = [str(name) for name in given["classes"]]
    columns = {str(name): [float(share) for share in shares] for name, shares in given["columns"].items()}
    if any(len(shares) != len(classes) for shares in columns.values()):
        raise ValueError("the shares of a distribution don't match its classes")
    return {"label": str(given.get("label", "")), "classes": classes, "columns": columns}
