"""Variations: small changes of the melody when a part comes again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from generator.notation.keys import Key
from generator.notation.score import Note, Pitch, Score
from generator.rendering.performance.groove import pulse_of
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.ornaments import indices_by_bar, single_sounds
from generator.rendering.performance.played_bars import PlayedBar, keys_of_bars

_SHARE = 0.35  # of the bars of a repeat, with one variation in each
_SOFTER = 8  # MIDI velocity of an added note, below that of its neighbour


def vary(score: Score, bars: Sequence[PlayedBar], sounds: Sequence[Sound], seed: int) -> list[Sound]:
    """The sounds of a melody in order of onset, with some bars varied when they are played again.

    A long note is struck again halfway, or followed by the note that leads to the next one. Two quavers that are a third apart
    become a triplet with the note between them. An added note belongs to the written note before it.
    """
    generator = random.Random(f"variations {seed}")
    keys, single = keys_of_bars(score), single_sounds(sounds)
    varied: dict[int, list[Sound]] = {}  # index of a sound → what is played instead of it
    for bar, indices in indices_by_bar(bars, sounds):
        if not bar.pass_index or bar.metre is None or generator.random() >= _SHARE:
            continue
        pairs = [(sounds[index], sounds[index + 1]) for index in indices[:-1] if {index, index + 1} <= single]
        possible = [each for pair in pairs if (each := _variation(score, keys[bar.index], bar, *pair))]
        if possible:
            first, second = generator.choice(possible)
            index = next(index for index in indices if sounds[index].onset == first[0].onset)
            varied |= {index: first, index + 1: second}
    return [each for index, sound in enumerate(sounds) for each in varied.get(index, [sound])]


def _variation(score: Score, key: Key, bar: PlayedBar, first: Sound, second: Sound) -> tuple[list[Sound], list[Sound]] | None:
    """What is played instead of two sounds; None if they cannot be varied."""
    notes = score.bars[bar.index].notes
    pitches = [_plain_pitch(notes[sound.note], sound) for sound in (first, second)]
    if first.end != second.onset or pitches[0] is None or pitches[1] is None:
        return None
    pulse = pulse_of(score, bar.metre)
    quaver = pulse / (3 if bar.metre and bar.metre.compound else 2)
    leap = pitches[1].staff - pitches[0].staff
    between = Pitch.at(pitches[0].staff + leap // 2)
    passing = between.midi + key.signature[between.letter] if abs(leap) == 2 else None
    if first.duration == 2 * quaver:
        added = replace(first, pitch=first.pitch if passing is None else passing, slurred=passing is not None)
        return [replace(first, duration=quaver), _after(first, added, quaver, quaver)], [second]
    on_pulse = ((first.onset - bar.onset + bar.bar_offset) / pulse).denominator == 1
    if passing is not None and on_pulse and first.duration == second.duration == quaver == pulse / 2:
        third = pulse / 3
        added = _after(first, replace(first, pitch=passing, slurred=True), third, third)
        return [replace(first, duration=third), added], [
            replace(second, onset=first.onset + 2 * third, duration=third, slurred=True)
        ]
    return None


def _after(first: Sound, added: Sound, delay: Fraction, length: Fraction) -> Sound:
    return replace(added, onset=first.onset + delay, duration=length, velocity=first.velocity - _SOFTER)


def _plain_pitch(note: Note, sound: Sound) -> Pitch | None:
    """The pitch of a note that a player can vary: without signs of its own, and played where it is written."""
    plain = not (note.decorations or note.grace or note.tie or note.tuplet or note.slurs_open or note.slurs_close)
    alone = note.melody is not None and note.melody.midi == sound.pitch and note.duration == sound.duration
    return note.melody if plain and alone else None
