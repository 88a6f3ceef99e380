"""The logistic regression."""

import numpy as np

from training.regression import Regression


def test_it_finds_what_separates_two_classes() -> None:
    rng = np.random.default_rng(1)
    target = np.repeat([0.0, 1.0], 100)
    values = rng.normal(0, 1, (200, 5)) + 2 * target[:, None] * np.array([1, 0, 0, 0, 0])
    regression = Regression.fit(values, target, list(range(200)))
    others = rng.normal(0, 1, (200, 5)) + 2 * target[:, None] * np.array([1, 0, 0, 0, 0])
    assert np.mean((regression.scores(others) > 0) == target) > 0.8


def test_too_little_and_too_much_can_both_give_away() -> None:
    rng = np.random.default_rng(1)
    target = np.repeat([0.0, 1.0], 100)
    values = np.where(target > 0, rng.choice([-3.0, 3.0], 200), 0.0)[:, None] + rng.normal(0, 0.5, (200, 1))
    regression = Regression.fit(values, target, list(range(200)))
    assert np.mean((regression.scores(values) > 0) == target) > 0.95


def test_a_feature_that_never_changes_is_harmless() -> None:
    target = np.repeat([0.0, 1.0], 20)
    values = np.stack([np.full(40, 7.0), target], 1)
    scores = Regression.fit(values, target, list(range(40))).scores(np.array([[8.0, 0.0], [7.0, 1.0]]))
    assert scores[0] < 0 < scores[1]


def test_noise_is_shrunk() -> None:
    rng = np.random.default_rng(1)
    values, target = rng.normal(0, 1, (60, 40)), np.repeat([0.0, 1.0], 30)
    scores = Regression.fit(values, target, list(range(60))).scores(rng.normal(0, 1, (200, 40)))
    assert np.abs(scores).mean() < 1
