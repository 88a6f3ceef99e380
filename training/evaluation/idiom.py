"""Idiom: what real tunes of a rhythm do that a reader misses in a composed one, for single tunes.

Each measure is a pair (how many, of how many) as in generator.composer.measures, so that many tunes can be added up; (0, 0) if
it does not apply. Repeats count once. What is compared with the training tunes is in training.evaluation.common.
"""

from __future__ import annotations

from fractions import Fraction

from generator.composer.idiom import CADENCE_NOTES
from generator.composer.measures import Ratio, bars_of, layout_of, onsets
from generator.notation.score import Bar, Score
from generator.notation.structure import Part, metres
from generator.notation.tokens import tonic_pitch

QUAVER = Fraction(1, 8)
SNAP = Fraction(1, 16), Fraction(3, 16)  # the two notes of a Scotch snap, in whole notes


def closing_bars(part: Part) -> tuple[Bar, ...]:
    """The bars of a part as they are played the last time."""
    return part.body + part.second


def last_bars_alike(score: Score, bars: int) -> Ratio:
    """Whether the first two parts end with the same bars: as many of them, the same notes at the same offsets.

    The lengths of the notes are not compared: before a pick-up the last one is shorter.
    """
    layout = layout_of(score) or []
    if len(layout) < 2:
        return 0.0, 0.0
    one, other = (closing_bars(part)[-bars:] for part in layout[:2])
    if min(len(one), len(other)) < bars:
        return 0.0, 1.0
    return float(all(onsets(a) == onsets(b) for a, b in zip(one, other, strict=True))), 1.0


Cadence = tuple[tuple[int, Fraction], ...]  # of each note: degrees above the tonic from C4 to B4, and its length


def cadences(score: Score) -> list[Cadence]:
    """The last CADENCE_NOTES notes of each part, without accidentals; rests are left out."""
    base = tonic_pitch(score.key).staff
    found = []
    for part in layout_of(score) or ():
        notes = [
            (pitch.staff - base, note.duration) for bar in closing_bars(part) for note in bar.notes if (pitch := note.melody)
        ]
        if len(notes) >= CADENCE_NOTES:
            found.append(tuple(notes[-CADENCE_NOTES:]))
    return found


def closes_7_1(score: Score) -> Ratio:
    """Parts whose last two notes rise from the seventh degree to the tonic."""
    lasts = [(before[0], last[0]) for *_, before, last in cadences(score)]
    return float(sum(last - before == 1 and last % 7 == 0 for before, last in lasts)), float(len(lasts))


def plain_quaver_bars(score: Score) -> Ratio:
    """Full bars of quavers alone, of all full bars. A strathspey has hardly any."""
    bars = _full_bars(score)
    return float(sum(all(note.duration == QUAVER for note in bar.notes) for bar in bars)), float(len(bars))


def snap_bars(score: Score) -> Ratio:
    """Full bars with at least one Scotch snap, a semiquaver and a dotted quaver on a beat, of all full bars."""
    bars = _full_bars(score)
    return float(sum(_has_snap(bar) for bar in bars)), float(len(bars))


def _has_snap(bar: Bar) -> bool:
    offset = Fraction(0)
    for note, following in zip(bar.notes, bar.notes[1:], strict=False):
        if offset % Fraction(1, 4) == 0 and (note.duration, following.duration) == SNAP:
            return True
        offset += note.duration
    return False


def triplet_notes(score: Score) -> Ratio:
    """Notes in triplets, of all notes."""
    notes = list(score.notes())
    return float(sum(note.tuplet is not None and note.tuplet.actual == 3 for note in notes)), float(len(notes))


def form_of(score: Score) -> str:
    """The form: the bars of each part, whether it is repeated, and how many of their last bars the first two parts share.

    `8×2 8×2, 1 shared` is AABB in parts of eight bars with the same last bar. Up to four shared bars are counted. A tune whose
    repeats or endings do not match has the form ``.
    """
    layout = layout_of(score)
    if not layout:
        return ""
    parts = " ".join(f"{bars_of(part, score.metre)}{'×2' if part.repeated else ''}" for part in layout)
    if len(layout) < 2:
        return parts
    shared = next((bars for bars in (4, 2, 1) if last_bars_alike(score, bars)[0]), 0)
    return f"{parts}, {shared} shared"


def _full_bars(score: Score) -> list[Bar]:
    return [bar for bar, metre in zip(score.bars, metres(score), strict=True) if metre and bar.duration == metre.bar]
