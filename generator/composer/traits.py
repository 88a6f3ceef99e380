"""The traits of a tune by which candidates are ranked: numbers such as its range, names such as the degree that it ends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from generator.composer.measures import Onsets, first_pass, layout_of, melody, onsets, scale
from generator.notation.score import Bar, Note, Score
from generator.notation.structure import Part
from generator.notation.tokens import token_metre

LEAP = 5  # semitones: more than a second, a third or a fourth


@dataclass(frozen=True, slots=True)
class Traits:
    """What is measured of one tune. A trait that the tune does not have is missing."""

    numbers: Mapping[str, float]
    names: Mapping[str, Sequence[tuple[str, str]]]  # for each occurrence: the group to compare it within, and its name
    bars: Sequence[str]  # the note lengths of each bar
    dance: str  # rhythm and metre, the group to compare bars within; empty if one of them is unknown


def traits_of(score: Score) -> Traits:
    """The traits that the notes alone show. Takes about a millisecond."""
    layout, notes = layout_of(score) or [], melody(score)
    midi = [note.midi for note in notes]
    steps = [abs(after - before) for before, after in pairwise(midi)]
    bars = [first_pass(part, score.metre) for part in layout]
    placed = [[onsets(bar) for bar in part] for part in bars]
    numbers: dict[str, float | None] = {}
    if steps and any(bars):
        written = [_written(bar) for part in bars for bar in part]
        in_scale = {(score.key.pitch_class + step) % 12 for step in scale(score.key)}
        numbers = {
            "beginnings_alike": _share(_pairs(placed[0][:4], other[:4]) for other in placed[1:]),
            "endings_alike": _share(_pairs(placed[0][-4:], other[-4:]) for other in placed[1:]),
            "recall": _share(_pairs(part[:4], part[4:8]) for part in placed if len(part) >= 8),
            "distinct_bars": len(set(map(tuple, written))) / len(written),
            "same_again": sum(one == other for one, other in pairwise(written)) / len(written),
            "range": float(max(midi) - min(midi)),
            "repeated_notes": steps.count(0) / len(steps),
            "leaps": sum(step > LEAP for step in steps) / len(steps),
            "outside_scale": sum(pitch % 12 not in in_scale for pitch in midi) / len(midi),
        }
    lengths = [" ".join(_length(note.rest, *note.duration.as_integer_ratio()) for note in bar.notes) for bar in score.bars]
    dance = f"{score.rhythm} {token_metre(score.metre)}" if score.rhythm and score.metre else ""
    known = {name: value for name, value in numbers.items() if value is not None}
    return Traits(known, _endings(score, layout), lengths, dance)


@lru_cache(maxsize=1024)
def _length(rest: bool, numerator: int, denominator: int) -> str:
    """A note length in quavers; the arguments are in whole notes."""
    return ("z" if rest else "") + str(Fraction(8 * numerator, denominator))


def _written(bar: Bar) -> list[tuple[int, int, int]]:
    """MIDI pitch (-1 for a rest) and length of each note."""
    return [(pitch.midi if (pitch := note.melody) else -1, *note.duration.as_integer_ratio()) for note in bar.notes]


def _pairs(some: Sequence[Onsets], others: Sequence[Onsets]) -> tuple[int, int]:
    """How many notes of `others` are at the same bar offset in `some`, and how many there are."""
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
        "parts": [(metre, f"{len(first_pass(part, score.metre))}{' twice' if part.repeated else ''}") for part in layout],
        "last_degree": [(mode, degrees[-1])],
        "part_degrees": [(mode, degree) for degree in degrees[:-1]],
        "last_length": [(metre, str(lasts[-1].duration))],
    }


def _last(part: Part) -> Note | None:
    """The last note that sounds in the part."""
    return next((note for bar in reversed(part.body + part.second) for note in reversed(bar.notes) if not note.rest), None)
