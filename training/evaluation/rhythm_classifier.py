"""A classifier of rhythms by the notes of a tune, to check whether a requested reel is a reel and not a hornpipe.

It is a softmax regression over how bars are filled: the rhythms of half bars (of beats in compound metres), the last bars of
parts, note lengths, and the steps of the melody. The metre allows only a few rhythms. These overlap even among real tunes
(many a march could be a reel), so there is also a weaker verdict than the most likely rhythm: a tune is consistent with a
rhythm that is not much less likely than the most likely one. The threshold is set so that 95% of real validation tunes are
consistent with the rhythm in their book. The form (number, length and repeats of parts) is not a feature: it would favour a
composer that always writes two parts of eight bars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.notation.metres import RHYTHMS, Metre
from generator.notation.score import Bar, Score
from generator.notation.structure import sections
from generator.notation.tokens import TICKS, token_metre

NAMES = tuple(RHYTHMS)
MIN_TUNES = 8  # features of fewer training tunes are ignored
STEPS, LEARNING_RATE, PENALTY = 300, 0.05, 0.003  # of gradient descent; L2 penalty
BALANCE = 0.5  # each rhythm has the weight (number of its tunes) ** (1 - BALANCE), so that rare rhythms count
ACCEPTED = 0.95  # share of the validation tunes that the threshold accepts

Array = NDArray[np.float64]


def candidates(metre: Metre | None) -> list[bool]:
    """For each of NAMES, whether that rhythm is written in this metre; 2/2 counts as 4/4."""
    return [metre is not None and token_metre(metre) in map(token_metre, rhythm.metres) for rhythm in RHYTHMS.values()]


def can_classify(score: Score) -> bool:
    """Whether a tune has a rhythm label that fits its metre; a few jigs are written in 3/4."""
    return score.rhythm in NAMES and candidates(score.metre)[NAMES.index(score.rhythm)]


def features(score: Score) -> dict[Any, float]:
    """The features of a tune, separate for each metre. Empty for free metre."""
    if score.metre is None:
        return {}
    full, metre = int(score.metre.bar * TICKS), str(token_metre(score.metre))
    group = 72 if score.metre.compound else 96 if full == TICKS else full
    closing = {stop - 1 for _, stop in sections(score.bars)}
    found: dict[Any, float] = {}
    groups: Counter[tuple[int, ...]] = Counter()
    lengths: Counter[int] = Counter()
    bars, pitches = 0, []
    for index, bar in enumerate(score.bars):
        pitches += [pitch.midi for note in bar.notes if (pitch := note.melody)]
        rhythm = _rhythm(bar)
        if sum(map(abs, rhythm)) != full and index not in closing:
            continue  # a pick-up
        bars += 1
        position, current = 0, []
        for ticks in rhythm:
            current.append(ticks)
            lengths[ticks] += abs(ticks)
            position += abs(ticks)
            if position % group == 0:
                groups[tuple(current)] += 1
                current = []
        if index in closing:
            found["close", metre, rhythm] = found.get(("close", metre, rhythm), 0) + 1 / len(closing)
    found |= {("group", metre, rhythm): (count / groups.total()) ** 0.5 for rhythm, count in groups.items()}
    found |= {("length", metre, ticks): total / full / max(bars, 1) for ticks, total in lengths.items()}
    steps = np.abs(np.diff(pitches)) if len(pitches) > 1 else np.zeros(1)
    for least, most in pairwise((0, 1, 3, 5, 99)):
        found["step", metre, least] = float(np.mean((steps >= least) & (steps < most)))
    found["notes", metre] = len(pitches) / max(bars, 1) / full * 24
    found["metre", metre] = 1.0
    return found


def _rhythm(bar: Bar) -> tuple[int, ...]:
    """Note lengths of a bar in ticks; rests are negative."""
    return tuple(int(note.duration * TICKS) * (-1 if note.rest else 1) for note in bar.notes)


@dataclass(frozen=True, slots=True)
class RhythmClassifier:
    """The fitted regression with the threshold for consistency."""

    index: Mapping[Any, int]  # feature → row
    mean: Array
    scale: Array
    weights: Array  # (features, rhythms)
    threshold: float = 1.0

    @classmethod
    def fit(cls, training: Sequence[Score], validation: Sequence[Score]) -> RhythmClassifier:
        """Fits the weights on the training tunes and the threshold on the validation tunes; all must pass `can_classify`."""
        read = [features(score) for score in training]
        holders = Counter(name for one in read for name in one)
        index = {name: row for row, name in enumerate(name for name, tunes in holders.items() if tunes >= MIN_TUNES)}
        values = _matrix(read, index)
        mean, scale = values.mean(0), 1 / (values.std(0) + 0.02) * 0.3
        truth = np.array([NAMES.index(score.rhythm) for score in training])
        tunes = np.bincount(truth, minlength=len(NAMES))
        allowed = np.array([candidates(score.metre) for score in training])
        weights = _fit((values - mean) * scale, truth, allowed, tunes[truth] ** -BALANCE)
        classifier = cls(index, mean, scale, weights)
        ratios = sorted(classifier.ratios(validation, [score.rhythm for score in validation]), reverse=True)
        return cls(index, mean, scale, weights, float(ratios[int(ACCEPTED * (len(ratios) - 1))]))

    def probabilities(self, scores: Sequence[Score]) -> Array:
        """Probabilities (scores, NAMES); all 0 for a metre without rhythms."""
        allowed = np.array([candidates(score.metre) for score in scores])
        values = (_matrix([features(score) for score in scores], self.index) - self.mean) * self.scale
        result: Array = np.where(allowed, _softmax(values @ self.weights, allowed), 0.0)
        return result

    def ratios(self, scores: Sequence[Score], rhythms: Sequence[str]) -> Array:
        """The probability of each score's given rhythm, divided by that of its most likely rhythm."""
        probabilities = self.probabilities(scores)
        given = np.array([NAMES.index(rhythm) for rhythm in rhythms])
        highest = probabilities.max(1)
        own: Array = probabilities[np.arange(len(given)), given]
        result: Array = np.divide(own, highest, out=np.zeros_like(own), where=highest > 0)
        return result


def _matrix(read: Sequence[Mapping[Any, float]], index: Mapping[Any, int]) -> Array:
    values = np.zeros((len(read), len(index)))
    for row, one in enumerate(read):
        for name, value in one.items():
            if name in index:
                values[row, index[name]] = value
    return values


def _softmax(scores: Array, allowed: NDArray[np.bool_]) -> Array:
    scores = np.where(allowed, scores, -1e9)
    exps = np.exp(scores - scores.max(1, keepdims=True))
    result: Array = exps / exps.sum(1, keepdims=True)
    return result


def _fit(values: Array, truth: NDArray[np.int64], allowed: NDArray[np.bool_], importance: Array) -> Array:
    """Fits weights (features, rhythms) with Adam on the mean log loss with an L2 penalty."""
    weights = np.zeros((values.shape[1], len(NAMES)))
    mean, variance = np.zeros_like(weights), np.zeros_like(weights)
    target = np.eye(len(NAMES))[truth]
    weight = (importance / importance.sum())[:, None]
    for step in range(1, STEPS + 1):
        gradient = values.T @ ((_softmax(values @ weights, allowed) - target) * weight) + PENALTY * weights
        mean = 0.9 * mean + 0.1 * gradient
        variance = 0.999 * variance + 0.001 * gradient**2
        rate = LEARNING_RATE * (1 - step / STEPS)
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(variance / (1 - 0.999**step)) + 1e-8)
    return weights


def classification_report(classifier: RhythmClassifier, scores: Sequence[Score]) -> dict[str, Any]:
    """Accuracy, consistency and confusion matrix of the classifier on real tunes."""
    probabilities = classifier.probabilities(scores)
    truth = np.array([NAMES.index(score.rhythm) for score in scores])
    predicted = probabilities.argmax(1)
    consistent = probabilities >= classifier.threshold * probabilities.max(1, keepdims=True)
    own = consistent[np.arange(len(truth)), truth]
    others = np.array([candidates(score.metre) for score in scores])
    others[np.arange(len(truth)), truth] = False
    rows = [[int(np.sum((truth == row) & (predicted == column))) for column in range(len(NAMES))] for row in range(len(NAMES))]
    return {
        "tunes": len(scores),
        "accuracy": round(float(np.mean(predicted == truth)), 4),
        "consistent": round(float(np.mean(own)), 4),
        "false_acceptance": round(float(consistent[others].mean()), 4)
        if others.any()
        else 0.0,  # for other rhythms of the same metre
        "by_rhythm": {
            name: {
                "tunes": sum(rows[index]),
                "same": rows[index][index],
                "consistent": int(own[truth == index].sum()),
            }
            for index, name in enumerate(NAMES)
        },
        "confusion": {"rhythms": list(NAMES), "rows": rows},
    }
