"""What is common among the training tunes: half-bars and cadences that several have, and the forms of each rhythm."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generator.composer.idiom import HalfBar, half_bars
from generator.composer.measures import Ratio
from generator.composer.music import music_of
from generator.notation.score import Score
from training.evaluation.idiom import Cadence, cadences, form_of

KNOWN_CADENCES = 5  # training parts that end with a cadence which counts as known
COMMON_HALF_BARS = 7  # training tunes of the rhythm that have a half-bar which counts as common
ENOUGH_TUNES = 30  # training tunes of a rhythm whose forms are compared
FREQUENT_FORMS = 0.03  # share of the training tunes of the rhythm that a form needs to be a class of its own
RARE = "rare"  # all other forms together: each is too rare to be compared
CHANCE_SAMPLES = 200  # random sets of training tunes that the distance by chance is averaged over


@dataclass(frozen=True, slots=True)
class CommonMusic:
    """Counts over the training tunes."""

    half_bars: Mapping[str, Counter[HalfBar]]  # rhythm → half-bar → tunes that have it
    cadences: Counter[Cadence]  # cadence → parts that end with it
    forms: Mapping[str, Counter[str]]  # rhythm with ENOUGH_TUNES → frequent form or RARE → tunes

    @classmethod
    def of(cls, tunes: Iterable[Score]) -> CommonMusic:
        """Counts over tunes; those without a rhythm count for the cadences alone."""
        found: dict[str, Counter[HalfBar]] = {}
        ends: Counter[Cadence] = Counter()
        forms: dict[str, Counter[str]] = {}
        for score in tunes:
            ends.update(cadences(score))
            if score.rhythm:
                found.setdefault(score.rhythm, Counter()).update(set(half_bars(music_of(score), score.metre)))
                forms.setdefault(score.rhythm, Counter()).update([form_of(score)])
        classes = {rhythm: _with_rare(row, _frequent(row)) for rhythm, row in forms.items() if row.total() >= ENOUGH_TUNES}
        return cls(found, ends, classes)

    def common_half_bars(self, score: Score, rhythm: str) -> Ratio:
        """Half-bars that COMMON_HALF_BARS training tunes of the rhythm have, of all half-bars."""
        counts = self.half_bars.get(rhythm)
        if not counts:
            return 0.0, 0.0
        found = half_bars(music_of(score), score.metre)
        return float(sum(counts[half_bar] >= COMMON_HALF_BARS for half_bar in found)), float(len(found))

    def known_cadences(self, score: Score) -> Ratio:
        """Parts whose cadence ends KNOWN_CADENCES training parts, of all parts."""
        found = cadences(score)
        return float(sum(self.cadences[cadence] >= KNOWN_CADENCES for cadence in found)), float(len(found))

    def form_distance(self, tunes: Sequence[Score], rhythm: str) -> float | None:
        """Total variation distance of the tunes' forms from those of the training tunes of a rhythm.

        0 if each form is as frequent, 1 if no form is the same. Rare forms count as one. None without tunes, or without enough
        training tunes.
        """
        if not tunes or rhythm not in self.forms:
            return None
        forms = self.forms[rhythm]
        return total_variation(_with_rare(Counter(map(form_of, tunes)), set(forms)), forms)

    def form_distance_by_chance(self, tunes: int, rhythm: str) -> float | None:
        """The mean distance of as many training tunes, drawn with replacement: what a perfect composer would have."""
        if not tunes or rhythm not in self.forms:
            return None
        counts = self.forms[rhythm]
        rng = random.Random(f"{rhythm} {tunes}")
        names, numbers = list(counts), list(counts.values())
        drawn = (Counter(rng.choices(names, numbers, k=tunes)) for _ in range(CHANCE_SAMPLES))
        return sum(total_variation(sample, counts) for sample in drawn) / CHANCE_SAMPLES


def _frequent(forms: Counter[str]) -> set[str]:
    return {form for form, tunes in forms.items() if tunes >= FREQUENT_FORMS * forms.total()}


def _with_rare(forms: Counter[str], known: set[str]) -> Counter[str]:
    """The counts with all forms that are not known as RARE."""
    found: Counter[str] = Counter()
    for form, tunes in forms.items():
        found[form if form in known else RARE] += tunes
    return found


def total_variation(one: Counter[str], other: Counter[str]) -> float:
    """Half the sum of the differences between the shares of two distributions: 0 to 1."""
    totals = max(one.total(), 1), max(other.total(), 1)
    return sum(abs(one[name] / totals[0] - other[name] / totals[1]) for name in one.keys() | other.keys()) / 2
