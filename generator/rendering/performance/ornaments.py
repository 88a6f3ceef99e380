"""Ornaments: rolls, crans, cuts, trebles and trills, those written and those that a player adds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from generator.notation.score import Note, Pitch, Score
from generator.notation.structure import metres
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance.groove import pulse_of
from generator.rendering.performance.instruments import Instrument, Ornament
from generator.rendering.performance.melody import Sound, grace_length
from generator.rendering.performance.played_bars import PlayedBar, keys_of_bars

_TRILL_S = 0.07  # for each note of a trill
_SLOW_S = 0.26  # a longer quaver is that of a slow air or a march
_FIRST_PASS, _REPEATS = 0.8, 1.1  # a player ornaments less when a part is new
_WEIGHTS = {"long": 4.0, "short": 2.0, "repeated": 2.0, "quick": 1.0}  # how likely a note gets an ornament, by what it is
_CRAN = (4, 2)  # steps above the lowest note of the two cuts, which take the place of a roll's cut and strike
_WRITTEN = {
    "roll": "roll", "~": "roll", "turn": "roll", "trill": "trill", "trill(": "trill", "mordent": "down", "lowermordent": "down",
    "pralltriller": "up", "uppermordent": "up",
}  # fmt: skip
_STACCATO = {"staccato", "wedge"}
_ACCENTS = {"accent", ">", "emphasis", "marcato", "^"}


class Ornaments:
    """Adds ornaments to the sounds of a melody, which have their full lengths."""

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
        single = single_sounds(sounds)
        added = self._added(sounds, single)
        played: list[Sound] = []
        for index, sound in enumerate(sounds):
            note = self.score.bars[sound.bar].notes[sound.note]
            if _ACCENTS & set(note.decorations):
                sound = replace(sound, velocity=sound.velocity + 14)
            if _STACCATO & set(note.decorations):
                sound = replace(sound, duration=sound.duration / 2)
            kind = _written(note) or added.get(index, "")
            before = sounds[index - 1].pitch if index else -1
            played += self._ornamented(sound, note, kind, before) if kind and index in single else [sound]
        return played

    def _ornamented(self, sound: Sound, note: Note, kind: str, before: int) -> list[Sound]:
        """The sounds of an ornament. before: the pitch of the sound before it."""
        if note.melody is None or note.melody.midi != sound.pitch:  # a grace note, or a lower note under a held one
            return [sound]
        up, down = self._step(note.melody, sound.bar, 1), self._step(note.melody, sound.bar, -1)
        if sound.duration < 3 * self.grace or (kind == "roll" and sound.duration < 4 * self.grace):
            return [sound]
        if kind == "cut":  # from a note that was not just played
            return self._with_cut(sound, up if up != before else self._step(note.melody, sound.bar, 2))
        if kind == "treble":  # the bow or the plectrum goes to and fro: nothing is slurred
            each = min(pulse_of(self.score, self.metres[sound.bar]) / 4, sound.duration / 4)
            strokes = _split(sound, [each, each, sound.duration - 2 * each])
            return [replace(stroke, slurred=False) for stroke in strokes]
        if kind == "trill":
            count = max(int(sound.duration / self.trill_note) // 2 * 2, 2)
            return [
                replace(each, pitch=up if number % 2 else sound.pitch)
                for number, each in enumerate(_split(sound, [sound.duration / count] * count))
            ]
        if kind in ("up", "down"):
            first, neighbour, rest = _split(sound, [self.grace, self.grace, sound.duration - 2 * self.grace])
            return [first, replace(neighbour, pitch=up if kind == "up" else down), rest]
        if self.instrument.crans and sound.pitch == self.instrument.lowest:
            up, down = (self._step(note.melody, sound.bar, steps) for steps in _CRAN)
        return self._roll(sound, up, down)

    def _roll(self, sound: Sound, up: int, down: int) -> list[Sound]:
        """A long or short roll or cran; on a slow note a turn late in the note, since a roll would sound uneven there."""
        _, quaver = self._pulse_and_quaver(sound.bar)
        if quaver > self.slow_quaver and sound.duration > 8 * self.grace:
            half = sound.duration / 2
            turn = _split(sound, [half, self.grace, self.grace, self.grace, half - 3 * self.grace])
            pitches = (sound.pitch, up, sound.pitch, down, sound.pitch)
            return [replace(each, pitch=pitch) for each, pitch in zip(turn, pitches, strict=True)]
        long = sound.duration * 8 > quaver * 19  # about three quavers
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
        return [cut, replace(sound, onset=sound.onset + grace, duration=sound.duration - grace, slurred=True)]

    def _step(self, pitch: Pitch, bar: int, steps: int) -> int:
        """The MIDI pitch that lies some steps of the scale above a pitch."""
        neighbour = Pitch.at(pitch.staff + steps)
        return min(max(neighbour.midi + self.keys[bar].signature[neighbour.letter], 0), 127)

    def _added(self, sounds: Sequence[Sound], single: set[int]) -> dict[int, Ornament]:
        """Index of a sound → the ornament that the player adds: in each bar as many as the instrument's average."""
        added: dict[int, Ornament] = {}
        for played, indices in indices_by_bar(self.bars, sounds):
            notes = self.score.bars[played.index].notes
            if played.metre is None or any(note.grace or _written(note) for note in notes):
                continue  # a bar with ornaments of its own
            possible: dict[int, tuple[float, tuple[Ornament, ...]]] = {}
            for index in indices:
                if index in single and index + 1 < len(sounds):
                    weight, kinds = self._possible(sounds, index, played)
                    if kinds:
                        possible[index] = weight, kinds
            wanted = self.instrument.ornaments * (_REPEATS if played.pass_index else _FIRST_PASS)
            for _ in range(int(wanted + self.random.random())):
                possible = {index: each for index, each in possible.items() if not {index - 1, index + 1} & added.keys()}
                if possible:
                    [index] = self.random.choices(list(possible), [weight for weight, _ in possible.values()])
                    added[index] = self.random.choice(possible.pop(index)[1])
        return added

    def _possible(self, sounds: Sequence[Sound], index: int, played: PlayedBar) -> tuple[float, tuple[Ornament, ...]]:
        """How likely the player ornaments a sound, and by what."""
        sound, length = sounds[index], sounds[index].duration
        note = self.score.bars[sound.bar].notes[sound.note]
        pulse, quaver = self._pulse_and_quaver(sound.bar)
        slow = quaver > self.slow_quaver
        on_pulse = ((sound.onset - played.onset + played.bar_offset) / pulse).denominator == 1
        if note.tie or note.tuplet or length > note.duration:
            return 0.0, ()
        if 3 * quaver <= length <= 4 * quaver and not slow:
            return _WEIGHTS["long"], self.instrument.long
        if length >= 2 * quaver and on_pulse:
            return _WEIGHTS["short"], ("cut",) if slow or length > 4 * quaver else self.instrument.short
        if length == quaver and index and sounds[index - 1].pitch == sound.pitch:
            return _WEIGHTS["repeated"], self.instrument.quick
        return _WEIGHTS["quick"], self.instrument.quick if length == quaver and on_pulse else ()


def _written(note: Note) -> str:
    """The ornament that is written on a note, or an empty text."""
    return next((_WRITTEN[name] for name in note.decorations if name in _WRITTEN), "")


def indices_by_bar(bars: Sequence[PlayedBar], sounds: Sequence[Sound]) -> Iterator[tuple[PlayedBar, list[int]]]:
    """Each played bar with the indices of the sounds that begin in it; the sounds are in order of onset."""
    index = 0
    for played in bars:
        first = index
        while index < len(sounds) and sounds[index].onset < played.end:
            index += 1
        yield played, list(range(first, index))


def single_sounds(sounds: Sequence[Sound]) -> set[int]:
    """Indices of the sounds that begin alone."""
    count = Counter(sound.onset for sound in sounds)
    return {index for index, sound in enumerate(sounds) if count[sound.onset] == 1}


def _split(sound: Sound, lengths: Sequence[Fraction]) -> list[Sound]:
    """Consecutive sounds of these lengths, under a slur."""
    pieces, onset = [], sound.onset
    for number, length in enumerate(lengths):
        pieces.append(replace(sound, onset=onset, duration=length, slurred=number > 0 or sound.slurred))
        onset += length
    return pieces
