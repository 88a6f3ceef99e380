"""Measures of a tune for ranking and evaluation: its melody, parts, cadence and repetition.

A ratio is a pair (how many, of how many), so that ratios of many tunes can be added up; (0, 0) if it does not apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Bar, Pitch, Score
from generator.notation.structure import FormError, Part, parts, play_order

Ratio = tuple[float, float]
PART_BARS = 8


def melody(score: Score) -> list[Pitch]:
    """The notes that sound, as they are written: repeats once, tied notes as one, no rests."""
    found: list[Pitch] = []
    tied = False
    for note in score.notes():
        pitch = note.melody
        if pitch and not (tied and found[-1].midi == pitch.midi):
            found.append(pitch)
        tied = note.tie and pitch is not None
    return found


def pitches(score: Score) -> list[int]:
    """The melody as MIDI numbers."""
    return [pitch.midi for pitch in melody(score)]


def intervals(pitches: Sequence[Pitch]) -> list[int]:
    """The intervals between successive notes in semitones: the same in every key."""
    return [after.midi - before.midi for before, after in pairwise(pitches)]


def layout_of(score: Score) -> list[Part] | None:
    """The parts, without a pick-up before the first `|:`; None if repeats or endings do not match."""
    try:
        found = parts(score)
    except FormError:
        return None
    return [part for part in found if not _lone_pick_up(part, score.metre)]


def _lone_pick_up(part: Part, metre: Metre | None) -> bool:
    return metre is not None and len(part.body) == 1 and not part.repeated and part.body[0].duration < metre.bar


def ends_on_tonic(score: Score) -> bool:
    """Whether the last note that is played is the tonic in any octave."""
    last = next((pitch for index in reversed(play_order(score.bars)) for note in reversed(score.bars[index].notes)
                 if (pitch := note.melody)), None)  # fmt: skip
    return last is not None and last.midi % 12 == score.key.pitch_class


def first_pass(part: Part, metre: Metre | None) -> tuple[Bar, ...]:
    """The bars of a part as they are played the first time, without the pick-up."""
    bars = part.body + part.first
    pick_up = metre is not None and len(bars) > 1 and bars[0].duration < metre.bar
    return bars[1:] if pick_up else bars


def bars_of(part: Part, metre: Metre | None) -> int:
    return len(first_pass(part, metre))


def in_scale(notes: Sequence[Pitch], key: Key) -> Ratio:
    """How many of the notes are in the key's scale."""
    in_key = {(key.pitch_class + step) % 12 for step in scale(key)}
    return float(sum(note.midi % 12 in in_key for note in notes)), float(len(notes))


def scale(key: Key) -> list[int]:
    """The key's scale in semitones above its tonic."""
    base = Pitch(key.tonic[0], 4).staff
    tonic = Pitch.at(base, key.signature[key.tonic[0]]).midi
    return [Pitch.at(base + step, key.signature[Pitch.at(base + step).letter]).midi - tonic for step in range(7)]


Onsets = set[tuple[float, int]]  # (bar offset in whole notes, rounded to six decimals; MIDI pitch)


def onsets(bar: Bar) -> Onsets:
    """Where in the bar each note begins, and its pitch."""
    found, offset = set(), 0.0  # fractions would be exact, but adding them takes twenty times as long
    for note in bar.notes:
        if pitch := note.melody:
            found.add((round(offset, 6), pitch.midi))
        offset += note.duration.numerator / note.duration.denominator
    return found


def _halves(part: Part, metre: Metre | None) -> Iterator[tuple[Onsets, Onsets]]:
    """Bars 1 to 4 with bars 5 to 8."""
    bars = first_pass(part, metre)
    if len(bars) >= PART_BARS:
        for early, late in zip(bars[:4], bars[4:8], strict=True):
            yield onsets(early), onsets(late)


def recall(part: Part, metre: Metre | None) -> Ratio:
    """How many notes of bars 5 to 8 are at the same bar offset in bars 1 to 4."""
    pairs = list(_halves(part, metre))
    return float(sum(len(early & late) for early, late in pairs)), float(sum(len(late) for _, late in pairs))


def recalled_bars(part: Part, metre: Metre | None) -> Ratio:
    """How many of bars 5 to 8 equal bars 1 to 4, note for note."""
    pairs = list(_halves(part, metre))
    return float(sum(early == late for early, late in pairs)), float(len(pairs))


def endings_alike(layout: Sequence[Part], metre: Metre | None) -> Ratio:
    """How many notes of the second part's last four bars are at the same bar offset in the first part's last four."""
    both = [first_pass(part, metre) for part in layout[:2]]
    if len(both) < 2 or any(len(bars) != PART_BARS for bars in both):
        return 0.0, 0.0
    pairs = [(onsets(early), onsets(late)) for early, late in zip(both[0][4:], both[1][4:], strict=True)]
    return float(sum(len(early & late) for early, late in pairs)), float(sum(len(late) for _, late in pairs))
