"""The targets for our model, and which of them an evaluation reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from training.evaluation.metric_labels import format_value
from training.evaluation.results import GRAMMAR, RAW, REAL, Evaluation

Outcome = Literal["stretch goal", "target", "missed"]


@dataclass(frozen=True, slots=True)
class Target:
    """A target for a metric: a minimum, a maximum, or a maximum distance from real test tunes."""

    metric: str
    column: str  # raw or grammar
    direction: Literal["min", "max", "near"]
    target: float
    stretch: float | None = None  # a more ambitious value


@dataclass(frozen=True, slots=True)
class TargetResult:
    """A target and its outcome, as texts to show."""

    label: str
    column: str  # empty if the value is the same with and without the grammar
    value: str
    target: str
    stretch: str
    outcome: Outcome


TARGETS = (
    Target("bars_legal", RAW, "min", 0.92, 0.97),
    Target("bars_legal", GRAMMAR, "min", 1.0),
    Target("abc2midi", GRAMMAR, "min", 1.0),
    Target("ends_on_tonic", GRAMMAR, "near", 0.05),
    Target("judge", GRAMMAR, "max", 0.70, 0.60),
    Target("form_distance", GRAMMAR, "max", 0.20, 0.10),
    Target("last_bar_alike", GRAMMAR, "near", 0.08, 0.04),
    Target("last_two_bars_alike", GRAMMAR, "near", 0.08, 0.04),
    Target("cadence_known", GRAMMAR, "min", 0.50),
    Target("cadence_7_1", GRAMMAR, "min", 0.09),
    Target("half_bars_common", GRAMMAR, "near", 0.04, 0.02),
    Target("strathspey_plain", GRAMMAR, "max", 0.05),
    Target("hornpipe_triplets", GRAMMAR, "min", 0.05),
    Target("metre", GRAMMAR, "min", 1.0),
    Target("key_written", GRAMMAR, "min", 1.0),
    Target("key", GRAMMAR, "min", 1.0),
    Target("rhythm", GRAMMAR, "min", 0.90, 0.97),
    Target("run_33", GRAMMAR, "max", 0.01, 0.0),
    Target("run_17", GRAMMAR, "max", 0.30, 0.20),
    *(Target(f"jsd_{name}_ratio", GRAMMAR, "max", 2.0, 1.3) for name in ("pitch_class", "interval", "bar_rhythm", "contour")),
)
# By how much our model should need fewer bits per note than a baseline: target, stretch goal.
FEWER_BITS = {"folk_rnn": (0.08, 0.12), "mit_lab": (0.20, 0.25), "n-gram": (0.40, 0.50)}


def check_targets(evaluation: Evaluation) -> list[TargetResult]:
    """The outcome of each target whose metric was measured."""
    results = []
    for baseline in evaluation.baselines:
        saving = evaluation.fewer_bits(baseline)
        if saving is not None and baseline in FEWER_BITS:
            target, stretch = FEWER_BITS[baseline]
            label = f"fewer bits per note than {evaluation.columns[baseline]}, test"
            target_text, stretch_text = (f"≥ {100 * share:g}\u00a0%" for share in (target, stretch))
            outcome = _outcome(saving, target, stretch)
            results.append(TargetResult(label, "", format_value(saving, "share"), target_text, stretch_text, outcome))
    results += [result for target in TARGETS if (result := _check(evaluation, target))]
    return results


def _check(evaluation: Evaluation, target: Target) -> TargetResult | None:
    cell, real = evaluation.cell(target.metric, target.column), evaluation.cell(target.metric, REAL)
    if cell is None or (target.direction == "near" and real is None):
        return None
    kind = evaluation.labels[target.metric].kind
    label = evaluation.labels[target.metric.removesuffix("_ratio")].label
    if kind == "ratio":
        label += ", relative to real tunes"
    value, text = cell.mean, format_value(cell.mean, kind)
    if target.direction == "near" and real:
        text += f" (real {format_value(real.mean, kind)})"
        value = abs(value - real.mean)
        limits = [f"within {100 * limit:g} points of real" for limit in (target.target, target.stretch) if limit is not None]
    else:
        share = kind == "share"
        sign, unit = "≥ " if target.direction == "min" else "≤ ", "\u00a0%" if share else ""
        limits = [
            f"{'' if share and limit in (0, 1) else sign}{100 * limit if share else limit:g}{unit}"
            for limit in (target.target, target.stretch)
            if limit is not None
        ]
    sign_of_better = 1 if target.direction == "min" else -1
    outcome = _outcome(
        sign_of_better * value,
        sign_of_better * target.target,
        None if target.stretch is None else sign_of_better * target.stretch,
    )
    return TargetResult(label, target.column, text, limits[0], limits[1] if len(limits) > 1 else "", outcome)


def _outcome(value: float, target: float, stretch: float | None) -> Outcome:
    if stretch is not None and value >= stretch - 1e-9:
        return "stretch goal"
    return "target" if value >= target - 1e-9 else "missed"
