"""The targets: reached, missed, or stretch goals."""

import pytest

from tests.training.evaluations import Load, cell, made_up
from training.evaluation.targets import check_targets


@pytest.mark.parametrize(
    ("metric", "column", "mean", "outcome"),
    [
        ("bars_legal", "raw", 0.919, "missed"),
        ("bars_legal", "raw", 0.92, "target"),
        ("bars_legal", "raw", 0.97, "stretch goal"),
        ("abc2midi", "grammar", 0.998, "missed"),
        ("abc2midi", "grammar", 1.0, "target"),
        ("run_33", "grammar", 0.011, "missed"),
        ("run_33", "grammar", 0.01, "target"),
        ("run_33", "grammar", 0.0, "stretch goal"),
        ("ends_on_tonic", "grammar", 0.85, "target"),  # real: 0.9
        ("ends_on_tonic", "grammar", 0.96, "missed"),
        ("jsd_contour_ratio", "grammar", 2.01, "missed"),
    ],
)
def test_a_target_is_reached_or_missed(loaded: Load, metric: str, column: str, mean: float, outcome: str) -> None:
    evaluation = made_up()
    evaluation["metrics"][metric][column] = cell(mean, 0.001)
    found = loaded(evaluation)
    label = found.labels[metric.removesuffix("_ratio")].label
    (result,) = [
        row for row in check_targets(found) if row.label in (label, f"{label}, relative to real tunes") and row.column == column
    ]
    assert result.outcome == outcome


@pytest.mark.parametrize(
    ("bits", "share", "outcome"), [(1.80, "10.0", "target"), (1.7, "15.0", "stretch goal"), (2.2, "-10.0", "missed")]
)
def test_bits_per_note_are_compared_with_each_baseline(loaded: Load, bits: float, share: str, outcome: str) -> None:
    evaluation = made_up()
    for column, mean in (("grammar", bits), ("folk_rnn", 2.0)):
        evaluation["metrics"]["bits_per_note_test"][column]["mean"] = mean
    (result,) = [row for row in check_targets(loaded(evaluation)) if "folk_rnn" in row.label]
    assert (result.value, result.outcome) == (f"{share}\u00a0%", outcome)
