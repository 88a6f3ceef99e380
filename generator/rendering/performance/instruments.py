"""The melody instruments, and which of them plays a tune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.style import Style


@dataclass(frozen=True, slots=True)
class Instrument:
    """A General MIDI program, counted from 0, and what its player does with it."""

    program: int
    volume: int  # MIDI controller 7: with it all are about as loud, measured on FluidR3
    lowest: int  # MIDI
    ornament: Literal["roll", "treble", "cut"] = "roll"  # for long notes, the second time through
    skip: int = 0  # samples of a slow attack that a dance tune has no time for
    rings: bool = False  # nothing damps its strings
    highest: int = 108  # MIDI; FluidR3 has nothing above it


INSTRUMENTS = {
    "fiddle": Instrument(110, 106, 55, skip=8000, highest=93),
    "flute": Instrument(73, 95, 62, skip=2000),
    "whistle": Instrument(74, 90, 62, highest=97),  # the recorder; General MIDI's own whistle is one without a pipe
    "accordion": Instrument(21, 113, 53, skip=2000),
    "concertina": Instrument(23, 104, 55),  # the bandoneon
    "banjo": Instrument(105, 107, 55, "treble"),
    "harp": Instrument(46, 112, 36, "cut", rings=True),
    "piano": Instrument(0, 127, 24, "cut"),
}

_USUAL = {
    "reel": "fiddle", "jig": "flute", "slip jig": "whistle", "hornpipe": "concertina", "polka": "accordion",
    "slide": "accordion", "waltz": "fiddle", "march": "whistle", "strathspey": "fiddle", "air": "whistle",
}  # fmt: skip


def choose_instrument(score: Score, style: Style) -> str:
    """The style's instrument, else the rhythm's own; one that goes low and high enough where that does not."""
    if style.instrument:
        return style.instrument
    rhythm = usual_rhythm(score.rhythm, score.metre)
    usual = _USUAL[rhythm.name] if rhythm else "fiddle"
    pitches = [pitch.midi for note in score.notes() for pitch in note.pitches] or [INSTRUMENTS[usual].lowest]
    return next(
        name
        for name in (usual, "fiddle", "accordion", "piano")
        if (INSTRUMENTS[name].lowest <= min(pitches) and max(pitches) <= INSTRUMENTS[name].highest) or name == "piano"
    )
