"""Which dance a tune is, judged by its notes: so that a reel that was asked for can be told from a hornpipe that came.

A softmax regression over how the bars are filled: the rhythms of half bars (beats in compound metres), of the bars at the
ends of parts, note lengths, and how the melody moves. The metre leaves a few rhythms to choose from; among those real tunes
are not wholly separable (many a march could be a reel), so beside the likeliest rhythm there is a laxer verdict: a tune is
consistent with a rhythm that is not much less likely than the likeliest. How much less is set so that 95 of 100 real
validation tunes are consistent with what their books call them. The form (which parts, how long, repeated or not) is left
out: a composer that always writes two parts of eight bars would be called better for it.
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
RARE = 8  # a feature that fewer training tunes have is left out
STEPS, RATE, SHRINKAGE = 300, 0.05, 0.003  # of the fit
BALANCE = 0.5  # a rhythm counts for its number of tunes to the power of one minus this: else no waltz would ever be seen
ACCEPTED = 0.95  # of the validation tunes

Array = NDArray[np.float64]


def candidates(metre: Metre | None) -> list[bool]:
    """For each of NAMES whether it is written in this metre, 2/2 being 4/4."""
    return [metre is not None and token_metre(metre) in map(token_metre, rhythm.metres) for rhythm in RHYTHMS.values()]


def judgeable(score: Score) -> bool:
    """Whether a tune says what it is, and that can be judged: a few jigs stand in 3/4."""
    return score.rhythm in NAMES and candidates(score.metre)[NAMES.index(score.rhythm)]


def features(score: Score) -> dict[Any, float]:
    """What the regression reads; everything is told apart by the metre. Empty for free metre."""
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
        at, current = 0, []
        for ticks in rhythm:
            current.append(ticks)
            lengths[ticks] += abs(ticks)
            at += abs(ticks)
            if at % group == 0:
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
    """The lengths of a bar's notes in ticks, those of rests negative."""
    return tuple(int(note.duration * TICKS) * (-1 if note.rest else 1) for note in bar.notes)


@dataclass(frozen=True, slots=True)
class RhythmJudge:
    """A fitted regression, and the threshold of its laxer verdict."""

    index: Mapping[Any, int]  # feature → row
    mean: Array
    scale: Array
    weights: Array  # (features, rhythms)
    threshold: float = 1.0

    @classmethod
    def fit(cls, training: Sequence[Score], validation: Sequence[Score]) -> RhythmJudge:
        """Learns from tunes that are `judgeable`; the validation tunes set the threshold."""
        read = [features(score) for score in training]
        holders = Counter(name for one in read for name in one)
        index = {name: row for row, name in enumerate(name for name, tunes in holders.items() if tunes >= RARE)}
        values = _matrix(read, index)
        mean, scale = values.mean(0), 1 / (values.std(0) + 0.02) * 0.3
        truth = np.array([NAMES.index(score.rhythm) for score in training])
        tunes = np.bincount(truth, minlength=len(NAMES))
        allowed = np.array([candidates(score.metre) for score in training])
        weights = _fit((values - mean) * scale, truth, allowed, tunes[truth] ** -BALANCE)
        judge = cls(index, mean, scale, weights)
        ratios = sorted(judge.ratios(validation, [score.rhythm for score in validation]), reverse=True)
        return cls(index, mean, scale, weights, float(ratios[int(ACCEPTED * (len(ratios) - 1))]))

    def likelihoods(self, scores: Sequence[Score]) -> Array:
        """(scores, NAMES): how likely each is to be of each rhythm; 0 everywhere for a metre that none is written in."""
        allowed = np.array([candidates(score.metre) for score in scores])
        values = (_matrix([features(score) for score in scores], self.index) - self.mean) * self.scale
        result: Array = np.where(allowed, _softmax(values @ self.weights, allowed), 0.0)
        return result

    def ratios(self, scores: Sequence[Score], rhythms: Sequence[str]) -> Array:
        """For each score how likely a rhythm is, as a share of the likeliest rhythm: 1 for that one itself."""
        likelihoods = self.likelihoods(scores)
        asked = np.array([NAMES.index(rhythm) for rhythm in rhythms])
        highest = likelihoods.max(1)
        own: Array = likelihoods[np.arange(len(asked)), asked]
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
    """The weights (features, rhythms) by gradient descent (Adam) on the mean log loss with a squared penalty."""
    weights = np.zeros((values.shape[1], len(NAMES)))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    target = np.eye(len(NAMES))[truth]
    share = (importance / importance.sum())[:, None]
    for step in range(1, STEPS + 1):
        gradient = values.T @ ((_softmax(values @ weights, allowed) - target) * share) + SHRINKAGE * weights
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        rate = RATE * (1 - step / STEPS)
        weights -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def validated(judge: RhythmJudge, scores: Sequence[Score]) -> dict[str, Any]:
    """How the judge does on real tunes: for each rhythm, what it takes them for, and what it takes for what it is not."""
    likelihoods = judge.likelihoods(scores)
    truth = np.array([NAMES.index(score.rhythm) for score in scores])
    judged = likelihoods.argmax(1)
    consistent = likelihoods >= judge.threshold * likelihoods.max(1, keepdims=True)
    own = consistent[np.arange(len(truth)), truth]
    others = np.array([candidates(score.metre) for score in scores])
    others[np.arange(len(truth)), truth] = False
    rows = [[int(np.sum((truth == row) & (judged == column))) for column in range(len(NAMES))] for row in range(len(NAMES))]
    return {
        "tunes": len(scores),
        "accuracy": round(float(np.mean(judged == truth)), 4),
        "consistent": round(float(np.mean(own)), 4),
        "false_acceptance": round(float(consistent[others].mean()), 4)
        if others.any()
        else 0.0,  # of the other rhythms of the same metre
        "by_rhythm": {
            name: {"tunes": sum(rows[at]), "same": rows[at][at], "consistent": int(own[truth == at].sum())}
            for at, name in enumerate(NAMES)
        },
        "confusion": {"rhythms": list(NAMES), "rows": rows},
    }
