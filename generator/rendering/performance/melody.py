"""How a written tune is played: which notes sound, when, for how long and how strongly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from generator.notation.metres import Metre
from generator.notation.score import Note, Score
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance.played_bars import played_bars

_BREATH = Fraction(1, 96)  # left silent before the next note, so that repeated notes are heard as two
_GRACE_S = 0.045

VELOCITIES = {"bar": 98, "beat": 88, "within": 78}


@dataclass(frozen=True, slots=True)
class Sound:
    """One pitch that is heard: onset and duration in whole notes from the start of the tune as played.

    A melody's sound tells the note that it comes from, `score.bars[bar].notes[note]`; an ornament's are several of one note.
    """

    onset: Fraction
    duration: Fraction
    pitch: int  # MIDI
    velocity: int
    bar: int = -1
    note: int = -1


def grace_length(score: Score) -> Fraction:
    """How long a grace note lasts, in whole notes."""
    return Fraction(round(_GRACE_S * quarters_per_minute(score) / 240 * 960), 960)


def perform(score: Score, *, grace_notes: bool = True) -> list[Sound]:
    """The tune as it is written to sound: repeats, endings and the order of its parts played out, ties joined, in order of onset.

    Grace notes are struck on the beat and take their time from the note that they adorn; without them every note
    starts at its written position.
    """
    grace = grace_length(score) if grace_notes else Fraction(0)
    sounds: list[Sound] = []
    tied: dict[int, int] = {}  # pitch → index of the sound that goes on
    for played in played_bars(score):
        onset, place = played.onset, played.place
        for number, note in enumerate(score.bars[played.index].notes):
            first = Sound(onset, note.duration, 0, _velocity(place, played.metre), played.index, number)
            _strike(sounds, tied, note, first, grace)
            onset += note.duration
            place += note.duration
    return [_breathing(sound) for sound in sorted(sounds, key=lambda sound: (sound.onset, sound.pitch))]


def _strike(sounds: list[Sound], tied: dict[int, int], note: Note, like: Sound, grace: Fraction) -> None:
    """Adds a note's sounds, made like one without a pitch."""
    going_on = {pitch: index for pitch, index in tied.items() if pitch in {each.midi for each in note.pitches}}
    tied.clear()
    each = min(grace, note.duration / (2 * len(note.grace))) if note.grace and not going_on else Fraction(0)
    for place, pitch in enumerate(note.grace if each else ()):
        adorning = replace(like, onset=like.onset + place * each, duration=each)
        sounds.append(replace(adorning, pitch=pitch.midi, velocity=like.velocity - 8))
    delay = each * len(note.grace)
    for midi in dict.fromkeys(pitch.midi for pitch in note.pitches):
        if midi in going_on:
            index = going_on[midi]
            held = sounds[index]
            sounds[index] = replace(held, duration=like.onset + note.duration - held.onset)
        else:
            index = len(sounds)
            sounds.append(replace(like, onset=like.onset + delay, duration=note.duration - delay, pitch=midi))
        if note.tie:
            tied[midi] = index


def _velocity(place: Fraction, metre: Metre | None) -> int:
    if place == 0:
        return VELOCITIES["bar"]
    return VELOCITIES["beat" if metre and (place / metre.beat).denominator == 1 else "within"]


def _breathing(sound: Sound) -> Sound:
    return replace(sound, duration=sound.duration - min(_BREATH, sound.duration / 4))
