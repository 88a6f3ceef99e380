"""A made-up evaluation, for what reads one: its figures are nobody's."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from training.evaluation.distributions import CONTOURS
from training.evaluation.table import MEASURES

COLUMNS = {
    "real": "real test tunes",
    "raw": "tiny, raw",
    "grammar": "tiny, with grammar",
    "folk_rnn": "folk_rnn",
    "mit_lab": "mit_lab",
    "n-gram": "n-gram",
}
LEVELS = {"share": (0.9, -1.0), "number": (20.0, 10.0), "bits": (2.0, 2.0), "divergence": (0.002, 0.05), "ratio": (1.0, 8.0)}
RHYTHMS = ["2 1 1 2 1 1", "1 1 1 1 1 1 1 1", "3 3", "2 1 2 1", "2 1 1 1 1", "4 2", "1 1 1 2 1", "3 2 1", "6", "4 4"]


def made_up(*columns: str) -> dict[str, Any]:
    """An evaluation of these columns, of all without any: real tunes 0.9 in every share, ours nearer to them than baselines."""
    names = list(columns or COLUMNS)
    far = {"real": 0.0, "raw": 0.03, "grammar": 0.01, "folk_rnn": 0.12, "mit_lab": 0.3, "n-gram": 0.45}
    measures: dict[str, dict[str, Any]] = {}
    for measure, label in MEASURES.items():
        middle, step = LEVELS[label.kind]
        measures[measure] = {name: spread(middle + step * far[name], 0.01 * middle) for name in names}
    for split in ("test", "validation"):
        row = measures[f"bits_per_note_{split}"]
        row.pop("real", None)
        for cell in row.values():
            cell |= {"sd": None, "per_seed": [cell["mean"]]}
    measures["own_bits_per_token"] = {name: cell for name, cell in measures["own_bits_per_token"].items() if name == "grammar"}
    classes = {
        "pitch_class": [str(step) for step in range(12)],
        "interval": ["≤-12", *map(str, range(-11, 12)), "≥12"],
        "contour": CONTOURS,
        "bar_rhythm": [*RHYTHMS, "other"],
        "longest_run": ["≤8", "9–12", "13–16", "17–24", "25–32", "≥33"],
    }
    return {
        "format": 1,
        "columns": names,
        "column_labels": {name: COLUMNS[name] for name in names},
        "measures": {measure: row for measure, row in measures.items() if row},
        "labels": {
            name: {"group": one.group, "kind": one.kind, "label": one.label, "says": one.says} for name, one in MEASURES.items()
        },
        "notes": [],
        "distributions": {
            kind: {
                "label": f"classes of {kind}",
                "classes": found,
                "columns": {name: hill(len(found), far.get(name, 0.0)) for name in ("training", *names)},
            }
            for kind, found in classes.items()
        },
        "classifier": {
            "accuracy": {"train": 0.8, "validation": 0.75, "test": 0.74},
            "consistent": {"validation": 0.95, "test": 0.94},
            "by_column": {name: {"reel": judged(200, 190), "jig": judged(150, 120), "waltz": judged(3, 0)} for name in names},
        },
        "settings": {
            "model": "tiny",
            "tunes": 200,
            "seeds": [0, 1, 2],
            "temperature": 1.0,
            "corpus": "0123456789abcdef" * 4,
            "abc2midi": "4.84",
            "baselines": {},
        },
        "timings": {"date": "2026-11-23T07:00:00+00:00", "seconds": {}},
    }


def spread(mean: float, sd: float) -> dict[str, Any]:
    return {"mean": mean, "sd": sd, "per_seed": [mean - sd, mean, mean + sd]}


def judged(tunes: int, consistent: int) -> dict[str, int]:
    return {"tunes": tunes, "same": consistent // 2, "consistent": consistent}


def hill(count: int, skew: float) -> list[float]:
    """Shares that add up to 1; `skew` moves them to the right."""
    heights = [math.exp(-(((at - count * (0.4 + 0.5 * skew)) / (count / 4)) ** 2)) for at in range(count)]
    return [height / sum(heights) for height in heights]


def written(path: Path, evaluation: dict[str, Any]) -> Path:
    path.write_text(json.dumps(evaluation), encoding="utf-8")
    return path
