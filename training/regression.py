"""Logistic regression with an L2 penalty, which is chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0)  # on the squares of the weights, for a loss that is summed over the tunes
INNER_FOLDS = 4
STEPS = 60


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted regression on standardized features and on their absolute values: too little and too much can both give away."""

    mean: Array  # (features,)
    deviation: Array  # (features,); 0: the feature does not vary
    weights: Array  # (2 · features + 1,)

    @classmethod
    def fit(
        cls, values: Array, target: Array, groups: Sequence[int] | NDArray[np.int64], general: Regression | None = None
    ) -> Regression:
        """values: (tunes, features); target: (tunes,) 0 or 1; groups: tunes of one group are in the same inner fold.

        general: a regression on more tunes. Then the penalty is on the differences from its weights, so few tunes change little.
        """
        mean, deviation = (general.mean, general.deviation) if general else (values.mean(0), values.std(0))
        deviation = np.where(deviation < 1e-9, 0.0, deviation)
        inputs = _expanded(values, mean, deviation)
        start = general.weights if general else np.zeros(inputs.shape[1])
        folds = np.array(groups) % INNER_FOLDS
        losses = []
        for penalty in PENALTIES:
            loss = 0.0
            for fold in range(INNER_FOLDS):
                inside = folds != fold
                weights = _minimized(inputs[inside], target[inside], penalty, start)
                loss += _loss(inputs[~inside] @ weights, target[~inside])
            losses.append(loss)
        return cls(mean, deviation, _minimized(inputs, target, PENALTIES[int(np.argmin(losses))], start))

    def scores(self, values: Array) -> Array:
        """The log odds that each tune belongs to the class 1: (tunes,)."""
        result: Array = _expanded(values, self.mean, self.deviation) @ self.weights
        return result


def _expanded(values: Array, mean: Array, deviation: Array) -> Array:
    """(tunes, 2 · features + 1): standardized, clipped to four deviations; their absolute values; 1 for the bias."""
    standard = np.clip((values - mean) / np.where(deviation, deviation, np.inf), -4, 4)
    result: Array = np.concatenate([standard, np.abs(standard), np.ones((len(values), 1))], 1)
    return result


def _minimized(inputs: Array, target: Array, penalty: float, start: Array) -> Array:
    """The weights with the least penalized loss. The penalty is on the differences from the start; the bias has none.

    Newton's method with an upper bound of the curvature, which needs to be inverted only once (Böhning and Lindsay, 1988).
    """
    penalties = np.full(inputs.shape[1], penalty)
    penalties[-1] = 1e-6
    inverse = np.linalg.inv(inputs.T @ inputs / 4 + np.diag(penalties))
    weights = start
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        weights = weights - inverse @ (inputs.T @ (probability - target) + penalties * (weights - start))
    return weights


def _loss(scores: Array, target: Array) -> float:
    return float(np.logaddexp(0, np.where(target > 0, -scores, scores)).sum())
