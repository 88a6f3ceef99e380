"""How surprising the notes of a tune are after the two notes before, by counts over the training tunes.

The probability of a symbol is interpolated between contexts of two, one and no symbols before it. Each context is trusted the
more the fewer different symbols have followed it (Witten and Bell, The Zero-Frequency Problem, 1991).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

ORDER = 3  # symbols: two of context and the one that follows
BEFORE = None  # the symbol before the first


class Surprise:
    """Counts of symbols in their contexts."""

    def __init__(self, sequences: Iterable[Sequence[Hashable]]) -> None:
        self._counts: dict[tuple[Hashable, ...], Counter[Hashable]] = {}
        for sequence in sequences:
            padded = [*[BEFORE] * (ORDER - 1), *sequence]
            for index in range(ORDER - 1, len(padded)):
                for length in range(ORDER):
                    context = tuple(padded[index - length : index])
                    self._counts.setdefault(context, Counter())[padded[index]] += 1
        self._symbols = len(self._counts.get((), ())) + 1  # one more for what never occurred

    def bits(self, sequence: Sequence[Hashable]) -> list[float]:
        """The bits of each symbol."""
        padded = [*[BEFORE] * (ORDER - 1), *sequence]
        return [-math.log2(self._probability(padded, index)) for index in range(ORDER - 1, len(padded))]

    def _probability(self, padded: Sequence[Hashable], index: int) -> float:
        probability = 1 / self._symbols
        for length in range(ORDER):
            followers = self._counts.get(tuple(padded[index - length : index]))
            if followers:
                total, kinds = followers.total(), len(followers)
                probability = (followers[padded[index]] + kinds * probability) / (total + kinds)
        return probability
