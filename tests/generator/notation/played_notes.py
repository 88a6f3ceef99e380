"""The notes of a tune as it is played: repeats and endings in full, ties joined, grace notes and ornaments left out.

Tests compare it with what abc2midi and the renderer play.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from generator.notation.score import Score
from generator.notation.structure import play_order


@dataclass(frozen=True, slots=True, order=True)
class PlayedNote:
    """One pitch, with its onset and duration in whole notes from the start of the tune."""

    onset: Fraction
    pitch: int  # MIDI
    duration: Fraction


def played_notes(score: Score) -> list[PlayedNote]:
    """All notes in the order of onset and pitch; a chord is several notes."""
    notes: list[PlayedNote] = []
    tied: dict[int, int] = {}  # pitch → index in `notes` of a note that is tied to the next
    onset = Fraction(0)
    for bar_index in play_order(score.bars, score.order):
        for note in score.bars[bar_index].notes:
            tied_before, tied = tied, {}
            for midi in dict.fromkeys(pitch.midi for pitch in note.pitches):
                index = tied_before.get(midi, len(notes))
                if index == len(notes):
                    notes.append(PlayedNote(onset, midi, note.duration))
                else:
                    start = notes[index].onset
                    notes[index] = PlayedNote(start, midi, onset + note.duration - start)
                if note.tie:
                    tied[midi] = index
            onset += note.duration
    return sorted(notes)
