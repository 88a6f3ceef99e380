"""Articulation: which notes share a bow stroke or a breath, and where a player breathes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from generator.notation.score import Score
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance.groove import pulse_of
from generator.rendering.performance.instruments import Instrument
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.ornaments import indices_by_bar, single_sounds
from generator.rendering.performance.played_bars import PlayedBar

# A bar, or two pulses of it, in quavers: "|" has its own attack (bow, tongue, closed chanter); "-" is slurred to the one before.
_SLURS = {
    ("bow", 2): ("|-|||-||", "||-||-||", "|--||--|", "||--|||-", "|||-||--", "-||-|||-", "||||||||"),
    ("bow", 3): ("|-||-|", "||-||-", "|--|||", "|--|-|", "-|||-|", "||||||"),
    ("breath", 2): ("|---|---", "|-|-|---", "||--|---", "|--||-|-", "|-------", "-|--|---"),
    ("breath", 3): ("|--|--", "|-||--", "|--||-", "||-|--", "|-----"),
    ("bag", 2): ("--------", "|-------", "---|----"),
    ("bag", 3): ("------", "|-----", "---|--"),
}  # by articulation, and quavers in a pulse
_MAX_LEAP = 12  # semitones in a slur
_BREATH_S = 0.12  # taken from the last note of a phrase
_SHORT = Fraction(1, 3)  # the largest share of a note that a breath takes


def articulate(
    score: Score, bars: Sequence[PlayedBar], sounds: Sequence[Sound], instrument: Instrument, seed: int
) -> list[Sound]:
    """The sounds of a melody, in order of onset, with slurs, and with breaths at the ends of phrases.

    Where the tune has written slurs, only those are played. Each playing of a part has slurs of its own.
    """
    if instrument.articulation == "each":
        return [replace(sound, slurred=False) for sound in sounds]
    generator = random.Random(f"articulation {seed}")
    written, alone = _written_slurs(score), _alone(sounds)
    breath = Fraction(round(_BREATH_S * quarters_per_minute(score) * 4), 960)
    played: list[Sound] = []
    for bar, indices in indices_by_bar(bars, sounds):
        quavers = 3 if bar.metre and bar.metre.compound else 2
        pattern = generator.choice(_SLURS[instrument.articulation, quavers])
        quaver = pulse_of(score, bar.metre) / quavers
        for index in indices:
            sound, before = sounds[index], sounds[index - 1]
            slurred = {index - 1, index} <= alone and before.end == sound.onset
            if slurred and not _begins_note(before, sound):
                slurred = sound.slurred
            elif slurred and written:
                slurred = (sound.bar, sound.note) in written
            elif slurred:
                position = (sound.onset - bar.onset + bar.bar_offset) / quaver
                in_breath = instrument.articulation == "breath" and position.denominator > 1
                in_pattern = in_breath or pattern[int(position) % len(pattern)] == "-"
                slurred = in_pattern and not score.bars[sound.bar].notes[sound.note].decorations
            played.append(replace(sound, slurred=slurred and 0 < abs(sound.pitch - before.pitch) <= _MAX_LEAP))
        if instrument.articulation == "breath" and bar.ends_phrase and indices and len(played) < len(sounds):
            played[-1] = replace(played[-1], duration=played[-1].duration - min(breath, played[-1].duration * _SHORT))
    return played


def _begins_note(before: Sound, sound: Sound) -> bool:
    """Whether a sound begins a note. The slurs within an ornament are given."""
    return (sound.bar, sound.note) != (before.bar, before.note)


def _alone(sounds: Sequence[Sound]) -> set[int]:
    """The indices of the sounds that begin when no other one begins or goes on."""
    found, end = set(), Fraction(0)
    single = single_sounds(sounds)
    for index, sound in enumerate(sounds):
        if index in single and end <= sound.onset:
            found.add(index)
        end = max(end, sound.end)
    return found


def _written_slurs(score: Score) -> set[tuple[int, int]]:
    """The notes, by bar and number in the bar, that are slurred to the note before."""
    found, depth = set(), 0
    for number, bar in enumerate(score.bars):
        for index, note in enumerate(bar.notes):
            if depth:
                found.add((number, index))
            depth = max(depth + note.slurs_open - note.slurs_close, 0)
    return found
