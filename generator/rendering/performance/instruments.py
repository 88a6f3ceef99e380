"""The melody instruments, and the choice of the one that plays a tune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.style import Style

Ornament = Literal["roll", "cut", "treble"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A General MIDI program, counted from 0, its range, and how its player articulates and ornaments."""

    program: int
    volume: int  # MIDI controller 7; it makes all instruments about equally loud, measured with the FluidR3 sound font
    lowest: int  # MIDI
    articulation: Literal["bow", "breath", "bag", "each"]  # slurs by bow, breath or bag; "each": every note has its attack
    silence_s: float  # before a note that is not slurred
    ornaments: float  # that the player adds in a bar, on average
    long: tuple[Ornament, ...]  # on notes of three quavers or more
    short: tuple[Ornament, ...]  # on notes of two
    quick: tuple[Ornament, ...]  # on quavers
    skip: int = 0  # samples of a slow attack to skip: it would make fast notes late
    release: int = 0  # change of the sound font's release in timecents: -1200 halves it
    rings: bool = False  # its strings are not damped
    drones: bool = False
    crans: bool = False  # rolls on the lowest note have no note below to strike
    highest: int = 108  # MIDI; FluidR3 has no samples above it


BAGPIPE = 109
_ROLL: tuple[Ornament, ...] = ("roll",)
_CUT: tuple[Ornament, ...] = ("cut",)
_TREBLE: tuple[Ornament, ...] = ("treble",)
INSTRUMENTS = {
    "fiddle": Instrument(
        110, 106, 55, "bow", 0.03, 0.9, _ROLL, ("roll", "treble", "cut"), _CUT, skip=8000, release=-1200, highest=93
    ),
    "flute": Instrument(73, 95, 62, "breath", 0.025, 1.0, _ROLL, ("roll", "cut"), _CUT, skip=2000, release=-1200, crans=True),
    # The recorder: General MIDI's “whistle” is a human one.
    "whistle": Instrument(74, 90, 62, "breath", 0.025, 0.9, _ROLL, ("roll", "cut"), _CUT, crans=True, highest=97),
    "accordion": Instrument(21, 113, 53, "each", 0.02, 0.6, _ROLL, ("treble", "cut"), _CUT, skip=2000, release=-1200),
    "concertina": Instrument(23, 104, 55, "each", 0.02, 0.6, _ROLL, ("roll", "cut"), _CUT, release=-1200),  # the bandoneon
    "banjo": Instrument(105, 107, 55, "each", 0.0, 0.6, _TREBLE, _TREBLE, (), release=-3600),
    "harp": Instrument(46, 112, 36, "each", 0.0, 0.3, _CUT, _CUT, (), release=-1200, rings=True),
    "piano": Instrument(0, 127, 24, "each", 0.01, 0.3, _CUT, _CUT, (), release=-600),
    "pipes": Instrument(BAGPIPE, 100, 62, "bag", 0.03, 1.0, _ROLL, ("roll", "cut"), _CUT, release=-1200, drones=True, crans=True),
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
