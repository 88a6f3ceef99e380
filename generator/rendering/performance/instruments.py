"""The melody instruments, and the choice of the one that plays a tune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.style import Style


@dataclass(frozen=True, slots=True)
class Instrument:
    """A General MIDI program, counted from 0, its range, and how its player ornaments."""

    program: int
    volume: int  # MIDI controller 7; it makes all instruments about equally loud, measured with the FluidR3 sound font
    lowest: int  # MIDI
    ornament: Literal["roll", "treble", "cut"] = "roll"  # on long notes, when a part is repeated
    skip: int = 0  # samples of a slow attack to skip: it would make fast notes late
    rings: bool = False  # its strings are not damped
    highest: int = 108  # MIDI; FluidR3 has no samples above it


INSTRUMENTS = {
    "fiddle": Instrument(110, 106, 55, skip=8000, highest=93),
    "flute": Instrument(73, 95, 62, skip=2000),
    "whistle": Instrument(74, 90, 62, highest=97),  # the recorder: General MIDI's “whistle” is a human one
    "accordion": Instrument(21, 113, 53, skip=2000),
    "concertina": Instrument(23, 104, 55),  # the bandoneon
    "banjo": Instrument(105, 107, 55, "treble"),
    "harp": Instrument(46, 112, 36, "cut", rings=True),
    "piano": Instrument(0, 127, 24, "cut"),
}

_DEFAULTS = {
    "reel": "fiddle", "jig": "flute", "slip jig": "whistle", "hornpipe": "concertina", "polka": "accordion",
    "slide": "accordion", "waltz": "fiddle", "march": "whistle", "strathspey": "fiddle", "air": "whistle",
}  # fmt: skip


def choose_instrument(score: Score, style: Style) -> str:
    """The style's instrument, or the rhythm's default, or another whose range fits if the default's does not."""
    if style.instrument:
        return style.instrument
    rhythm = usual_rhythm(score.rhythm, score.metre)
    default = _DEFAULTS[rhythm.name] if rhythm else "fiddle"
    pitches = [pitch.midi for note in score.notes() for pitch in note.pitches] or [INSTRUMENTS[default].lowest]
    return next(
        name
        for name in (default, "fiddle", "accordion", "piano")
        if (INSTRUMENTS[name].lowest <= min(pitches) and max(pitches) <= INSTRUMENTS[name].highest) or name == "piano"
    )
