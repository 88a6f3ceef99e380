"""Rolls, cuts, trills: those that are written, and a few that a player adds when a part comes round again."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from generator.notation.score import Note, Pitch, Score
from generator.notation.structure import metres, sections
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance.groove import pulse_of
from generator.rendering.performance.instruments import Instrument
from generator.rendering.performance.melody import Sound, grace_length
from generator.rendering.performance.played_bars import PlayedBar, keys_of_bars

_TRILL_S = 0.07  # one of its notes
_SLOW_S = 0.26  # a quaver of slow airs; those of dances are shorter, but for marches
_ADDED_LONG, _ADDED_CUTS = 3, 3  # at most, each time a part comes round again
_WRITTEN = {
    "roll": "roll", "~": "roll", "turn": "roll", "trill": "trill", "trill(": "trill", "mordent": "down", "lowermordent": "down",
    "pralltriller": "up", "uppermordent": "up", "staccato": "staccato", "wedge": "staccato", "accent": "accent", ">": "accent",
    "emphasis": "accent", "marcato": "accent", "^": "accent",
}  # fmt: skip


class Ornaments:
    """Turns struck notes into ornamented ones."""

    def __init__(self, score: Score, bars: Sequence[PlayedBar], instrument: Instrument, seed: int) -> None:
        self.score, self.bars, self.instrument = score, bars, instrument
        self.metres = metres(score)
        self.keys = keys_of_bars(score)
        self.grace = grace_length(score)
        self.slow = Fraction(round(_SLOW_S * quarters_per_minute(score) * 4), 960)
        self.trilled = Fraction(round(_TRILL_S * quarters_per_minute(score) * 4), 960)
        self.chance = random.Random(f"ornaments {seed}")

    def play(self, sounds: Sequence[Sound]) -> list[Sound]:
        """The sounds of a melody in order of onset, with ornaments in the places of the notes that they adorn."""
        added = self._added(sounds)
        single = _alone(sounds)
        out: list[Sound] = []
        for index, sound in enumerate(sounds):
            note = self.score.bars[sound.bar].notes[sound.note]
            wanted = [_WRITTEN[name] for name in note.decorations if name in _WRITTEN]
            if "accent" in wanted:
                sound = replace(sound, velocity=sound.velocity + 14)
            if "staccato" in wanted:
                sound = replace(sound, duration=sound.duration / 2)
            kind = next((each for each in wanted if each not in ("accent", "staccato")), added.get(index, ""))
            out += self._ornamented(sound, note, kind) if kind and index in single else [sound]
        return out

    def _ornamented(self, sound: Sound, note: Note, kind: str) -> list[Sound]:
        if note.melody is None or note.melody.midi != sound.pitch:  # a grace note, or a lower head under one that is held
            return [sound]
        up, down = self._step(note.melody, sound.bar, 1), self._step(note.melody, sound.bar, -1)
        if sound.duration < 3 * self.grace or (kind == "roll" and sound.duration < 4 * self.grace):
            return [sound]
        if kind == "cut":
            return self._struck(sound, up)
        if kind == "treble":
            each = min(pulse_of(self.score, self.metres[sound.bar]) / 4, sound.duration / 4)
            return _split(sound, [each, each, sound.duration - 2 * each])
        if kind == "trill":
            count = max(int(sound.duration / self.trilled) // 2 * 2, 2)
            return [
                replace(each, pitch=up if number % 2 else sound.pitch)
                for number, each in enumerate(_split(sound, [sound.duration / count] * count))
            ]
        if kind in ("up", "down"):
            first, beside, rest = _split(sound, [self.grace, self.grace, sound.duration - 2 * self.grace])
            return [first, replace(beside, pitch=up if kind == "up" else down), rest]
        _, unit = self._pulse_and_quaver(sound.bar)
        if unit > self.slow and sound.duration > 8 * self.grace:  # a turn late in the note: a dance's roll would limp
            half = sound.duration / 2
            turned = _split(sound, [half, self.grace, self.grace, self.grace, half - 3 * self.grace])
            heights = (sound.pitch, up, sound.pitch, down, sound.pitch)
            return [replace(each, pitch=pitch) for each, pitch in zip(turned, heights, strict=True)]
        long = sound.duration * 8 > unit * 19  # three quavers, less what is left silent
        struck = _split(sound, [sound.duration / (3 if long else 2)] * (3 if long else 2))
        flicks = (None, up, down) if long else (up, down)
        pieces = [[each] if pitch is None else self._struck(each, pitch) for each, pitch in zip(struck, flicks, strict=True)]
        return [each for piece in pieces for each in piece]

    def _pulse_and_quaver(self, bar: int) -> tuple[Fraction, Fraction]:
        metre = self.metres[bar]
        pulse = pulse_of(self.score, metre)
        return pulse, pulse / (3 if metre and metre.compound else 2)

    def _struck(self, sound: Sound, pitch: int) -> list[Sound]:
        """A note with a flick of another one at its start."""
        grace = min(self.grace, sound.duration / 3)
        flick = replace(sound, duration=grace, pitch=pitch, velocity=sound.velocity - 10)
        return [flick, replace(sound, onset=sound.onset + grace, duration=sound.duration - grace)]

    def _step(self, pitch: Pitch, bar: int, steps: int) -> int:
        beside = Pitch.at(pitch.staff + steps)
        return min(max(beside.midi + self.keys[bar].signature[beside.letter], 0), 127)

    def _added(self, sounds: Sequence[Sound]) -> dict[int, str]:
        """Index of a sound → the ornament that the player adds: on long notes and on the beat, where a part comes round again."""
        single = _alone(sounds)
        section = {index: number for number, span in enumerate(sections(self.score.bars)) for index in range(*span)}
        long: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        short: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        bars = iter(self.bars)
        played = next(bars)
        for index, sound in enumerate(sounds[:-1]):
            while sound.onset >= played.onset + played.duration:
                played = next(bars)
            note = self.score.bars[sound.bar].notes[sound.note]
            if not played.turn or index not in single or note.grace or note.tie or note.decorations or note.tuplet:
                continue
            where = section[sound.bar], played.turn
            pulse, unit = self._pulse_and_quaver(sound.bar)
            on_pulse = ((sound.onset - played.onset + played.place) / pulse).denominator == 1
            if unit <= self.slow and 3 * unit <= note.duration <= 4 * unit and sound.duration <= note.duration:
                long[where].append(index)
            elif on_pulse and note.duration >= 2 * unit:
                short[where].append(index)
        added: dict[int, str] = {}
        for places, kind, most in ((long, self.instrument.ornament, _ADDED_LONG), (short, "cut", _ADDED_CUTS)):
            for where in sorted(places):
                chosen = self.chance.sample(places[where], min(most, (len(places[where]) + 1) // 2))
                added.update(dict.fromkeys(chosen, kind))
        for before, after in pairwise(sorted(added)):
            if after == before + 1 and before in added:
                del added[after]
        return added


def _alone(sounds: Sequence[Sound]) -> set[int]:
    """Indices of the sounds that no other one begins with."""
    count = Counter(sound.onset for sound in sounds)
    return {index for index, sound in enumerate(sounds) if count[sound.onset] == 1}


def _split(sound: Sound, lengths: Sequence[Fraction]) -> list[Sound]:
    pieces, onset = [], sound.onset
    for length in lengths:
        pieces.append(replace(sound, onset=onset, duration=length))
        onset += length
    return pieces
