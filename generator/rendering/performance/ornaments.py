"""Ornaments: rolls, cuts and trills, those written and a few that a player adds when a part is repeated."""

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

_TRILL_S = 0.07  # for each note of a trill
_SLOW_S = 0.26  # a longer quaver is that of a slow air or a march
_MAX_LONG, _MAX_CUTS = 3, 3  # added ornaments each time a part is repeated: on long notes, and cuts
_WRITTEN = {
    "roll": "roll", "~": "roll", "turn": "roll", "trill": "trill", "trill(": "trill", "mordent": "down", "lowermordent": "down",
    "pralltriller": "up", "uppermordent": "up", "staccato": "staccato", "wedge": "staccato", "accent": "accent", ">": "accent",
    "emphasis": "accent", "marcato": "accent", "^": "accent",
}  # fmt: skip


class Ornaments:
    """Adds ornaments to the sounds of a melody."""

    def __init__(self, score: Score, bars: Sequence[PlayedBar], instrument: Instrument, seed: int) -> None:
        self.score, self.bars, self.instrument = score, bars, instrument
        self.metres = metres(score)
        self.keys = keys_of_bars(score)
        self.grace = grace_length(score)
        self.slow_quaver = Fraction(round(_SLOW_S * quarters_per_minute(score) * 4), 960)
        self.trill_note = Fraction(round(_TRILL_S * quarters_per_minute(score) * 4), 960)
        self.random = random.Random(f"ornaments {seed}")

    def play(self, sounds: Sequence[Sound]) -> list[Sound]:
        """The sounds of a melody in order of onset, with ornamented notes replaced by the sounds of their ornaments."""
        added = self._added(sounds)
        single = _single(sounds)
        played: list[Sound] = []
        for index, sound in enumerate(sounds):
            note = self.score.bars[sound.bar].notes[sound.note]
            written = [_WRITTEN[name] for name in note.decorations if name in _WRITTEN]
            if "accent" in written:
                sound = replace(sound, velocity=sound.velocity + 14)
            if "staccato" in written:
                sound = replace(sound, duration=sound.duration / 2)
            kind = next((each for each in written if each not in ("accent", "staccato")), added.get(index, ""))
            played += self._ornamented(sound, note, kind) if kind and index in single else [sound]
        return played

    def _ornamented(self, sound: Sound, note: Note, kind: str) -> list[Sound]:
        if note.melody is None or note.melody.midi != sound.pitch:  # a grace note, or a lower note under a held one
            return [sound]
        up, down = self._step(note.melody, sound.bar, 1), self._step(note.melody, sound.bar, -1)
        if sound.duration < 3 * self.grace or (kind == "roll" and sound.duration < 4 * self.grace):
            return [sound]
        if kind == "cut":
            return self._with_cut(sound, up)
        if kind == "treble":
            each = min(pulse_of(self.score, self.metres[sound.bar]) / 4, sound.duration / 4)
            return _split(sound, [each, each, sound.duration - 2 * each])
        if kind == "trill":
            count = max(int(sound.duration / self.trill_note) // 2 * 2, 2)
            return [
                replace(each, pitch=up if number % 2 else sound.pitch)
                for number, each in enumerate(_split(sound, [sound.duration / count] * count))
            ]
        if kind in ("up", "down"):
            first, neighbour, rest = _split(sound, [self.grace, self.grace, sound.duration - 2 * self.grace])
            return [first, replace(neighbour, pitch=up if kind == "up" else down), rest]
        return self._roll(sound, up, down)

    def _roll(self, sound: Sound, up: int, down: int) -> list[Sound]:
        """A long or short roll; on a slow note a turn late in the note, since a roll would sound uneven there."""
        _, quaver = self._pulse_and_quaver(sound.bar)
        if quaver > self.slow_quaver and sound.duration > 8 * self.grace:
            half = sound.duration / 2
            turn = _split(sound, [half, self.grace, self.grace, self.grace, half - 3 * self.grace])
            pitches = (sound.pitch, up, sound.pitch, down, sound.pitch)
            return [replace(each, pitch=pitch) for each, pitch in zip(turn, pitches, strict=True)]
        long = sound.duration * 8 > quaver * 19  # three quavers, less the silence before the next note
        notes = _split(sound, [sound.duration / (3 if long else 2)] * (3 if long else 2))
        cuts = (None, up, down) if long else (up, down)
        pieces = [[each] if pitch is None else self._with_cut(each, pitch) for each, pitch in zip(notes, cuts, strict=True)]
        return [each for piece in pieces for each in piece]

    def _pulse_and_quaver(self, bar: int) -> tuple[Fraction, Fraction]:
        metre = self.metres[bar]
        pulse = pulse_of(self.score, metre)
        return pulse, pulse / (3 if metre and metre.compound else 2)

    def _with_cut(self, sound: Sound, pitch: int) -> list[Sound]:
        """A note that begins with a cut or a strike: a very short note of another pitch."""
        grace = min(self.grace, sound.duration / 3)
        cut = replace(sound, duration=grace, pitch=pitch, velocity=sound.velocity - 10)
        return [cut, replace(sound, onset=sound.onset + grace, duration=sound.duration - grace)]

    def _step(self, pitch: Pitch, bar: int, steps: int) -> int:
        """The MIDI pitch that lies some steps of the scale above a pitch."""
        neighbour = Pitch.at(pitch.staff + steps)
        return min(max(neighbour.midi + self.keys[bar].signature[neighbour.letter], 0), 127)

    def _added(self, sounds: Sequence[Sound]) -> dict[int, str]:
        """Index of a sound → the ornament that the player adds: on long notes and on the beat, in repeats of a part."""
        single = _single(sounds)
        section = {index: number for number, span in enumerate(sections(self.score.bars)) for index in range(*span)}
        long: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        short: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        bars = iter(self.bars)
        played = next(bars)
        for index, sound in enumerate(sounds[:-1]):
            while sound.onset >= played.onset + played.duration:
                played = next(bars)
            note = self.score.bars[sound.bar].notes[sound.note]
            if not played.pass_index or index not in single or note.grace or note.tie or note.decorations or note.tuplet:
                continue
            section_pass = section[sound.bar], played.pass_index
            pulse, quaver = self._pulse_and_quaver(sound.bar)
            on_pulse = ((sound.onset - played.onset + played.bar_offset) / pulse).denominator == 1
            if quaver <= self.slow_quaver and 3 * quaver <= note.duration <= 4 * quaver and sound.duration <= note.duration:
                long[section_pass].append(index)
            elif on_pulse and note.duration >= 2 * quaver:
                short[section_pass].append(index)
        added: dict[int, str] = {}
        for indices, kind, most in ((long, self.instrument.ornament, _MAX_LONG), (short, "cut", _MAX_CUTS)):
            for section_pass in sorted(indices):
                possible = indices[section_pass]
                added.update(dict.fromkeys(self.random.sample(possible, min(most, (len(possible) + 1) // 2)), kind))
        for before, after in pairwise(sorted(added)):
            if after == before + 1 and before in added:
                del added[after]
        return added


def _single(sounds: Sequence[Sound]) -> set[int]:
    """Indices of the sounds that begin alone."""
    count = Counter(sound.onset for sound in sounds)
    return {index for index, sound in enumerate(sounds) if count[sound.onset] == 1}


def _split(sound: Sound, lengths: Sequence[Fraction]) -> list[Sound]:
    """Consecutive sounds of these lengths."""
    pieces, onset = [], sound.onset
    for length in lengths:
        pieces.append(replace(sound, onset=onset, duration=length))
        onset += length
    return pieces
