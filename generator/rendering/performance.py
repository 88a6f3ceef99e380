"""How a written tune is played: which notes sound, when, for how long and how strongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from generator.notation.metres import RHYTHMS, Metre, Rhythm, rhythm_named
from generator.notation.score import Note, Score
from generator.notation.structure import metres, play_order

# What a metre is mostly danced to, where a tune does not say what it is.
_USUAL = {"4/4": "reel", "2/2": "reel", "2/4": "polka", "3/4": "waltz", "6/8": "jig", "9/8": "slip jig", "12/8": "slide"}
_CROTCHETS = (Fraction(1, 4), 100)

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


def tempo(score: Score) -> tuple[Fraction, int]:
    """The beat in whole notes and beats a minute: the score's own, else what its rhythm or metre is danced to."""
    if score.tempo:
        return score.tempo
    rhythm = rhythm_named(score.rhythm) or RHYTHMS.get(_USUAL.get(str(score.metre), ""))
    if rhythm is None:
        return (score.metre.beat, _CROTCHETS[1]) if score.metre else _CROTCHETS
    return _beat(rhythm, score.metre), rhythm.beats_per_minute


def _beat(rhythm: Rhythm, metre: Metre | None) -> Fraction:
    """The note that a rhythm's tempo counts in this metre."""
    usual = rhythm.metres[0]
    if metre and metre.bar * 2 == usual.bar and not usual.compound and rhythm.name != "march":
        return rhythm.beat / 2  # old collections write reels and hornpipes in 2/4, in notes half as long
    if metre and metre.compound and not usual.compound and rhythm.name == "march":
        return metre.beat
    return rhythm.beat


def quarters_per_minute(score: Score) -> float:
    beat, count = tempo(score)
    return float(beat * 4 * count)


def playing_time_s(score: Score, order: Sequence[int]) -> float:
    """How long the bars last when they are played in this order, at the score's tempo."""
    lengths = [bar.duration for bar in score.bars]
    return float(sum((lengths[index] for index in order), Fraction(0))) * 240 / quarters_per_minute(score)


def perform(score: Score) -> list[Sound]:
    """The tune as it sounds, repeats and endings played out, ties joined, in order of onset.

    Grace notes are struck on the beat and take their time from the note that they adorn.
    """
    order = play_order(score.bars)
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
    opens = before is None or bar.repeat_start or before.repeat_end > 0 or before.line != "|"
    return opens and bar.duration < metre.bar and not bar.repeat_end


def _velocity(place: Fraction, metre: Metre | None) -> int:
    if place == 0:
        return VELOCITIES["bar"]
    return VELOCITIES["beat" if metre and (place / metre.beat).denominator == 1 else "within"]


def _breathing(sound: Sound) -> Sound:
    return Sound(sound.onset, sound.duration - min(_BREATH, sound.duration / 4), sound.pitch, sound.velocity)
