"""Ranking: chooses the candidate that would be least out of place among real tunes.

Each trait of a candidate is looked up in the distribution that it has among real tunes. Its score is the logarithm of the
share of real tunes that are at least as extreme: for a number, twice the share on its side of the median; for a name, twice
the share of tunes with rarer names. Real tunes with the same value count half. A typical trait therefore scores 0, and a dull
candidate loses as much as a wild one. The total is the sum over the traits; no trait has a weight.

    likelihood   bits per token that the model needs for the candidate after its header, without the grammar's mask. The model
                 finds its own tunes about as surprising as the tunes that it was trained on. Tunes that it was not trained
                 on surprise it more; distributions of those would favour the wilder candidates.
    rhythm       how much more typical the note lengths of the bars are of the rhythm than of its metre in general
    form         how many bars each part has and whether it is repeated; how much of the beginning and of the end of the first
                 part comes again in the other parts
    cadence      the degree that the tune ends on, the degrees that the other parts end on, and the length of the last note
    variety      how much of bars 5 to 8 is in bars 1 to 4, how many bars are different, how many repeat the bar before, range,
                 repeated notes, leaps, and notes outside the scale
    idiom        how many half-bars and cadences are common in the rhythm, how many chromatic notes go on by step, how often a
                 half-bar comes again with single notes in another octave, how much of it comes again on any degree (see idiom)
    novelty      the longest run of notes that a known tune shares, against those that real tunes share with others. Up to their
                 median it is 0. From NEAR_COPY notes on, a candidate is a copy and never chosen.

The distributions are measured on the training split (see training.ranking_data): numbers for each rhythm that has ENOUGH tunes,
degrees for each mode, parts and last notes for each metre.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from generator.composer.idiom import NUMBERS as IDIOM
from generator.composer.idiom import Idiom
from generator.composer.novelty import NEAR_COPY, Closest
from generator.composer.traits import Traits, traits_of
from generator.composer.weights import SHIPPED, WeightsError
from generator.notation.score import Score
from generator.notation.tokens import token_metre

FILE = "ranking.json"
ENOUGH = 25  # tunes of a rhythm for distributions of its own
PRIOR = 20  # bars of the metre in general that are added to a rhythm's own
STEPS = 40  # of the quantiles
DIGITS = 4  # of stored numbers
RAREST = 0.01  # lower bound of a share: one odd trait does not outweigh all others
ABSENT = -1.0  # score of a trait that the tune does not have: the mean score of real tunes' numbers

LIKELIHOOD, BAR_RHYTHMS = "bits_per_token", "bar_rhythms"  # the traits that need more than the notes
SHARED_RUN = "shared_run"  # the number of which the novelty is judged
GROUPS = {
    "likelihood": (LIKELIHOOD,),
    "rhythm": (BAR_RHYTHMS,),
    "form": ("parts", "beginnings_alike", "endings_alike"),
    "cadence": ("last_degree", "part_degrees", "last_length"),
    "idiom": IDIOM,
    "variety": ("recall", "distinct_bars", "same_again", "range", "repeated_notes", "leaps", "outside_scale"),
}
SCORE_NAMES = (*GROUPS, "novelty")  # the scores that make up the total
ALL_RHYTHMS = ""  # the key of distributions over all rhythms


@dataclass(frozen=True, slots=True)
class Numbers:
    """The distribution of a number: the values that 0, 1/STEPS, 2/STEPS … of the tunes do not exceed."""

    quantiles: Sequence[float]

    @classmethod
    def of(cls, values: Sequence[float]) -> Numbers:
        ordered = sorted(values)
        return cls([round(ordered[round(step / STEPS * (len(ordered) - 1))], DIGITS) for step in range(STEPS + 1)])

    @property
    def median(self) -> float:
        return self.quantiles[STEPS // 2]

    def score(self, value: float) -> float:
        """The logarithm of twice the share of tunes on the value's side of the median."""
        value = round(value, DIGITS)
        first, last = bisect_left(self.quantiles, value), bisect_right(self.quantiles, value)
        if first < last:  # some tunes have exactly this value: half of them count on either side
            rank = (first + last - 1) / 2
        elif 0 < first <= STEPS:
            below, above = self.quantiles[first - 1], self.quantiles[first]
            rank = first - 1 + (value - below) / (above - below)
        else:
            rank = 0.0 if first == 0 else float(STEPS)
        return math.log(max(2 * min(rank, STEPS - rank) / STEPS, RAREST))


@dataclass(frozen=True, slots=True)
class Names:
    """The distribution of a name: the score of each; unknown names score the lowest."""

    logs: Mapping[str, float]

    @classmethod
    def of(cls, names: Sequence[str]) -> Names:
        counts = Counter(names)
        logs = {}
        for name, count in sorted(counts.items()):
            rarer = sum(other for other in counts.values() if other < count) + count / 2
            logs[name] = round(math.log(max(min(2 * rarer / len(names), 1.0), RAREST)), DIGITS)
        return cls(logs)

    def score(self, name: str) -> float:
        return self.logs.get(name, math.log(RAREST))


@dataclass(frozen=True, slots=True)
class Bars:
    """How much likelier the note lengths of a bar are in a rhythm than in its metre in general, as logarithms."""

    logs: Mapping[str, float]
    other: float  # for note lengths that the rhythm does not have

    @classmethod
    def of(cls, own: Counter[str], metre: Counter[str]) -> Bars:
        total, metre_total = own.total() + PRIOR, metre.total()
        logs = {
            name: round(math.log((count + PRIOR * metre[name] / metre_total) / total * metre_total / metre[name]), 2)
            for name, count in sorted(own.items())
        }
        return cls(logs, round(math.log(PRIOR / total), 2))

    def mean(self, bars: Sequence[str]) -> float:
        return sum(self.logs.get(bar, self.other) for bar in bars) / len(bars)


class Critic:
    """Scores candidates by the distributions of the traits among real tunes. It never changes, so threads can share it."""

    def __init__(
        self,
        numbers: Mapping[str, Mapping[str, Numbers]],
        names: Mapping[str, Mapping[str, Names]],
        bars: Mapping[str, Bars],
        idiom: Idiom,
    ) -> None:
        """numbers: trait → rhythm or ALL_RHYTHMS → distribution; names: trait → group → distribution; bars: by Traits.dance."""
        self._numbers, self._names, self._bars, self._idiom = numbers, names, bars, idiom

    @classmethod
    def of(cls, tunes: Sequence[Score], bits_per_token: Sequence[float], shared_runs: Sequence[float] = ()) -> Critic:
        """Measures real tunes of the training split. bits_per_token: the model's, for each of them; shared_runs: the longest run
        of notes that each of other real tunes shares with one of them.
        """
        measured = [traits_of(score) for score in tunes]
        own: dict[str, Counter[str]] = {}
        in_metre: dict[str, Counter[str]] = {}
        for score, traits in zip(tunes, measured, strict=True):
            if score.metre:
                in_metre.setdefault(str(token_metre(score.metre)), Counter()).update(traits.bars)
            if traits.dance:
                own.setdefault(traits.dance, Counter()).update(traits.bars)
        bars = {dance: Bars.of(counts, in_metre[dance.rpartition(" ")[2]]) for dance, counts in sorted(own.items())}
        idiom = Idiom.of(tunes)
        numbers: dict[str, dict[str, list[float]]] = {SHARED_RUN: {ALL_RHYTHMS: list(shared_runs)}} if shared_runs else {}
        names: dict[str, dict[str, list[str]]] = {}
        for score, traits, bits in zip(tunes, measured, bits_per_token, strict=True):
            for trait, value in (_all_numbers(traits, bits, bars) | idiom.numbers(score, counted=True)).items():
                for rhythm in {ALL_RHYTHMS, score.rhythm}:
                    numbers.setdefault(trait, {}).setdefault(rhythm, []).append(value)
            for trait, occurrences in traits.names.items():
                for group, name in occurrences:
                    names.setdefault(trait, {}).setdefault(group, []).append(name)
        return cls(
            {
                trait: {
                    rhythm: Numbers.of(values)
                    for rhythm, values in sorted(rows.items())
                    if rhythm == ALL_RHYTHMS or len(values) >= ENOUGH
                }
                for trait, rows in numbers.items()
            },
            {trait: {group: Names.of(values) for group, values in sorted(rows.items())} for trait, rows in names.items()},
            bars,
            idiom,
        )

    @classmethod
    def load(cls, path: Path | None = None) -> Critic:
        """Reads what `save` wrote, by default the shipped file. Raises WeightsError."""
        path = path or SHIPPED / FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            numbers = {
                name: {rhythm: Numbers(**row) for rhythm, row in rows.items()} for name, rows in content["numbers"].items()
            }
            names = {name: {group: Names(**row) for group, row in rows.items()} for name, rows in content["names"].items()}
            bars = {dance: Bars(**row) for dance, row in content["bars"].items()}
            idiom = Idiom(**content.get("idiom", {"half_bars": {}, "cadences": {}}))  # earlier versions had none
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsError(
                f"The distributions of real tunes in {path} cannot be read ({error}). Restore them with git."
            ) from error
        return cls(numbers, names, bars, idiom)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "numbers": {name: {rhythm: asdict(row) for rhythm, row in rows.items()} for name, rows in self._numbers.items()},
            "names": {name: {group: asdict(row) for group, row in rows.items()} for name, rows in self._names.items()},
            "bars": {dance: asdict(row) for dance, row in self._bars.items()},
            "idiom": asdict(self._idiom),
        }
        path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")

    def scores(self, score: Score, bits_per_token: float, closest: Closest) -> dict[str, float]:
        """The scores of SCORE_NAMES and their sum as `total`. Each is at most 0.

        bits_per_token: the model's for the tokens after the header, without the grammar's mask; closest: see Novelty.
        """
        traits = traits_of(score)
        numbers = _all_numbers(traits, bits_per_token, self._bars) | self._idiom.numbers(score)
        scores = {
            group: sum(self._score(trait, score.rhythm, numbers, traits.names) for trait in members)
            for group, members in GROUPS.items()
        }
        runs = self._numbers.get(SHARED_RUN, {}).get(ALL_RHYTHMS)
        scores["novelty"] = runs.score(closest.notes) if runs and closest.notes > runs.median else 0.0
        return {**scores, "total": sum(scores.values())}

    def _score(
        self, trait: str, rhythm: str, numbers: Mapping[str, float], names: Mapping[str, Sequence[tuple[str, str]]]
    ) -> float:
        if trait in numbers and (rows := self._numbers.get(trait)):
            return (rows.get(rhythm) or rows[ALL_RHYTHMS]).score(numbers[trait])
        groups = self._names.get(trait, {})
        found = [groups[group].score(name) for group, name in names.get(trait, ()) if group in groups]
        return sum(found) / len(found) if found else ABSENT


def _all_numbers(traits: Traits, bits_per_token: float, bars: Mapping[str, Bars]) -> dict[str, float]:
    numbers = {LIKELIHOOD: bits_per_token, **traits.numbers}
    if traits.bars and (rhythm := bars.get(traits.dance)):
        numbers[BAR_RHYTHMS] = rhythm.mean(traits.bars)
    return numbers


def best(totals: Sequence[float], closest: Sequence[Closest]) -> int | None:
    """The index of the highest total among the candidates that are no copies of known tunes; None if all are."""
    originals = [index for index, found in enumerate(closest) if found.notes < NEAR_COPY]
    return max(originals, key=totals.__getitem__, default=None)
