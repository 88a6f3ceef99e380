"""A tune without what composers and books merely write differently: its parts once each, relative to its tonic.

The header, the key, pick-ups and ornaments are left out, and it makes no difference whether a repeat is a sign or is written out
or how often a part is printed. The ranking and the judge see tunes like this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from generator.composer.measures import first_pass, layout_of
from generator.notation.keys import Key
from generator.notation.score import Bar, Score
from generator.notation.structure import sections
from generator.notation.tokens import TICKS, tonic_pitch

MAX_PARTS = 4


class Sound(NamedTuple):
    """A note or a rest of a part."""

    degree: int | None  # of the scale above the tonic from C4 to B4, as in tokens; None: a rest
    alter: int  # in semitones, relative to the scale
    midi: int  # semitones above the tonic from C4 to B4; 0 for a rest
    ticks: int  # length; tied notes are not joined
    offset: int  # ticks since the bar began
    triplet: bool


Music = list[list[list[Sound]]]  # parts → bars → sounds


def music_of(score: Score) -> Music:
    """The parts of a tune. If its repeats do not match, its sections count as parts."""
    layout = layout_of(score)
    if layout is not None:
        parts: list[Sequence[Bar]] = [first_pass(part, score.metre) for part in layout]
    else:
        parts = [score.bars[start:stop] for start, stop in sections(score.bars)]
    found: Music = []
    for bars in parts:
        part = [_bar(bar, score.key) for bar in bars if bar.notes]
        half = len(part) // 2
        if half >= 4 and part[:half] == part[half:]:
            part = part[:half]  # a repeat that is written out
        if part and part not in found:
            found.append(part)
    return found[:MAX_PARTS]


def _bar(bar: Bar, key: Key) -> list[Sound]:
    found, offset = [], 0
    tonic, signature = tonic_pitch(key), key.signature
    tonic_midi, tonic_staff = tonic.midi + signature[tonic.letter], tonic.staff
    for note in bar.notes:
        # Not `note.duration * TICKS`: to multiply fractions takes longer than all the rest.
        ticks = round(note.duration.numerator * TICKS / note.duration.denominator)
        if (pitch := note.melody) is None:
            found.append(Sound(None, 0, 0, ticks, offset, note.tuplet is not None))
        else:
            alter = max(-2, min(2, pitch.alter - signature[pitch.letter]))
            above, triplet = pitch.midi - tonic_midi, note.tuplet is not None
            found.append(Sound(pitch.staff - tonic_staff, alter, above, ticks, offset, triplet))
        offset += ticks
    return found


def bar_at(music: Music, part: int, bar: int) -> list[Sound]:
    """A bar; empty if there is none."""
    return music[part][bar] if 0 <= part < len(music) and 0 <= bar < len(music[part]) else []
