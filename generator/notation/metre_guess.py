"""Guesses the metre and the unit note length of ABC that doesn't state them."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from generator.notation.metres import Metre, Rhythm
from generator.notation.reader import read
from generator.notation.score import Score

_COMMON_METRES = tuple(Metre(*pair) for pair in ((4, 4), (6, 8), (9, 8), (2, 4), (3, 4), (12, 8), (3, 2)))


def guess_metre(score: Score, rhythm: Rhythm | None, *, only_rhythm: bool) -> Metre:
    """The first metre that the longest bar fills: of the rhythm's metres, then (unless `only_rhythm`) of the common ones."""
    rhythm_metres = rhythm.metres if rhythm else ()
    longest = max(bar.duration for bar in score.bars)
    if rhythm_metres and len(score.bars) == 1 and longest <= rhythm_metres[0].bar:
        return rhythm_metres[0]  # the only bar may be unfinished
    candidates = rhythm_metres if only_rhythm else (*rhythm_metres, *_COMMON_METRES)
    default = rhythm_metres[0] if rhythm_metres else Metre(4, 4)
    return next((metre for metre in candidates if metre.bar == longest), default)


def read_as_quavers(score: Score, text: str) -> Score:
    """The score, read again in quavers if `text` has no `L:` and no bar is more than half full.

    Without `L:`, ABC counts in semiquavers in 2/4 and 3/8, but many people mean quavers there too.
    """
    assert score.metre is not None
    half_full = max(bar.duration for bar in score.bars) * 2 <= score.metre.bar
    if score.unit != Fraction(1, 16) or not half_full or re.search(r"^\s*L:|\[L:", text, re.MULTILINE):
        return score
    again = read("L:1/8\n" + text, key=score.key, metre=score.metre, all_voices=bool(score.voices))
    return replace(again, metre=score.metre)
