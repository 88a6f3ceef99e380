"""The backing: guitar and bodhrán patterns for each rhythm."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.chords import Chord
from generator.rendering.performance.groove import pulse_of
from generator.rendering.performance.harmony import Changes, chord_at
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.played_bars import PlayedBar

# A bar in equal steps; a dot is a step without a stroke. Guitar: B the root in the bass, A the alternating bass note, c the chord
# strummed down, u its upper strings strummed up, a digit a plucked note (1 root, 5 fifth, 8 octave, 3 third above that).
# Bodhrán: D a down stroke in the middle of the skin, d a softer one, t a tap at its edge.
_GUITAR = {
    "reel": "B.cuA.cu", "hornpipe": "B.c.A.cu", "strathspey": "B.c.A.c.", "march": "B.c.A.c.", "polka": "BcAc",
    "jig": "B.uc.u", "slip jig": "B.uc.uc.u", "slide": "B.uc.uA.uc.u", "waltz": "B.c.c.",
}  # fmt: skip
_BODHRAN = {
    "reel": "DtdtDtdt", "hornpipe": "D.dtD.dt", "strathspey": "D.d.D.d.", "march": "D.d.D.d.", "polka": "DdDd",
    "jig": "DtdDtd", "slip jig": "DtdDtdDtd", "slide": "DtdDtdDtdDtd", "waltz": "D.t.t.",
}  # fmt: skip
_AIR = {2: "1.5.", 3: "1.5.8.", 4: "1.5.8.5.", 6: "1.583.", 9: "1.583.5..", 12: "1.583.1.583."}  # by the beats of the metre
_COMPOUND_DEFAULTS = {6: "jig", 9: "slip jig", 12: "slide"}  # by the beats of the metre

_LOWEST_BASS, _LOWEST_CHORD = 40, 52  # MIDI: the guitar's E strings
_STRINGS, _UP_STRINGS = 4, 3
_VELOCITIES = {"B": 66, "A": 60, "c": 54, "u": 42, "1": 72, "5": 62, "8": 66, "3": 62, "D": 62, "d": 46, "t": 36}
_SKIPPED_TAPS = 0.2  # the share of taps that are skipped, for variety
SKIN, EDGE = 64, 74  # MIDI pitches of the Taiko that plays the bodhrán


@dataclass(frozen=True, slots=True)
class Step:
    """One stroke in a bar of backing; times are in whole notes."""

    onset: Fraction
    length: Fraction  # until the next stroke of the pattern
    sign: str  # of the pattern
    bar: PlayedBar
    bar_offset: Fraction


def guitar(score: Score, bars: Sequence[PlayedBar], chords: Sequence[Changes], end: Fraction) -> list[list[Sound]]:
    """The guitar's strokes until `end`, in whole notes: each is a list of sounds in the order of the strings struck."""
    strokes = []
    previous: Chord | None = None
    for step in _steps(score, bars, _GUITAR, end):
        if chord := chord_at(chords[step.bar.index], step.bar_offset):
            velocity = _VELOCITIES[step.sign]
            pitches = _pitches(step.sign, chord, new=chord != previous)
            strokes.append([Sound(step.onset, step.length, pitch, velocity) for pitch in pitches])
            previous = chord
    return strokes


def last_stroke(bars: Sequence[PlayedBar], chords: Sequence[Changes], onset: Fraction, length: Fraction) -> list[Sound]:
    """The guitar's last stroke: the tune's final chord with its bass."""
    played = next((bar for bar in reversed(bars) if bar.onset <= onset), None)
    chord = chord_at(chords[played.index], onset - played.onset + played.bar_offset) if played and played.metre else None
    pitches = sorted({_bass(chord), *_voicing(chord)}) if chord else []
    return [Sound(onset, length, pitch, _VELOCITIES["c"]) for pitch in pitches]


def bodhran(score: Score, bars: Sequence[PlayedBar], end: Fraction, seed: int) -> list[Sound]:
    """The bodhrán's sounds: none in an air, and in other tunes none before the first repeat."""
    generator = random.Random(f"bodhran {seed}")
    enters = next((bar.onset for bar in bars if bar.pass_index), Fraction(0))
    sounds = []
    for step in _steps(score, bars, _BODHRAN, end):
        skipped = step.sign == "t" and generator.random() < _SKIPPED_TAPS
        if step.onset >= enters and not skipped:
            sounds.append(Sound(step.onset, step.length, EDGE if step.sign == "t" else SKIN, _VELOCITIES[step.sign]))
    return sounds


def _steps(score: Score, bars: Sequence[PlayedBar], table: Mapping[str, str], end: Fraction) -> Iterator[Step]:
    """The steps of every played bar, except a pick-up before the first bar and bars in free metre."""
    rhythm = usual_rhythm(score.rhythm, score.metre)
    strokes: dict[tuple[Metre, Fraction, Fraction], list[tuple[Fraction, Fraction, str]]] = {}
    for number, played in enumerate(bars):
        if played.metre is None or (number == 0 and played.bar_offset):
            continue
        shape = (played.metre, played.bar_offset, played.duration)
        if shape not in strokes:
            strokes[shape] = _strokes(_pattern(rhythm.name if rhythm else "", score, played.metre, table), *shape)
        for bar_offset, length, sign in strokes[shape]:
            if (onset := played.onset + bar_offset - played.bar_offset) < end:
                yield Step(onset, length, sign, played, bar_offset)


def _strokes(pattern: str, metre: Metre, start: Fraction, duration: Fraction) -> list[tuple[Fraction, Fraction, str]]:
    """The strokes of a pattern in a bar that begins at the bar offset `start`: (bar offset, length until the next, sign)."""
    step = metre.bar / len(pattern)
    found = []
    for index in range(int(-(-start // step)), int(-(-(start + duration) // step))):
        rest = pattern[index % len(pattern) :]
        if rest[0] != ".":
            found.append((index * step, step * (1 + len(rest[1:]) - len(rest[1:].lstrip("."))), rest[0]))
    return found


def _pattern(name: str, score: Score, metre: Metre, table: Mapping[str, str]) -> str:
    """The pattern of a rhythm if it fits the metre, or else one that does."""
    if name == "air":
        return _AIR.get(metre.beats, "1." * metre.beats) if table is _GUITAR else "."
    if metre.compound:
        fitting = name if metre.beats == len(table.get(name, "")) else _COMPOUND_DEFAULTS.get(metre.beats)
        return table[fitting] if fitting else table["jig"][:3] * (metre.beats // 3)
    if metre.beats == 3:
        return table["waltz"]
    if metre.beats not in (2, 4):
        return table["march"][0] + table["march"][2] * (metre.beats - 1)
    pattern = table[name] if len(table.get(name, "")) in (4, 8) else table["march"]
    # A bar of two pulses takes half of a pattern that is made for four.
    return pattern[:4] if len(pattern) == 8 and metre.bar == 2 * pulse_of(score, metre) else pattern


@cache
def _pitches(sign: str, chord: Chord, *, new: bool) -> tuple[int, ...]:
    """The pitches of one stroke, in the order in which they are struck. A new chord always has its own bass."""
    bass, voicing = _bass(chord), _voicing(chord)
    fifth = next((tone for tone in chord.tones if (tone - chord.root_class) % 12 in (6, 7, 8)), chord.root_class)
    third = next((tone for tone in chord.tones if (tone - chord.root_class) % 12 in (3, 4)), chord.root_class)
    octave = _above(chord.root_class, bass + 5)
    strokes = {
        "B": (bass,),
        "A": (bass if new else _above(fifth, _LOWEST_BASS),),
        "c": voicing,
        "u": voicing[::-1][:_UP_STRINGS],
        "1": (bass,),
        "5": (_above(fifth, bass + 1),),
        "8": (octave,),
        "3": (_above(third, octave + 1),),
    }
    return strokes[sign]


def _bass(chord: Chord) -> int:
    return _above(chord.bass_class, _LOWEST_BASS)


def _voicing(chord: Chord) -> tuple[int, ...]:
    """Four chord notes in close position, from the lowest pitch of the middle strings upwards."""
    return tuple(pitch for pitch in range(_LOWEST_CHORD, _LOWEST_CHORD + 24) if pitch % 12 in chord.tones)[:_STRINGS]


def _above(pitch_class: int, lowest: int) -> int:
    """The lowest pitch of a pitch class that is not below `lowest`."""
    return lowest + (pitch_class - lowest) % 12
