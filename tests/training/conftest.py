"""Fixtures for the tests of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.evaluations import Load, write_evaluation
from training.evaluation.results import Evaluation


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    def load(evaluation: dict[str, Any]) -> Evaluation:
        return Evaluation.load(write_evaluation(tmp_path / "evaluation.json", evaluation))

    return load
