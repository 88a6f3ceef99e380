"""Evaluations are loaded, validated and compared."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.training.evaluations import Load, made_up
from training.evaluation.results import Cell


@pytest.mark.parametrize(
    "corrupt",
    [
        lambda found: found.pop("metrics"),
        lambda found: found.update(format=2),
        lambda found: found.update(columns=["real", "unknown"]),
        lambda found: found["settings"].update(tunes="many"),
        lambda found: found["metrics"]["bars"]["raw"].pop("mean"),
        lambda found: found["distributions"]["contour"]["columns"]["raw"].pop(),
    ],
)
def test_an_invalid_evaluation_is_rejected(loaded: Load, corrupt: Callable[[dict[str, Any]], object]) -> None:
    evaluation = made_up()
    corrupt(evaluation)
    with pytest.raises(ValueError, match="is not an evaluation of this version"):
        loaded(evaluation)


def test_two_values_differ_if_their_deviations_do_not_explain_it(loaded: Load) -> None:
    found = loaded(made_up())
    assert found.differ("notes", Cell(100, 3), Cell(110, 4)) is False  # 2 · 5
    assert found.differ("notes", Cell(100, 3), Cell(110.1, 4)) is True
    assert found.differ("notes", Cell(100, None), Cell(110, 4)) is None
    # the sampling error of 0.9 is 0.021 for 200 tunes, whatever the deviation over three seeds
    assert found.differ("bars_legal", Cell(0.90, 0.0), Cell(0.95, 0.0)) is False
    assert found.differ("bars_legal", Cell(0.90, 0.0), Cell(0.96, 0.0)) is True


def test_an_evaluation_is_loaded(loaded: Load) -> None:
    found = loaded(json.loads(json.dumps(made_up())))
    assert found.cell("last_bar_alike", "folk_rnn") == Cell(pytest.approx(0.78), pytest.approx(0.009))  # type: ignore[arg-type]
    assert found.cell("bits_per_note_test", "real") is None
    assert (found.ours, found.baselines, found.tunes) == ("grammar", ["folk_rnn", "mit_lab", "n-gram"], 600)
