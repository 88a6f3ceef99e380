"""An `evaluation.json` read back, its targets, and how far two of its figures can be told apart."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from training.evaluation.table import Label

REAL, RAW, GRAMMAR = "real", "raw", "grammar"
EXPECTED = {REAL: "real test tunes", RAW: "our raw samples", GRAMMAR: "our tunes with grammar"} | {
    name: name for name in ("folk_rnn", "mit_lab", "n-gram")
}


class Cell(NamedTuple):
    """A figure: its mean over the seeds and the standard deviation among them, None where it was measured once."""

    mean: float
    sd: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured of each column; a cell that was not measured is absent."""

    columns: Mapping[str, str]  # name → label, in the order of the table
    measures: Mapping[str, Mapping[str, Cell]]  # measure → column → figure
    labels: Mapping[str, Label]
    notes: Sequence[str]
    distributions: Mapping[str, Any]
    classifier: Mapping[str, Any]
    settings: Mapping[str, Any]
    date: str

    @classmethod
    def load(cls, path: Path) -> Evaluation:
        """Raises ValueError with the sentence to show."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ValueError(f"There is no {path}. Run “tunesmith evaluate” first, or name another with --evaluation.") from None
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be read: {error}.") from None
        try:
            if found["format"] != 1:
                raise ValueError(f"its format is {found['format']}, not 1")
            names = {str(name): str(found["column_labels"][name]) for name in found["columns"]}
            return cls(
                columns=names,
                measures={
                    measure: {name: Cell(float(cell["mean"]), cell["sd"]) for name, cell in row.items() if name in names}
                    for measure, row in found["measures"].items()
                    if measure in found["labels"]
                },
                labels={name: Label(**values) for name, values in found["labels"].items()},
                notes=[str(note) for note in found.get("notes", ())],
                distributions={str(kind): _distribution(given) for kind, given in found.get("distributions", {}).items()},
                classifier=dict(found.get("classifier", {})),
                settings={"abc2midi": None, "corpus": None} | found["settings"] | {
                    "tunes": int(found["settings"]["tunes"]),
                    "seeds": [int(seed) for seed in found["settings"]["seeds"]],
                    "temperature": float(found["settings"]["temperature"]),
                },
                date=str(found["timings"]["date"])[:10],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path} is not an evaluation that this version reads ({error!s}).") from None

    @property
    def ours(self) -> str | None:
        """The column that people get to hear: with grammar, else raw."""
        return next((name for name in (GRAMMAR, RAW) if name in self.columns), None)

    @property
    def baselines(self) -> list[str]:
        return [name for name in self.columns if name not in (REAL, RAW, GRAMMAR)]

    @property
    def tunes(self) -> int:
        """Tunes of a column, of all seeds together."""
        return int(self.settings["tunes"] * len(self.settings["seeds"]))

    def cell(self, measure: str, column: str | None) -> Cell | None:
        return self.measures.get(measure, {}).get(column) if column else None

    def missing(self) -> list[str]:
        return [label for name, label in EXPECTED.items() if name not in self.columns]

    def doubt(self, measure: str, cell: Cell) -> float | None:
        """How far a figure may be off by chance, as a standard deviation of one seed's: what was seen, and of a share no
        less than so many tunes give. None where nothing is known."""
        if self.labels[measure].kind != "share":
            return cell.sd
        share = min(max(cell.mean, 0.0), 1.0)
        return max(cell.sd or 0.0, math.sqrt(share * (1 - share) / self.settings["tunes"]))

    def differ(self, measure: str, one: Cell, other: Cell) -> bool | None:
        """Whether two figures differ by more than twice their doubts together; None where that is not known."""
        mine, theirs = self.doubt(measure, one), self.doubt(measure, other)
        if mine is None or theirs is None:
            return None
        return abs(one.mean - other.mean) > 2 * math.hypot(mine, theirs)


def _distribution(given: Any) -> dict[str, Any]:
    """Raises ValueError where a column has not a share for each class."""
    classes = [str(name) for name in given["classes"]]
    columns = {str(name): [float(share) for share in shares] for name, shares in given["columns"].items()}
    if any(len(shares) != len(classes) for shares in columns.values()):
        raise ValueError("a distribution has shares without classes")
    return {"label": str(given.get("label", "")), "classes": classes, "columns": columns}


def shown(value: float, kind: str) -> str:
    """A figure as the report writes it."""
    if kind == "share":
        return f"{100 * value:.1f}\u00a0%"
    return f"{value:.{ {'number': 1, 'bits': 3, 'divergence': 5, 'ratio': 2}[kind] }f}"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to reach: at least or at most so much, or so near to real test tunes."""

    measure: str
    column: str  # raw or grammar
    way: Literal["least", "most", "near"]
    target: float
    ambition: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what became of it; texts, ready to be shown."""

    what: str
    column: str  # empty where the figure is the same with and without grammar
    figure: str
    target: str
    ambition: str
    reached: Literal["ambition", "target", "missed"]


TARGETS = (
    Target("bars_legal", RAW, "least", 0.92, 0.97),
    Target("bars_legal", GRAMMAR, "least", 1.0),
    Target("abc2midi", GRAMMAR, "least", 1.0),
    Target("ends_on_tonic", GRAMMAR, "near", 0.05),
    Target("aabb", GRAMMAR, "least", 0.90, 0.97),
    Target("metre", GRAMMAR, "least", 1.0),
    Target("key_written", GRAMMAR, "least", 1.0),
    Target("key", GRAMMAR, "least", 1.0),
    Target("rhythm", GRAMMAR, "least", 0.90, 0.97),
    Target("run_33", GRAMMAR, "most", 0.01, 0.0),
    Target("run_17", GRAMMAR, "most", 0.30, 0.20),
    *(Target(f"jsd_{kind}_floors", GRAMMAR, "most", 2.0, 1.3) for kind in ("pitch_class", "interval", "bar_rhythm", "contour")),
)
FEWER_BITS = {"folk_rnn": (0.08, 0.12), "mit_lab": (0.20, 0.25), "n-gram": (0.40, 0.50)}  # than a baseline's: target, ambition


def fewer_bits(found: Evaluation, baseline: str) -> float | None:
    """The share of a baseline's bits per note that ours saves on the test tunes; negative where ours needs more."""
    own, other = found.cell("bits_per_note_test", found.ours), found.cell("bits_per_note_test", baseline)
    return 1 - own.mean / other.mean if own and other else None


def verdicts(found: Evaluation) -> list[Verdict]:
    """What became of each target whose figures were measured."""
    rows = []
    for baseline in found.baselines:
        saved = fewer_bits(found, baseline)
        if saved is not None and baseline in FEWER_BITS:
            target, ambition = FEWER_BITS[baseline]
            what = f"fewer bits per note than {found.columns[baseline]}, test"
            least, hoped = (f"≥ {100 * share:g}\u00a0%" for share in (target, ambition))
            rows.append(Verdict(what, "", shown(saved, "share"), least, hoped, _reached(saved, target, ambition)))
    for goal in TARGETS:
        cell, real = found.cell(goal.measure, goal.column), found.cell(goal.measure, REAL)
        if cell is None or (goal.way == "near" and real is None):
            continue
        label = found.labels[goal.measure]
        what = f"{found.labels[goal.measure.removesuffix('_floors')].label}, in floors" if label.kind == "ratio" else label.label
        value, figure = cell.mean, shown(cell.mean, label.kind)
        if goal.way == "near" and real:
            figure += f" (real {shown(real.mean, label.kind)})"
            value = abs(value - real.mean)
            wanted = [f"within {100 * goal.target:g} points of real"]
        else:
            share = label.kind == "share"
            sign, unit = "≥ " if goal.way == "least" else "≤ ", "\u00a0%" if share else ""
            limits = [limit for limit in (goal.target, goal.ambition) if limit is not None]
            wanted = [f"{'' if share and limit in (0, 1) else sign}{100 * limit if share else limit:g}{unit}" for limit in limits]
        side = 1 if goal.way == "least" else -1
        reached = _reached(side * value, side * goal.target, None if goal.ambition is None else side * goal.ambition)
        rows.append(Verdict(what, goal.column, figure, wanted[0], wanted[1] if len(wanted) > 1 else "", reached))
    return rows


def _reached(value: float, target: float, ambition: float | None) -> Literal["ambition", "target", "missed"]:
    if ambition is not None and value >= ambition - 1e-9:
        return "ambition"
    return "target" if value >= target - 1e-9 else "missed"
