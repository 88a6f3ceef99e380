"""What tests of the reader share: a tune, and short ways to read a few bars."""

from __future__ import annotations

from fractions import Fraction
from typing import TypedDict, Unpack

import pytest

from generator.notation.errors import NotationError
from generator.notation.opening import read_opening
from generator.notation.opening_modes import OpeningMode
from generator.notation.reader import read
from generator.notation.score import Pitch, Score

EIGHTH = Fraction(1, 8)
TUNE = """X:7
T:The Paper Kettle
R:jig
Q:3/8=112
M:6/8
L:1/8
K:Edor
E|:"Em"~B2A (3Bcd {c}B>A|G<E.F [Ge]2z-|1 D3-D2E:|2 D6|]
"""


class Wanted(TypedDict, total=False):
    """What a request says about its opening."""

    rhythm: str
    key: str
    metre: str
    mode: OpeningMode


def melody(score: Score) -> list[Pitch]:
    """The pitches of the melody of a tune that has no rests."""
    pitches = [note.melody for note in score.notes()]
    assert None not in pitches
    return [pitch for pitch in pitches if pitch]


def pitches(music: str, header: str = "M:none\nL:1/8\nK:C\n") -> list[list[int]]:
    """The MIDI pitches of each note or chord; none for a rest."""
    return [[pitch.midi for pitch in note.pitches] for note in read(header + music).notes()]


def lengths(music: str, header: str = "M:none\nL:1/8\nK:C\n") -> list[Fraction]:
    """The length of each note in eighths."""
    return [note.duration / EIGHTH for note in read(header + music).notes()]


def read_error(text: str) -> NotationError:
    """The error of the reader."""
    with pytest.raises(NotationError) as caught:
        read(text)
    return caught.value


def refusal(text: str, **wanted: Unpack[Wanted]) -> str:
    """The message with which an opening is refused."""
    with pytest.raises(NotationError) as caught:
        read_opening(text, **wanted)
    return str(caught.value)
