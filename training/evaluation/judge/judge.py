"""Cross-validates the judge on real and composed tunes.

For each real tune there is one that was composed for the same header, so both sides have as many tunes of each rhythm, metre and
key. Each fold holds whole families, with the tunes that were composed for their headers: a tune is never judged by a
classifier that has seen a version of it. The two classifiers, a regression on hand-made features and an LSTM over the notes,
judge together: a tune's score is the weighted mean of its ranks. The regression has more weight, since it learns more from a
few hundred tunes: it tells tunesmith-7's from real ones with an area of 0.88, the LSTM with 0.72, both with equal weights 0.85.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.composer.music import music_of
from generator.notation.metres import RHYTHMS
from generator.notation.score import Score
from training.evaluation.judge.area import Area, area, bare_area
from training.evaluation.judge.features import FeatureReader
from training.evaluation.judge.network import Network, inputs_of
from training.regression import Regression

Array = NDArray[np.float64]

FOLDS = 5
FEATURES_WEIGHT = 0.8  # of the regression; the rest is the LSTM's
ENOUGH = 10  # tunes on each side for a rhythm's own figure
SIGNS = 15  # features that are named
OVERALL = ""  # the key of the figure over all rhythms


@dataclass(frozen=True, slots=True)
class Pair:
    """A real tune, the tune that was composed for its header (None: unreadable), its rhythm, and its family."""

    real: Score
    composed: Score | None
    rhythm: str
    family: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well the judge tells composed tunes from real ones; by rhythm, and OVERALL."""

    both: dict[str, Area]
    features: dict[str, Area]  # the regression alone
    network: dict[str, Area]  # the LSTM alone; empty if it was left out
    signs: dict[str, float]  # features that tell the most by themselves, with their area: below 0.5 if composed tunes have less


def judge(pairs: Sequence[Pair], reader: FeatureReader, *, seed: int = 0, with_network: bool = True) -> Verdict:
    """Cross-validates both classifiers. A real tune may be in several pairs, with different composed tunes.

    with_network: without it the regression judges alone, which takes seconds instead of minutes.
    """
    readable = np.array([pair.composed is not None for pair in pairs])
    sides = [[(pair.real, pair.rhythm) for pair in pairs], [(pair.composed or pair.real, pair.rhythm) for pair in pairs]]
    (names, real), (_, composed) = (reader.read(side) for side in sides)
    features = [real, composed]
    notes = [inputs_of([(music_of(score), rhythm) for score, rhythm in side]) for side in sides]
    network = Network(seed=seed) if with_network else None
    folds = np.array([_fold(pair.family, seed) for pair in pairs])  # (pairs,)
    inner_folds = np.array([_fold(pair.family, seed + 1) for pair in pairs])
    by_features, by_notes = np.zeros((2, len(pairs))), np.zeros((2, len(pairs)))  # (real or composed, pairs)
    for fold in sorted(set(folds.tolist())):
        fitted, others = (folds != fold, (folds != fold) & readable), (folds == fold, folds == fold)
        target = np.repeat([0.0, 1.0], [side.sum() for side in fitted])
        regression = Regression.fit(_stack(features, fitted), target, [*inner_folds[fitted[0]], *inner_folds[fitted[1]]])
        by_features[:, others[0]] = _ranks(regression.scores(_stack(features, others)), readable[others[0]])
        if network:
            scores = network.fit_and_score(_stack(notes, fitted), target, _stack(notes, others))
            by_notes[:, others[0]] = _ranks(scores, readable[others[0]])
    signs = {name: round(bare_area(real[:, at], composed[readable, at]), 3) for at, name in enumerate(names) if readable.any()}
    most = dict(sorted(signs.items(), key=lambda sign: -abs(sign[1] - 0.5))[:SIGNS])
    if not network:
        return Verdict(_areas(by_features, pairs), _areas(by_features, pairs), {}, most)
    both = FEATURES_WEIGHT * by_features + (1 - FEATURES_WEIGHT) * by_notes
    return Verdict(_areas(both, pairs), _areas(by_features, pairs), _areas(by_notes, pairs), most)


def _fold(family: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {family}".encode()).digest()[:4]) % FOLDS


def _stack(sides: Sequence[NDArray[Any]], chosen: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> NDArray[Any]:
    """The chosen real tunes, then the chosen composed ones."""
    return np.concatenate([sides[0][chosen[0]], sides[1][chosen[1]]])


def _ranks(scores: Array, readable: NDArray[np.bool_]) -> Array:
    """(2, pairs): the ranks, from 0 to 1, of the real and the composed tunes of a fold. scores: (2 · pairs,).

    Ranks of different folds can be compared, log odds of different classifiers cannot. Unreadable tunes get the highest rank,
    because a reader knows at once that a program wrote them.
    """
    sides = scores.reshape(2, -1).copy()
    sides[1][~readable] = np.inf
    _, places, counts = np.unique(sides, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2  # equal scores have the same rank
    result: Array = (middle / max(sides.size - 1, 1))[places].reshape(sides.shape)
    return result


def _areas(ranks: Array, pairs: Sequence[Pair]) -> dict[str, Area]:
    rhythms = Counter(pair.rhythm for pair in pairs if pair.rhythm)
    found = {}
    for rhythm in (OVERALL, *(rhythm for rhythm in RHYTHMS if rhythms[rhythm] >= ENOUGH)):
        chosen = [index for index, pair in enumerate(pairs) if rhythm in (OVERALL, pair.rhythm)]
        families = [pairs[index].family for index in chosen]
        found[rhythm] = area(ranks[0][chosen], ranks[1][chosen], families)
    return found
