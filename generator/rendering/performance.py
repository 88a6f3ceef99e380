"""How a written tune is played: which notes sound, when, for how long and how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from generator.notation.metres import Metre
from generator.notation.score import Note, Score
from generator.notation.structure import metres, play_order
from generator.notation.tempo import quarters_per_minute

_BREATH = Fraction(1, 96)  # left silent before the next note, so that repeated notes are heard as two
_GRACE_S = 0.045

VELOCITIES = {"bar": 98, "beat": 88, "within": 78}


@dataclass(frozen=True, slots=True)
class Sound:
    """One pitch that is heard: onset and duration in whole notes from the start of the tune as played."""

    onset: Fraction
    duration: Fraction
    pitch: int  # MIDI
    velocity: int


def perform(score: Score) -> list[Sound]:
    """The tune as it sounds: repeats, endings and the order of its parts played out, ties joined, in order of onset.

    Grace notes are struck on the beat and take their time from the note that they adorn.
    """
    order = play_order(score.bars, score.order)
    in_force = metres(score)
    grace = Fraction(round(_GRACE_S * quarters_per_minute(score) / 240 * 960), 960)
    sounds: list[Sound] = []
    tied: dict[int, int] = {}  # pitch → index of the sound that goes on
    onset = Fraction(0)
    for index in order:
        bar, metre = score.bars[index], in_force[index]
        # A pick-up's notes are the last of a bar.
        place = metre.bar - bar.duration if metre and _pickup(score, index, metre) else Fraction(0)
        for note in bar.notes:
            velocity = _velocity(place, metre)
            _strike(sounds, tied, note, onset, velocity, grace)
            onset += note.duration
            place += note.duration
    return [_breathing(sound) for sound in sorted(sounds, key=lambda sound: (sound.onset, sound.pitch))]


def _strike(sounds: list[Sound], tied: dict[int, int], note: Note, onset: Fraction, velocity: int, grace: Fraction) -> None:
    going_on = {pitch: index for pitch, index in tied.items() if pitch in {each.midi for each in note.pitches}}
    tied.clear()
    each = min(grace, note.duration / (2 * len(note.grace))) if note.grace and not going_on else Fraction(0)
    for place, pitch in enumerate(note.grace if each else ()):
        sounds.append(Sound(onset + place * each, each, pitch.midi, velocity - 8))
    delay = each * len(note.grace)
    for midi in dict.fromkeys(pitch.midi for pitch in note.pitches):
        if midi in going_on:
            index = going_on[midi]
            held = sounds[index]
            sounds[index] = Sound(held.onset, held.duration + note.duration, midi, held.velocity)
        else:
            index = len(sounds)
            sounds.append(Sound(onset + delay, note.duration - delay, midi, velocity))
        if note.tie:
            tied[midi] = index


def _pickup(score: Score, index: int, metre: Metre) -> bool:
    """Whether a short bar leads into the next one, rather than ending a part."""
    bar = score.bars[index]
    before = score.bars[index - 1] if index else None
    opens = before is None or bar.repeat_start or before.ends_section
    return opens and bar.duration < metre.bar and not bar.repeat_end


def _velocity(place: Fraction, metre: Metre | None) -> int:
    if place == 0:
        return VELOCITIES["bar"]
    return VELOCITIES["beat" if metre and (place / metre.beat).denominator == 1 else "within"]


def _breathing(sound: Sound) -> Sound:
    return Sound(sound.onset, sound.duration - min(_BREATH, sound.duration / 4), sound.pitch, sound.velocity)
