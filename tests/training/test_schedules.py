"""Learning rate schedules."""

from dataclasses import replace
from itertools import pairwise
from typing import Literal

import pytest

from training.config import TrainConfig
from training.schedules import make_schedule

SCHEDULES: tuple[Literal["constant"], Literal["decay"], Literal["cosine"]] = ("constant", "decay", "cosine")


def test_learning_rate_schedules() -> None:
    config = TrainConfig(epochs=40, learning_rate=0.1, warmup_fraction=0.05)
    constant, decay, cosine = (make_schedule(replace(config, learning_rate_schedule=name), 10) for name in SCHEDULES)
    assert [float(constant(step)) for step in (0, 1, 399)] == pytest.approx([0.1] * 3)
    epochs = [float(decay(10 * epoch + 9)) for epoch in range(40)]  # the last step of each
    assert epochs[:20] == pytest.approx([0.1] * 20)
    assert epochs[20:] == pytest.approx([0.1 * 0.97 ** (epoch + 1) for epoch in range(20)])
    steps = [float(cosine(step)) for step in range(401)]
    assert steps[0] == 0
    assert steps[20] == max(steps) == pytest.approx(0.1)
    assert all(a > b for a, b in pairwise(steps[20:]))
    assert steps[400] == pytest.approx(0, abs=1e-9)
