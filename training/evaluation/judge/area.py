"""The area under the ROC curve: how well scores separate two groups of tunes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RESAMPLES = 1_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Area:
    """The probability that a composed tune gets a higher score than a real one: 0.5 is chance, 1 is always.

    low, high: the bounds that CONFIDENCE of the resamples lie within.
    """

    value: float
    low: float
    high: float
    pairs: int


def area(real: Array, composed: Array, families: Sequence[str], *, seed: int = 0) -> Area:
    """The area for the scores of real and of composed tunes, each (pairs,).

    families: of each pair. Whole families are resampled, since their members are alike.
    """
    wins = _wins(real, composed)
    names = {name: index for index, name in enumerate(dict.fromkeys(families))}
    family = np.array([names[name] for name in families])  # (pairs,)
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))  # (families,)
        weights = times[family]  # (pairs,)
        if weights.any():
            areas.append(weights @ wins @ weights / weights.sum() ** 2)
    low, high = np.quantile(areas, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Area(float(wins.mean()), float(low), float(high), len(families))


def bare_area(real: Array, composed: Array) -> float:
    """The area without its bounds."""
    return float(_wins(real, composed).mean())


def _wins(real: Array, composed: Array) -> Array:
    """(composed, real): 1 where the composed tune has the higher score, 0.5 where both are equal."""
    result: Array = (composed[:, None] > real) + 0.5 * (composed[:, None] == real)
    return result
