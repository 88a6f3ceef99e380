"""Fixtures for the tests of training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.evaluations import Load, write_evaluation
from training import curves
from training.evaluation.results import Evaluation


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    def load(evaluation: dict[str, Any]) -> Evaluation:
        return Evaluation.load(write_evaluation(tmp_path / "evaluation.json", evaluation))

    return load


@pytest.fixture(scope="module")
def without_curves() -> Iterator[None]:
    """Runs write an empty file instead of their curves: drawing takes a third of the time of a very small run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "draw", lambda rows, path: path.write_bytes(b""))
        yield
