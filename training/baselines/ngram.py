"""An n-gram model, interpolated with modified Kneser-Ney discounts: what can be had without a neural network.

The last n - 1 symbols say what comes next as often as they were followed by it, a discount taken off, and what was taken
off goes to what the last n - 2 symbols say, and so on. Counts of the shorter contexts are of the kinds of symbols that
precede them, not of all occurrences. The order and the discounts are those with the fewest bits on the validation tunes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.baselines.forms import Form, bits_per_note, form
from training.corpus.corpus import Corpus
from training.dataset import Example

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LONGEST = 14  # orders tried
STEPS = (0.5, 0.8, 0.9, 0.95, 1.05, 1.1, 1.25, 2.0)  # tried on each discount


@dataclass(slots=True)
class _Level:
    """All n-grams of one length, by number; a key is the number of the first n - 1 symbols × the vocabulary + the last."""

    keys: Ints  # sorted
    whole: Ints  # how often each n-gram occurs
    kinds: Ints  # how many different symbols stand before it; how often it occurs, where it begins a tune

    def find(self, keys: Ints) -> Ints:
        """The n-grams' numbers, -1 for those that never occurred."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)


@dataclass(slots=True)
class _Facts:
    """What the counts say of some n-grams."""

    count: Ints
    kind: Ints  # which discount it takes: by its count, up to 3
    known: NDArray[np.bool_]  # whether the context ever occurred with something after it
    total: Floats  # of the context, 1 where it is unknown
    classes: Floats  # (…, 3) of the context


@dataclass(slots=True)
class _Counts:
    """How often each n-gram of a level counts, and what its followers sum up to for each context (the first n - 1 symbols)."""

    counts: Ints  # (n-grams,)
    total: Floats  # (contexts,)
    classes: Floats  # (contexts, 3): followers that count once, twice, more often

    @classmethod
    def of(cls, level: _Level, counts: Ints, contexts: int, vocabulary: int) -> _Counts:
        context = level.keys // vocabulary
        classes = [np.bincount(context[kind], minlength=contexts) for kind in (counts == 1, counts == 2, counts > 2)]
        total = np.bincount(context, counts, minlength=contexts).astype(np.float64)
        return cls(counts, total, np.stack(classes, 1).astype(np.float64))

    def facts(self, context: Ints, found: Ints) -> _Facts:
        """What is known of n-grams: their contexts' and their own numbers, -1 for what never occurred."""
        count = np.where(found < 0, 0, self.counts[found])
        known = (context >= 0) & (self.total[context] > 0)
        return _Facts(count, np.minimum(count, 3), known, np.where(known, self.total[context], 1), self.classes[context])

    def discounts(self) -> Floats:
        """For counts of 0, 1, 2 and more: Chen and Goodman's estimate from how many n-grams occur once to four times."""
        n = np.maximum(np.bincount(np.minimum(self.counts, 5), minlength=6)[:5], 1).astype(np.float64)
        y = n[1] / (n[1] + 2 * n[2])
        found = np.array([0, *(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))])
        clipped: Floats = np.clip(found, (0, 0.05, 0.05, 0.05), (0, 1, 2, 3))
        return clipped


class NGram:
    """An n-gram model of a form of tunes."""

    def __init__(self, training: Sequence[Example], validation: Sequence[Example], vocabulary: int, *, order: int | None = None):
        """Counts the training tunes; chooses the order, where it is not given, and the discounts by the validation tunes."""
        self.vocabulary = vocabulary
        self._levels = _count([example.tokens.astype(np.int64) for example in training], vocabulary, order or LONGEST)
        sizes = [1, *(len(level.keys) for level in self._levels)]
        each = list(zip(self._levels, sizes, strict=False))
        self._lower = [_Counts.of(level, level.kinds, size, vocabulary) for level, size in each]
        self._highest = [_Counts.of(level, level.whole, size, vocabulary) for level, size in each]
        held_out = self._look_up(validation)
        self._anything = 1 / (vocabulary - 2)  # where nothing is known; neither padding nor the start is ever predicted
        if order is None:
            bits = [self._bits(held_out, self._estimates(n)) for n in range(1, LONGEST + 1)]
            order = int(np.argmin(bits)) + 1
        self.order = order
        self._discounts = self._tuned(held_out)

    def judge(self, examples: Sequence[Example]) -> list[Floats]:
        """The bits of each token but the first, for each example."""
        facts = self._facts(self._look_up(examples), self.order)
        bits = -np.log2(self._likelihoods(facts, self._discounts)[-1])
        return np.split(bits, np.cumsum([len(example.tokens) - 1 for example in examples])[:-1])

    def begin(self, rows: int) -> Ints:
        """The state of rows that have seen nothing yet: (rows, order) numbers of the last 0, 1, … symbols."""
        state = np.full((rows, self.order), -1, np.int64)
        state[:, 0] = 0
        return state

    def advance(self, state: Ints, symbols: Ints) -> Ints:
        """The state after one symbol more in each row."""
        after = self.begin(len(symbols))
        for length in range(1, self.order):
            before = state[:, length - 1]
            after[:, length] = np.where(before < 0, -1, self._levels[length - 1].find(before * self.vocabulary + symbols))
        return after

    def predict(self, state: Ints) -> Floats:
        """The likelihood of each symbol: (rows, vocabulary)."""
        likelihood = np.full((len(state), self.vocabulary), self._anything)
        likelihood[:, :2] = 0
        every = np.arange(self.vocabulary)
        for at in range(self.order):
            context = state[:, at]
            found = self._levels[at].find(np.maximum(context, 0)[:, None] * self.vocabulary + every)
            facts = self._counts(at, self.order).facts(context[:, None], found)
            likelihood = self._interpolated(facts, likelihood, self._discounts[at])
        return likelihood

    def _counts(self, at: int, order: int) -> _Counts:
        return self._highest[at] if at == order - 1 else self._lower[at]

    def _estimates(self, order: int) -> list[Floats]:
        return [self._counts(at, order).discounts() for at in range(order)]

    def _interpolated(self, facts: _Facts, lower: Floats, less: Floats) -> Floats:
        """One order's likelihoods, from those of the order below."""
        spare = (facts.classes * less[1:]).sum(-1)
        share = (np.maximum(facts.count - less[facts.kind], 0) + spare * lower) / facts.total
        result: Floats = np.where(facts.known, share, lower)
        return result

    def _look_up(self, examples: Sequence[Example]) -> list[tuple[Ints, Ints]]:
        """For each order the contexts and n-grams of all symbols but each tune's first, as numbers, -1 where unknown."""
        tunes = [example.tokens.astype(np.int64) for example in examples]
        symbols = np.concatenate(tunes)
        begins = np.zeros(len(symbols), np.bool_)
        begins[np.cumsum([0, *map(len, tunes)])[:-1]] = True
        found, contexts = [], np.zeros(len(symbols), np.int64)  # before each symbol
        for level in self._levels:
            grams = np.where(contexts < 0, -1, level.find(np.maximum(contexts, 0) * self.vocabulary + symbols))
            found.append((contexts[~begins], grams[~begins]))
            contexts = np.where(begins, -1, np.roll(grams, 1))
        return found

    def _facts(self, looked_up: Sequence[tuple[Ints, Ints]], order: int) -> list[_Facts]:
        return [self._counts(at, order).facts(*looked_up[at]) for at in range(order)]

    def _likelihoods(self, facts: Sequence[_Facts], discounts: Sequence[Floats]) -> list[Floats]:
        """Of the symbols that were looked up: what each order says, the highest last."""
        found = [np.full(len(facts[0].count), self._anything)]
        for each, less in zip(facts, discounts, strict=True):
            found.append(self._interpolated(each, found[-1], less))
        return found

    def _bits(self, looked_up: Sequence[tuple[Ints, Ints]], discounts: Sequence[Floats]) -> float:
        return _mean_bits(self._likelihoods(self._facts(looked_up, len(discounts)), discounts)[-1])

    def _tuned(self, held_out: Sequence[tuple[Ints, Ints]]) -> list[Floats]:
        """The estimated discounts, each then moved as far as that saves bits on the validation tunes."""
        facts, discounts = self._facts(held_out, self.order), self._estimates(self.order)
        layers = self._likelihoods(facts, discounts)
        best = _mean_bits(layers[-1])
        for at in reversed(range(self.order)):
            for kind in (1, 2, 3):
                for step in STEPS:
                    less = discounts[at].copy()
                    less[kind] = min(less[kind] * step, kind)
                    tried = [*discounts[:at], less, *discounts[at + 1 :]]
                    above = layers[at : at + 1]  # what is below stays as it is
                    for each, discount in zip(facts[at:], tried[at:], strict=True):
                        above.append(self._interpolated(each, above[-1], discount))
                    if (bits := _mean_bits(above[-1])) < best:
                        best, discounts, layers = bits, tried, layers[:at] + above
        return discounts


def _mean_bits(likelihoods: Floats) -> float:
    return float(-np.log2(likelihoods).mean())


def _count(tunes: Sequence[Ints], vocabulary: int, order: int) -> list[_Level]:
    """All n-grams within tunes, from one symbol to `order`."""
    symbols = np.concatenate(tunes)
    place = np.concatenate([np.arange(len(tune)) for tune in tunes])  # in its tune
    levels: list[_Level] = []
    context = np.zeros(len(symbols), np.int64)  # of each symbol: the number of the n - 1 symbols before
    numbers: Ints = context
    for length in range(1, order + 1):
        inside = np.flatnonzero(place >= length - 1)
        keys, first, inverse, whole = np.unique(
            context[inside] * vocabulary + symbols[inside], return_index=True, return_inverse=True, return_counts=True
        )
        if levels:  # each kind of n-gram stands for one symbol before its last n - 1
            below = levels[-1]
            kinds = np.bincount(numbers[inside[first]], minlength=len(below.keys))
            below.kinds = np.where(kinds == 0, below.kinds, kinds)
        numbers = np.full(len(symbols), -1, np.int64)
        numbers[inside] = inverse
        counted = np.where(place[inside[first]] == 0, 0, whole)  # a tune's first symbol is never predicted
        levels.append(_Level(keys, counted, counted))
        context = np.roll(numbers, 1)
    return levels


def baseline(corpus: Corpus) -> tuple[NGram, Form, dict[str, dict[str, float]]]:
    """The n-gram model to compare with: over characters or folk-rnn's tokens, whichever does better on the validation tunes.

    Also what both reach: order, and bits per note on the validation and the test tunes.
    """
    found, figures = {}, {}
    for name in ("characters", "folk_rnn"):
        spelling = form(name, corpus.split("train"))
        training, held_out = ([spelling.example(entry) for entry in corpus.split(side)] for side in ("train", "validation"))
        model = NGram(training, held_out, len(spelling.vocabulary))
        found[name] = model, spelling
        figures[name] = {"order": float(model.order)} | {
            side: bits_per_note(spelling, corpus.split(side), model.judge) for side in ("validation", "test")
        }
    return *found[min(figures, key=lambda name: figures[name]["validation"])], figures
