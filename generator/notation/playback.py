"""The notes of a tune as it is played: repeats and endings written out, ties joined, grace notes and ornaments left out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from generator.notation.score import Score
from generator.notation.structure import play_order


@dataclass(frozen=True, slots=True, order=True)
class Sounding:
    """One pitch that is heard: onset and duration in whole notes from the start of the tune as played."""

    onset: Fraction
    pitch: int  # MIDI
    duration: Fraction


def playback(score: Score) -> list[Sounding]:
    """Every note that is struck, in order of onset and pitch; a chord is as many notes as it has."""
    sounding: list[Sounding] = []
    tied: dict[int, int] = {}  # pitch → index of the note that goes on
    onset = Fraction(0)
    for index in play_order(score.bars, score.order):
        for note in score.bars[index].notes:
            going_on, tied = tied, {}
            for midi in dict.fromkeys(pitch.midi for pitch in note.pitches):
                place = going_on.get(midi, len(sounding))
                if place == len(sounding):
                    sounding.append(Sounding(onset, midi, note.duration))
                else:
                    held = sounding[place]
                    sounding[place] = Sounding(held.onset, midi, onset + note.duration - held.onset)
                if note.tie:
                    tied[midi] = place
            onset += note.duration
    return sorted(sounding)
