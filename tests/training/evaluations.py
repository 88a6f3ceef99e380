"""A made-up evaluation for tests of code that reads one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.evaluation.distributions import CONTOURS
from training.evaluation.metric_labels import METRICS
from training.evaluation.results import Evaluation

Load = Callable[[dict[str, Any]], Evaluation]  # writes an evaluation to a file and loads it
COLUMNS = {
    "real": "real test tunes",
    "raw": "tiny, raw",
    "grammar": "tiny, with grammar",
    "folk_rnn": "folk_rnn",
    "mit_lab": "mit_lab",
    "n-gram": "n-gram",
}
LEVELS = {
    "share": (0.9, -1.0), "number": (20.0, 10.0), "bits": (2.0, 2.0), "divergence": (0.002, 0.05), "ratio": (1.0, 8.0),
    "fraction": (0.5, 1.0),
}  # fmt: skip
RHYTHMS = ["2 1 1 2 1 1", "1 1 1 1 1 1 1 1", "3 3", "2 1 2 1", "2 1 1 1 1", "4 2", "1 1 1 2 1", "3 2 1", "6", "4 4"]


def made_up(*columns: str) -> dict[str, Any]:
    """An evaluation of these columns, by default of all. Ours are nearer to real tunes than the baselines."""
    names = list(columns or COLUMNS)
    distance = {"real": 0.0, "raw": 0.03, "grammar": 0.01, "folk_rnn": 0.12, "mit_lab": 0.3, "n-gram": 0.45}
    metrics: dict[str, dict[str, Any]] = {}
    for metric, label in METRICS.items():
        base, step = LEVELS[label.kind]
        metrics[metric] = {name: cell(base + step * distance[name], 0.01 * base) for name in names}
    for split in ("test", "validation"):
        row = metrics[f"bits_per_note_{split}"]
        row.pop("real", None)
        for values in row.values():
            values |= {"sd": None, "per_seed": [values["mean"]]}
    metrics["own_bits_per_token"] = {name: values for name, values in metrics["own_bits_per_token"].items() if name == "grammar"}
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
        "metrics": {metric: row for metric, row in metrics.items() if row},
        "labels": {name: asdict(label) for name, label in METRICS.items()},
        "notes": [],
        "distributions": {
            kind: {
                "label": f"classes of {kind}",
                "classes": found,
                "columns": {name: peak(len(found), distance.get(name, 0.0)) for name in ("training", *names)},
            }
            for kind, found in classes.items()
        },
        "classifier": {
            "accuracy": {"train": 0.8, "validation": 0.75, "test": 0.74},
            "consistent": {"validation": 0.95, "test": 0.94},
            "by_column": {
                name: {"reel": classified(200, 190), "jig": classified(150, 120), "waltz": classified(3, 0)} for name in names
            },
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


def cell(mean: float, sd: float) -> dict[str, Any]:
    return {"mean": mean, "sd": sd, "per_seed": [mean - sd, mean, mean + sd]}


def classified(tunes: int, consistent: int) -> dict[str, int]:
    return {"tunes": tunes, "same": consistent // 2, "consistent": consistent}


def peak(count: int, skew: float) -> list[float]:
    """Shares that sum to 1; a larger `skew` moves the peak to the right."""
    heights = [math.exp(-(((index - count * (0.4 + 0.5 * skew)) / (count / 4)) ** 2)) for index in range(count)]
    return [height / sum(heights) for height in heights]


def write_evaluation(path: Path, evaluation: dict[str, Any]) -> Path:
    path.write_text(json.dumps(evaluation), encoding="utf-8")
    return path
