"""The bars of a tune in playing order, with repeats played out, and what applies to each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.structure import metres, play_order


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """A bar as it is come to in playing: when, and the `turn`th time, from 0."""

    index: int  # in score.bars
    turn: int
    onset: Fraction
    duration: Fraction
    place: Fraction  # where in a full bar it begins: a pick-up's notes are the last of a bar
    metre: Metre | None


def played_bars(score: Score) -> list[PlayedBar]:
    """The bars in the order in which they are played."""
    in_force, places = metres(score), bar_offsets(score)
    durations = [bar.duration for bar in score.bars]
    turns: Counter[int] = Counter()
    found, onset = [], Fraction(0)
    for index in play_order(score.bars, score.order):
        found.append(PlayedBar(index, turns[index], onset, durations[index], places[index], in_force[index]))
        turns[index] += 1
        onset += durations[index]
    return found


def bar_offsets(score: Score) -> list[Fraction]:
    """For each written bar where in a full bar it begins, in whole notes: 0 but for pick-ups."""
    return [
        metre.bar - bar.duration if metre and _pickup(score, index, metre) else Fraction(0)
        for index, (bar, metre) in enumerate(zip(score.bars, metres(score), strict=True))
    ]


def _pickup(score: Score, index: int, metre: Metre) -> bool:
    """Whether a short bar leads into the next one, rather than ending a part."""
    bar = score.bars[index]
    before = score.bars[index - 1] if index else None
    opens = before is None or bar.repeat_start or before.ends_section
    return opens and not bar.repeat_end and bar.duration < metre.bar


def keys_of_bars(score: Score) -> list[Key]:
    """The key of each bar."""
    current, found = score.key, []
    for bar in score.bars:
        current = bar.key or current
        found.append(current)
    return found
