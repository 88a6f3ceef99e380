"""An n-gram model with interpolated modified Kneser-Ney smoothing: how well tunes can be modelled without a neural network.

The probability after n - 1 symbols comes from how often they were followed by each symbol, minus a discount; the discounted
mass goes to the estimate from the last n - 2 symbols, and so on. The counts of shorter contexts are the numbers of distinct
symbols before them, not of occurrences. The order and the discounts are those with the fewest bits on the validation tunes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.baselines.tokenizers import Tokenizer, make_tokenizer
from training.batches import Example
from training.corpus.corpus import Corpus
from training.likelihood import bits_per_note

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MAX_ORDER = 14  # highest order tried
DISCOUNT_FACTORS = (0.5, 0.8, 0.9, 0.95, 1.05, 1.1, 1.25, 2.0)  # factors tried on each discount


@dataclass(slots=True)
class _Level:
    """All n-grams of one length, numbered. Key: number of the first n - 1 symbols × vocabulary + last symbol."""

    keys: Ints  # sorted
    occurrences: Ints  # occurrences of each n-gram
    predecessors: Ints  # distinct symbols before it; occurrences if it begins a tune

    def find(self, keys: Ints) -> Ints:
        """The numbers of n-grams, -1 for those that never occurred."""
        index = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[index] == keys, index, -1)


@dataclass(slots=True)
class _Lookup:
    """Counts for some n-grams and their contexts."""

    count: Ints
    kind: Ints  # which discount applies: the count, at most 3
    known: NDArray[np.bool_]  # whether the context was ever followed by a symbol
    total: Floats  # of the context; 1 if it is unknown
    classes: Floats  # (…, 3), of the context


@dataclass(slots=True)
class _Counts:
    """Counts of a level's n-grams, and their sums over the followers of each context (the first n - 1 symbols)."""

    counts: Ints  # (n-grams,)
    total: Floats  # (contexts,)
    classes: Floats  # (contexts, 3): followers with a count of one, two, more

    @classmethod
    def of(cls, level: _Level, counts: Ints, contexts: int, vocabulary: int) -> _Counts:
        context = level.keys // vocabulary
        classes = [np.bincount(context[kind], minlength=contexts) for kind in (counts == 1, counts == 2, counts > 2)]
        total = np.bincount(context, counts, minlength=contexts).astype(np.float64)
        return cls(counts, total, np.stack(classes, 1).astype(np.float64))

    def look_up(self, context: Ints, ngrams: Ints) -> _Lookup:
        """Looks up n-grams by the numbers of their contexts and their own, -1 for unknown ones."""
        count = np.where(ngrams < 0, 0, self.counts[ngrams])
        known = (context >= 0) & (self.total[context] > 0)
        return _Lookup(count, np.minimum(count, 3), known, np.where(known, self.total[context], 1), self.classes[context])

    def discounts(self) -> Floats:
        """Discounts for counts of 0, 1, 2 and more: Chen and Goodman's estimate from the n-grams that occur one to four times."""
        n = np.maximum(np.bincount(np.minimum(self.counts, 5), minlength=6)[:5], 1).astype(np.float64)
        y = n[1] / (n[1] + 2 * n[2])
        found = np.array([0, *(k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3))])
        clipped: Floats = np.clip(found, (0, 0.05, 0.05, 0.05), (0, 1, 2, 3))
        return clipped


class NGram:
    """An n-gram model over the tokens of one tokenizer."""

    def __init__(self, training: Sequence[Example], validation: Sequence[Example], vocabulary: int, *, order: int | None = None):
        """Counts the training tunes. The validation tunes choose the discounts, and the order if it is None."""
        self.vocabulary = vocabulary
        self._levels = _count([example.tokens.astype(np.int64) for example in training], vocabulary, order or MAX_ORDER)
        sizes = [1, *(len(level.keys) for level in self._levels)]
        each = list(zip(self._levels, sizes, strict=False))
        self._lower = [_Counts.of(level, level.predecessors, size, vocabulary) for level, size in each]
        self._highest = [_Counts.of(level, level.occurrences, size, vocabulary) for level, size in each]
        held_out = self._look_up(validation)
        self._uniform = 1 / (vocabulary - 2)  # without any counts; padding and start are never predicted
        if order is None:
            bits = [self._bits(held_out, self._estimates(n)) for n in range(1, MAX_ORDER + 1)]
            order = int(np.argmin(bits)) + 1
        self.order = order
        self._discounts = self._tuned_discounts(held_out)

    def token_bits(self, examples: Sequence[Example]) -> list[Floats]:
        """For each example, the bits of each token but the first."""
        lookups = self._lookups(self._look_up(examples), self.order)
        bits = -np.log2(self._probabilities(lookups, self._discounts)[-1])
        return np.split(bits, np.cumsum([len(example.tokens) - 1 for example in examples])[:-1])

    def initial_state(self, rows: int) -> Ints:
        """The initial state (rows, order): numbers of the last 0, 1, … symbols."""
        state = np.full((rows, self.order), -1, np.int64)
        state[:, 0] = 0
        return state

    def advance(self, state: Ints, symbols: Ints) -> Ints:
        """The state after one more symbol in each row."""
        after = self.initial_state(len(symbols))
        for length in range(1, self.order):
            before = state[:, length - 1]
            after[:, length] = np.where(before < 0, -1, self._levels[length - 1].find(before * self.vocabulary + symbols))
        return after

    def predict(self, state: Ints) -> Floats:
        """The probability of each symbol: (rows, vocabulary)."""
        probability = np.full((len(state), self.vocabulary), self._uniform)
        probability[:, :2] = 0
        every = np.arange(self.vocabulary)
        for index in range(self.order):
            context = state[:, index]
            found = self._levels[index].find(np.maximum(context, 0)[:, None] * self.vocabulary + every)
            lookup = self._level_counts(index, self.order).look_up(context[:, None], found)
            probability = self._interpolated(lookup, probability, self._discounts[index])
        return probability

    def _level_counts(self, index: int, order: int) -> _Counts:
        return self._highest[index] if index == order - 1 else self._lower[index]

    def _estimates(self, order: int) -> list[Floats]:
        return [self._level_counts(index, order).discounts() for index in range(order)]

    def _interpolated(self, lookup: _Lookup, lower: Floats, discounts: Floats) -> Floats:
        """The probabilities of one order, interpolated with those of the order below."""
        discounted_mass = (lookup.classes * discounts[1:]).sum(-1)
        interpolated = (np.maximum(lookup.count - discounts[lookup.kind], 0) + discounted_mass * lower) / lookup.total
        result: Floats = np.where(lookup.known, interpolated, lower)
        return result

    def _look_up(self, examples: Sequence[Example]) -> list[tuple[Ints, Ints]]:
        """For each order, the numbers of the contexts and n-grams of all symbols but the first of each tune; -1 if unknown."""
        tunes = [example.tokens.astype(np.int64) for example in examples]
        symbols = np.concatenate(tunes)
        starts_tune = np.zeros(len(symbols), np.bool_)
        starts_tune[np.cumsum([0, *map(len, tunes)])[:-1]] = True
        found, contexts = [], np.zeros(len(symbols), np.int64)  # number of the context before each symbol
        for level in self._levels:
            grams = np.where(contexts < 0, -1, level.find(np.maximum(contexts, 0) * self.vocabulary + symbols))
            found.append((contexts[~starts_tune], grams[~starts_tune]))
            contexts = np.where(starts_tune, -1, np.roll(grams, 1))
        return found

    def _lookups(self, looked_up: Sequence[tuple[Ints, Ints]], order: int) -> list[_Lookup]:
        return [self._level_counts(index, order).look_up(*looked_up[index]) for index in range(order)]

    def _probabilities(self, lookups: Sequence[_Lookup], discounts: Sequence[Floats]) -> list[Floats]:
        """The probabilities of the symbols by each order, the highest last."""
        found = [np.full(len(lookups[0].count), self._uniform)]
        for lookup, discount in zip(lookups, discounts, strict=True):
            found.append(self._interpolated(lookup, found[-1], discount))
        return found

    def _bits(self, looked_up: Sequence[tuple[Ints, Ints]], discounts: Sequence[Floats]) -> float:
        return _mean_bits(self._probabilities(self._lookups(looked_up, len(discounts)), discounts)[-1])

    def _tuned_discounts(self, held_out: Sequence[tuple[Ints, Ints]]) -> list[Floats]:
        """Multiplies each estimated discount by the factors that reduce the bits on the validation tunes."""
        lookups, discounts = self._lookups(held_out, self.order), self._estimates(self.order)
        layers = self._probabilities(lookups, discounts)
        best = _mean_bits(layers[-1])
        for index in reversed(range(self.order)):
            for kind in (1, 2, 3):
                for factor in DISCOUNT_FACTORS:
                    scaled = discounts[index].copy()
                    scaled[kind] = min(scaled[kind] * factor, kind)
                    tried = [*discounts[:index], scaled, *discounts[index + 1 :]]
                    above = layers[index : index + 1]  # lower orders don't change
                    for lookup, discount in zip(lookups[index:], tried[index:], strict=True):
                        above.append(self._interpolated(lookup, above[-1], discount))
                    if (bits := _mean_bits(above[-1])) < best:
                        best, discounts, layers = bits, tried, layers[:index] + above
        return discounts


def _mean_bits(probabilities: Floats) -> float:
    return float(-np.log2(probabilities).mean())


def _count(tunes: Sequence[Ints], vocabulary: int, order: int) -> list[_Level]:
    """Counts all n-grams within tunes, from length 1 to `order`."""
    symbols = np.concatenate(tunes)
    position = np.concatenate([np.arange(len(tune)) for tune in tunes])  # position in its tune
    levels: list[_Level] = []
    context = np.zeros(len(symbols), np.int64)  # for each symbol, the number of the n - 1 symbols before it
    numbers: Ints = context
    for length in range(1, order + 1):
        inside = np.flatnonzero(position >= length - 1)
        keys, first, inverse, occurrences = np.unique(
            context[inside] * vocabulary + symbols[inside], return_index=True, return_inverse=True, return_counts=True
        )
        if levels:  # each distinct n-gram is one distinct symbol before its last n - 1 symbols
            below = levels[-1]
            kinds = np.bincount(numbers[inside[first]], minlength=len(below.keys))
            below.predecessors = np.where(kinds == 0, below.predecessors, kinds)
        numbers = np.full(len(symbols), -1, np.int64)
        numbers[inside] = inverse
        counted = np.where(position[inside[first]] == 0, 0, occurrences)  # the first symbol of a tune is never predicted
        levels.append(_Level(keys, counted, counted))
        context = np.roll(numbers, 1)
    return levels


def train_ngram_baseline(corpus: Corpus) -> tuple[NGram, Tokenizer, dict[str, dict[str, float]]]:
    """The n-gram baseline: over characters or folk-rnn's tokens, whichever has fewer bits per note on the validation tunes.

    Also returns the order and the bits per note of both.
    """
    found, figures = {}, {}
    for name in ("characters", "folk_rnn"):
        tokenizer = make_tokenizer(name, corpus.split("train"))
        training, held_out = ([tokenizer.example(entry) for entry in corpus.split(split)] for split in ("train", "validation"))
        model = NGram(training, held_out, len(tokenizer.vocabulary))
        found[name] = model, tokenizer
        figures[name] = {"order": float(model.order)} | {
            split: bits_per_note(tokenizer, corpus.split(split), model.token_bits) for split in ("validation", "test")
        }
    return *found[min(figures, key=lambda name: figures[name]["validation"])], figures
