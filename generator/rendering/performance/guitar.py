"""The guitar: its strokes, and the bass runs between chords."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise

from generator.notation.keys import SEMITONES, Key
from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.chords import Chord
from generator.rendering.performance.harmony import Changes, chord_at
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.patterns import GUITAR, alternating, steps
from generator.rendering.performance.played_bars import PlayedBar, keys_of_bars

_LOWEST_BASS, _LOWEST_CHORD = 40, 52  # MIDI: the guitar's E strings
_STRINGS, _UP_STRINGS = 4, 3
_VELOCITIES = {"B": 66, "A": 60, "c": 54, "u": 42, "1": 72, "5": 62, "8": 66, "3": 62}  # by the signs of the patterns
_RUN_VELOCITY = 64
_RUNS = 0.5  # the share of the changes of chord within a phrase to which a bass run leads; between phrases it is all


def guitar(score: Score, bars: Sequence[PlayedBar], chords: Sequence[Changes], end: Fraction, seed: int) -> list[list[Sound]]:
    """The guitar's strokes until `end`, in whole notes: each is a list of sounds in the order of the strings struck.

    Each playing of a part has the next of the rhythm's patterns. Bass runs lead from chord to chord.
    """
    runs = _bass_runs(score, bars, chords, seed)
    strokes = []
    previous: Chord | None = None
    for step in steps(bars, end, alternating(score, GUITAR, bars, seed)):
        run = runs.get(step.bar.onset)
        if run and step.onset >= run[0].onset:
            continue
        if chord := chord_at(chords[step.bar.index], step.bar_offset):
            velocity = _VELOCITIES[step.sign]
            length = min(step.length, run[0].onset - step.onset) if run else step.length
            pitches = _pitches(step.sign, chord, new=chord != previous)
            strokes.append([Sound(step.onset, length, pitch, velocity) for pitch in pitches])
            previous = chord
    strokes += [[sound] for run in runs.values() for sound in run if sound.end <= end]
    return sorted(strokes, key=lambda stroke: stroke[0].onset)


def last_stroke(bars: Sequence[PlayedBar], chords: Sequence[Changes], onset: Fraction, length: Fraction) -> list[Sound]:
    """The guitar's last stroke: the tune's final chord with its bass."""
    played = next((bar for bar in reversed(bars) if bar.onset <= onset), None)
    chord = chord_at(chords[played.index], onset - played.onset + played.bar_offset) if played and played.metre else None
    pitches = sorted({_bass(chord), *_voicing(chord)}) if chord else []
    return [Sound(onset, length, pitch, _VELOCITIES["c"]) for pitch in pitches]


def _bass_runs(score: Score, bars: Sequence[PlayedBar], chords: Sequence[Changes], seed: int) -> dict[Fraction, list[Sound]]:
    """The bass runs of the guitar, by the onset of the bar that they end: two notes of the scale that lead to a new bass."""
    generator = random.Random(f"runs {seed}")
    keys = keys_of_bars(score)
    rhythm = usual_rhythm(score.rhythm, score.metre)
    runs: dict[Fraction, list[Sound]] = {}
    for bar, following in pairwise(bars):
        if not bar.full or bar.metre is None or following.metre is None or (rhythm and rhythm.name == "air"):
            continue
        before = chord_at(chords[bar.index], bar.duration)
        after = chord_at(chords[following.index], following.bar_offset)
        played = bar.ends_phrase or generator.random() < _RUNS
        if before and after and played and (pitches := _run(_bass(before), _bass(after), keys[bar.index])):
            unit = bar.metre.bar / (bar.metre.beats if bar.metre.compound or bar.metre.beats == 3 else 4)
            start = bar.end - len(pitches) * unit
            runs[bar.onset] = [Sound(start + number * unit, unit, pitch, _RUN_VELOCITY) for number, pitch in enumerate(pitches)]
    return runs


def _run(bass: int, target: int, key: Key) -> list[int]:
    """The two notes of the scale before a new bass note, from the side of the old one; none if the bass stays."""
    if bass == target:
        return []
    tones = {(SEMITONES[letter] + alter) % 12 for letter, alter in key.signature.items()}
    scale = [pitch for pitch in range(_LOWEST_BASS, target + 6) if pitch % 12 in tones]
    below, above = [pitch for pitch in scale if pitch < target], [pitch for pitch in scale if pitch > target]
    rising = len(below) >= 2 and bass < target
    return below[-2:] if rising else above[1::-1]


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
