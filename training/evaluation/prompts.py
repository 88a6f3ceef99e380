"""Prompts: the real tunes whose headers (rhythm, metre and key) models get."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from generator.notation.metres import RHYTHMS
from training.corpus.corpus import Corpus, Entry
from training.evaluation.common import ENOUGH_TUNES


def choose_prompts(entries: Sequence[Entry], seed: int, count: int) -> list[Entry]:
    """The real tunes whose headers are requested: another choice for each seed, repeated if there are too few."""
    if not entries:
        raise ValueError("The corpus has no test tunes.")
    order = random.Random(seed).sample(range(len(entries)), len(entries))
    return [entries[order[index % len(order)]] for index in range(count)]


def held_out(corpus: Corpus) -> list[Entry]:
    """All validation and test tunes."""
    return [*corpus.split("validation"), *corpus.split("test")]


def further_prompts(corpus: Corpus, prompts: Sequence[Entry], per_rhythm: int) -> list[Entry]:
    """Training tunes whose headers make up `per_rhythm` prompts of each rhythm that has ENOUGH_TUNES of them."""
    has = Counter(entry.rhythm for entry in prompts)
    found = []
    for rhythm in RHYTHMS:
        entries = [entry for entry in corpus.split("train") if entry.rhythm == rhythm]
        missing = per_rhythm - has[rhythm]
        if len(entries) >= ENOUGH_TUNES and missing > 0:
            found += choose_prompts(entries, 0, missing)
    return found
