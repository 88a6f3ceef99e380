"""The melody in strict time: which notes sound, when, for how long and at what velocity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from generator.notation.metres import Metre
from generator.notation.score import Note, Score
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance.played_bars import PlayedBar

_SILENCE = Fraction(1, 96)  # whole notes
_GRACE_S = 0.045

VELOCITIES = {"bar": 98, "beat": 88, "within": 78}


@dataclass(frozen=True, slots=True)
class Sound:
    """One pitch that sounds: onset and duration in whole notes from the start of the tune as played.

    A sound of the melody belongs to the written note `score.bars[bar].notes[note]`; the sounds of an ornament share one note.
    A slurred sound has no attack of its own: it continues the bow stroke or the breath of the sound before.
    """

    onset: Fraction
    duration: Fraction
    pitch: int  # MIDI
    velocity: int
    bar: int = -1
    note: int = -1
    slurred: bool = False

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


def grace_length(score: Score) -> Fraction:
    """How long a grace note lasts, in whole notes."""
    return Fraction(round(_GRACE_S * quarters_per_minute(score) / 240 * 960), 960)


def perform(score: Score, bars: Sequence[PlayedBar], *, grace_notes: bool = True) -> list[Sound]:
    """The sounds of the bars in order of onset, with their full lengths, and ties joined.

    Grace notes sound on the beat and shorten the note that they adorn. Without grace notes every note starts at its written
    position.
    """
    grace = grace_length(score) if grace_notes else Fraction(0)
    sounds: list[Sound] = []
    tied: dict[int, int] = {}  # pitch → index of the sound that a tie continues
    for played in bars:
        onset, bar_offset = played.onset, played.bar_offset
        for number, note in enumerate(score.bars[played.index].notes):
            template = Sound(onset, note.duration, 0, _velocity(bar_offset, played.metre), played.index, number)
            _add_note(sounds, tied, note, template, grace)
            onset += note.duration
            bar_offset += note.duration
    return sorted(sounds, key=lambda sound: (sound.onset, sound.pitch))


def _add_note(sounds: list[Sound], tied: dict[int, int], note: Note, template: Sound, grace: Fraction) -> None:
    """Adds the sounds of a note, which are copies of `template` with their own pitches."""
    continued = {pitch: index for pitch, index in tied.items() if pitch in {each.midi for each in note.pitches}}
    tied.clear()
    length = min(grace, note.duration / (2 * len(note.grace))) if note.grace and not continued else Fraction(0)
    for number, pitch in enumerate(note.grace if length else ()):
        grace_sound = replace(template, onset=template.onset + number * length, duration=length)
        sounds.append(replace(grace_sound, pitch=pitch.midi, velocity=template.velocity - 8, slurred=number > 0))
    delay = length * len(note.grace)
    for midi in dict.fromkeys(pitch.midi for pitch in note.pitches):
        if midi in continued:
            index = continued[midi]
            held = sounds[index]
            sounds[index] = replace(held, duration=template.onset + note.duration - held.onset)
        else:
            index = len(sounds)
            played = replace(template, onset=template.onset + delay, duration=note.duration - delay, pitch=midi)
            sounds.append(replace(played, slurred=delay > 0))
        if note.tie:
            tied[midi] = index


def _velocity(bar_offset: Fraction, metre: Metre | None) -> int:
    if bar_offset == 0:
        return VELOCITIES["bar"]
    return VELOCITIES["beat" if metre and (bar_offset / metre.beat).denominator == 1 else "within"]


def separated(sound: Sound) -> Sound:
    """The sound with a short silence before the next one, so that repeated notes are heard as two."""
    return replace(sound, duration=sound.duration - min(_SILENCE, sound.duration / 4))
