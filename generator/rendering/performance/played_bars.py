"""The bars of a tune in playing order, with repeats played out, and the key and position of each written bar."""

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
    """One playing of a written bar; times are in whole notes."""

    index: int  # in score.bars
    pass_index: int  # 0 the first time that the bar is played
    onset: Fraction
    duration: Fraction
    bar_offset: Fraction  # where in a full bar it begins: the notes of a pick-up are the last of a bar
    metre: Metre | None


def played_bars(score: Score) -> list[PlayedBar]:
    """The bars in playing order."""
    bar_metres, offsets = metres(score), bar_offsets(score)
    durations = [bar.duration for bar in score.bars]
    passes: Counter[int] = Counter()
    found, onset = [], Fraction(0)
    for index in play_order(score.bars, score.order):
        found.append(PlayedBar(index, passes[index], onset, durations[index], offsets[index], bar_metres[index]))
        passes[index] += 1
        onset += durations[index]
    return found


def bar_offsets(score: Score) -> list[Fraction]:
    """For each written bar, where in a full bar it begins, in whole notes: 0 except for pick-ups."""
    return [
        metre.bar - bar.duration if metre and _is_pickup(score, index, metre) else Fraction(0)
        for index, (bar, metre) in enumerate(zip(score.bars, metres(score), strict=True))
    ]


def _is_pickup(score: Score, index: int, metre: Metre) -> bool:
    """Whether a short bar leads into the next one, rather than ending a part."""
    bar = score.bars[index]
    before = score.bars[index - 1] if index else None
    opens = before is None or bar.repeat_start or before.ends_section
    return opens and not bar.repeat_end and bar.duration < metre.bar


def keys_of_bars(score: Score) -> list[Key]:
    """The key of each written bar."""
    current, found = score.key, []
    for bar in score.bars:
        current = bar.key or current
        found.append(current)
    return found
