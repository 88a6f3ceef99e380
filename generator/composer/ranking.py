"""Which of several candidates is posted: the one that would be least out of place among real tunes.

Each feature of a candidate is looked up in the distribution that it has among real tunes and counts the logarithm of the share
of them that are as far out or farther: of a number, twice those on its side of the median; of a name, twice those whose names
are rarer. Of those that are just alike half are counted. So what lies in the middle counts 0, and a dull candidate loses as
much as a wild one. The score is the sum over the features; none has a weight of its own.

    likelihood   bits per token that the model needs for the candidate after its header, without the grammar's mask. What a
                 model writes is about as surprising to it as what it has learned; tunes that it has not learned surprise
                 it more, and would make the wilder candidates look right.
    rhythm       how much more at home the bars' note lengths are in the rhythm than in its metre at large
    form         how many bars each part has and whether it is repeated; how much of the first part comes again in the
                 others: of its beginning, and of its end
    cadence      the degree that the tune ends on, those that the other parts end on, and how long the last note is
    variety      how much of bars 5 to 8 is in bars 1 to 4, how many bars are different, how many are the bar before again,
                 range, repeated notes, leaps, and notes outside the scale
    novelty      0 up to UNREMARKABLE notes of the longest run that a known tune has too, then falling as a normal density
                 with a spread of FALL notes does. From NEAR_COPY notes on a candidate is a copy and never chosen.

The distributions are measured on the training split (`training.ranking`): of numbers for each rhythm by itself that has ENOUGH
tunes, of the degrees for each mode, of parts and last notes for each metre.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from generator.composer.measures import Places, layout_of, melody, once, places, scale
from generator.composer.novelty import NEAR_COPY, Closest
from generator.composer.weights import SHIPPED, WeightsError
from generator.notation.score import Bar, Note, Score
from generator.notation.structure import Part
from generator.notation.tokens import token_metre

FILE = "ranking.json"
UNREMARKABLE, FALL = 12, 6.0  # notes
ENOUGH = 25  # tunes for a distribution of their own
PRIOR = 20  # bars of the metre at large that are added to a rhythm's own
LEAP = 5  # semitones: more is no step, no third and no fourth
STEPS = 40  # of the quantiles
DIGITS = 4  # of what is stored
RAREST = 0.01  # share that what is rarer counts, too: one odd feature does not outweigh all others
ABSENT = -1.0  # what a feature counts that the tune has not: the mean that real tunes' numbers count

LIKELIHOOD, BAR_RHYTHMS = "bits_per_token", "bar_rhythms"  # the features that the notes alone do not tell
GROUPS = {
    "likelihood": (LIKELIHOOD,),
    "rhythm": (BAR_RHYTHMS,),
    "form": ("parts", "beginnings_alike", "endings_alike"),
    "cadence": ("last_degree", "part_degrees", "last_length"),
    "variety": ("recall", "distinct_bars", "same_again", "range", "repeated_notes", "leaps", "outside_scale"),
}
PARTS = (*GROUPS, "novelty")  # of a candidate's score, by name
EVERY = ""  # stands for all rhythms


@dataclass(frozen=True, slots=True)
class Features:
    """What is measured of one tune; a feature that the tune does not have is absent."""

    numbers: Mapping[str, float]
    names: Mapping[str, Sequence[tuple[str, str]]]  # of each occurrence the kind that it is compared within, and what it is
    bars: Sequence[str]  # the lengths of each bar's notes
    dance: str  # rhythm and metre, within which bars are compared; empty where one of them is not known


def features(score: Score) -> Features:
    """What the notes alone tell; about a millisecond."""
    layout, notes = layout_of(score) or [], melody(score)
    midi = [note.midi for note in notes]
    steps = [abs(after - before) for before, after in pairwise(midi)]
    bars = [once(part, score.metre) for part in layout]
    placed = [[places(bar) for bar in part] for part in bars]
    numbers: dict[str, float | None] = {}
    if steps and any(bars):
        written = [_written(bar) for part in bars for bar in part]
        held = {(score.key.pitch_class + step) % 12 for step in scale(score.key)}
        numbers = {
            "beginnings_alike": _share(_pairs(placed[0][:4], other[:4]) for other in placed[1:]),
            "endings_alike": _share(_pairs(placed[0][-4:], other[-4:]) for other in placed[1:]),
            "recall": _share(_pairs(part[:4], part[4:8]) for part in placed if len(part) >= 8),
            "distinct_bars": len(set(map(tuple, written))) / len(written),
            "same_again": sum(one == other for one, other in pairwise(written)) / len(written),
            "range": float(max(midi) - min(midi)),
            "repeated_notes": steps.count(0) / len(steps),
            "leaps": sum(step > LEAP for step in steps) / len(steps),
            "outside_scale": sum(pitch % 12 not in held for pitch in midi) / len(midi),
        }
    lengths = [" ".join(_length(note.rest, *note.duration.as_integer_ratio()) for note in bar.notes) for bar in score.bars]
    dance = f"{score.rhythm} {token_metre(score.metre)}" if score.rhythm and score.metre else ""
    known = {name: value for name, value in numbers.items() if value is not None}
    return Features(known, _endings(score, layout), lengths, dance)


@lru_cache(maxsize=1024)
def _length(rest: bool, numerator: int, denominator: int) -> str:
    """In eighth notes."""
    return ("z" if rest else "") + str(Fraction(8 * numerator, denominator))


def _written(bar: Bar) -> list[tuple[int, int, int]]:
    """Each note's pitch and length."""
    return [(pitch.midi if (pitch := note.melody) else -1, *note.duration.as_integer_ratio()) for note in bar.notes]


def _pairs(some: Sequence[Places], others: Sequence[Places]) -> tuple[int, int]:
    """How many notes of the others stand at the same place of their fellows, and how many they are."""
    return sum(len(one & other) for one, other in zip(some, others, strict=False)), sum(map(len, others))


def _share(pairs: Iterable[tuple[int, int]]) -> float | None:
    alike, notes = (sum(column) for column in zip((0, 0), *pairs, strict=True))
    return alike / notes if notes else None


def _endings(score: Score, layout: Sequence[Part]) -> dict[str, list[tuple[str, str]]]:
    lasts = [last for part in layout if (last := _last(part))]
    if not lasts or score.metre is None:
        return {}
    mode, metre = str(score.key.mode), str(token_metre(score.metre))
    degrees = [str((last.melody.midi - score.key.pitch_class) % 12) for last in lasts if last.melody]
    return {
        "parts": [(metre, f"{len(once(part, score.metre))}{' twice' if part.repeated else ''}") for part in layout],
        "last_degree": [(mode, degrees[-1])],
        "part_degrees": [(mode, degree) for degree in degrees[:-1]],
        "last_length": [(metre, str(lasts[-1].duration))],
    }


def _last(part: Part) -> Note | None:
    """The last note that sounds when the part is over."""
    return next((note for bar in reversed(part.body + part.second) for note in reversed(bar.notes) if not note.rest), None)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a feature's values are distributed: those that 0, 1/STEPS, … of the tunes do not exceed."""

    quantiles: Sequence[float]

    @classmethod
    def of(cls, values: Sequence[float]) -> Numbers:
        ordered = sorted(values)
        return cls([round(ordered[round(step / STEPS * (len(ordered) - 1))], DIGITS) for step in range(STEPS + 1)])

    def log(self, value: float) -> float:
        value = round(value, DIGITS)
        first, last = bisect_left(self.quantiles, value), bisect_right(self.quantiles, value)
        if first < last:  # as many tunes have this very value: half of them count to either side
            place = (first + last - 1) / 2
        elif 0 < first <= STEPS:
            below, above = self.quantiles[first - 1], self.quantiles[first]
            place = first - 1 + (value - below) / (above - below)
        else:
            place = 0.0 if first == 0 else float(STEPS)
        return math.log(max(2 * min(place, STEPS - place) / STEPS, RAREST))


@dataclass(frozen=True, slots=True)
class Names:
    """What each of a feature's names counts; any other counts what the rarest can."""

    logs: Mapping[str, float]

    @classmethod
    def of(cls, names: Sequence[str]) -> Names:
        counts = Counter(names)
        logs = {}
        for name, count in sorted(counts.items()):
            no_commoner = sum(other for other in counts.values() if other < count) + count / 2
            logs[name] = round(math.log(max(min(2 * no_commoner / len(names), 1.0), RAREST)), DIGITS)
        return cls(logs)

    def log(self, name: str) -> float:
        return self.logs.get(name, math.log(RAREST))


@dataclass(frozen=True, slots=True)
class Bars:
    """How much likelier note lengths of a bar are in a rhythm than in its metre at large: logarithms."""

    logs: Mapping[str, float]
    other: float  # of those that the rhythm does not have

    @classmethod
    def of(cls, own: Counter[str], metre: Counter[str]) -> Bars:
        whole, every = own.total() + PRIOR, metre.total()
        logs = {
            name: round(math.log((count + PRIOR * metre[name] / every) / whole * every / metre[name]), 2)
            for name, count in sorted(own.items())
        }
        return cls(logs, round(math.log(PRIOR / whole), 2))

    def mean(self, bars: Sequence[str]) -> float:
        return sum(self.logs.get(bar, self.other) for bar in bars) / len(bars)


class Judge:
    """The distributions of the features among real tunes. One for all threads: nothing in it changes."""

    def __init__(
        self,
        numbers: Mapping[str, Mapping[str, Numbers]],
        names: Mapping[str, Mapping[str, Names]],
        bars: Mapping[str, Bars],
    ) -> None:
        """Numbers by feature and rhythm, EVERY for all together; names by feature and the kind that they are compared within;
        bars by `Features.dance`."""
        self._numbers, self._names, self._bars = numbers, names, bars

    @classmethod
    def of(cls, tunes: Sequence[Score], bits_per_token: Sequence[float]) -> Judge:
        """Measures real tunes, which the model has learned, and whose bits per token these are."""
        found = [features(score) for score in tunes]
        own: dict[str, Counter[str]] = {}
        at_large: dict[str, Counter[str]] = {}
        for score, one in zip(tunes, found, strict=True):
            if score.metre:
                at_large.setdefault(str(token_metre(score.metre)), Counter()).update(one.bars)
            if one.dance:
                own.setdefault(one.dance, Counter()).update(one.bars)
        bars = {dance: Bars.of(counts, at_large[dance.rpartition(" ")[2]]) for dance, counts in sorted(own.items())}
        numbers: dict[str, dict[str, list[float]]] = {}
        names: dict[str, dict[str, list[str]]] = {}
        for score, one, bits in zip(tunes, found, bits_per_token, strict=True):
            for feature, value in _all_numbers(one, bits, bars).items():
                for rhythm in {EVERY, score.rhythm}:
                    numbers.setdefault(feature, {}).setdefault(rhythm, []).append(value)
            for feature, occurrences in one.names.items():
                for kind, name in occurrences:
                    names.setdefault(feature, {}).setdefault(kind, []).append(name)
        return cls(
            {
                feature: {
                    rhythm: Numbers.of(values)
                    for rhythm, values in sorted(rows.items())
                    if rhythm == EVERY or len(values) >= ENOUGH
                }
                for feature, rows in numbers.items()
            },
            {feature: {kind: Names.of(values) for kind, values in sorted(rows.items())} for feature, rows in names.items()},
            bars,
        )

    @classmethod
    def load(cls, path: Path | None = None) -> Judge:
        """The distributions in a file, the shipped ones without it; raises WeightsError."""
        path = path or SHIPPED / FILE
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            numbers = {name: {kind: Numbers(**row) for kind, row in rows.items()} for name, rows in found["numbers"].items()}
            names = {name: {kind: Names(**row) for kind, row in rows.items()} for name, rows in found["names"].items()}
            bars = {dance: Bars(**row) for dance, row in found["bars"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsError(f"What real tunes are like cannot be read from {path} ({error}). Restore it with git.") from error
        return cls(numbers, names, bars)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        found = {
            "numbers": {name: {kind: asdict(row) for kind, row in rows.items()} for name, rows in self._numbers.items()},
            "names": {name: {kind: asdict(row) for kind, row in rows.items()} for name, rows in self._names.items()},
            "bars": {dance: asdict(row) for dance, row in self._bars.items()},
        }
        path.write_text(json.dumps(found, ensure_ascii=False) + "\n", encoding="utf-8")

    def scores(self, score: Score, bits_per_token: float, closest: Closest) -> dict[str, float]:
        """The score's parts, named as in PARTS, and their sum as `total`; each is 0 at best.

        `bits_per_token` are the model's for the tokens after the header, without a mask; `closest` as `Novelty` has it.
        """
        found = features(score)
        numbers = _all_numbers(found, bits_per_token, self._bars)
        parts = {
            group: sum(self._log(feature, score.rhythm, numbers, found.names) for feature in members)
            for group, members in GROUPS.items()
        }
        parts["novelty"] = -0.5 * (max(0, closest.notes - UNREMARKABLE) / FALL) ** 2
        return {**parts, "total": sum(parts.values())}

    def _log(
        self, feature: str, rhythm: str, numbers: Mapping[str, float], names: Mapping[str, Sequence[tuple[str, str]]]
    ) -> float:
        if feature in numbers and (rows := self._numbers.get(feature)):
            return (rows.get(rhythm) or rows[EVERY]).log(numbers[feature])
        kinds = self._names.get(feature, {})
        logs = [kinds[kind].log(name) for kind, name in names.get(feature, ()) if kind in kinds]
        return sum(logs) / len(logs) if logs else ABSENT


def _all_numbers(found: Features, bits_per_token: float, bars: Mapping[str, Bars]) -> dict[str, float]:
    numbers = {LIKELIHOOD: bits_per_token, **found.numbers}
    if found.bars and (rhythm := bars.get(found.dance)):
        numbers[BAR_RHYTHMS] = rhythm.mean(found.bars)
    return numbers


def best(totals: Sequence[float], closest: Sequence[Closest]) -> int | None:
    """The candidate with the highest total among those that are no near-copies; None where all are."""
    own = [index for index, found in enumerate(closest) if found.notes < NEAR_COPY]
    return max(own, key=totals.__getitem__, default=None)
