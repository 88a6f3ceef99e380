"""A tune as a session plays it: the melody with swing, accents and ornaments, guitar and bodhrán under it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from generator.notation.score import Score
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance.backing import bodhran, guitar, last_stroke
from generator.rendering.performance.groove import Groove, pulse_of
from generator.rendering.performance.harmony import find_chords
from generator.rendering.performance.instruments import INSTRUMENTS, Instrument, choose_instrument
from generator.rendering.performance.melody import Sound, perform
from generator.rendering.performance.ornaments import Ornaments
from generator.rendering.performance.played_bars import PlayedBar, played_bars
from generator.rendering.style import SESSION, Style

TICKS = 1920  # a whole note; all that is played begins and ends on one
_EARLY_OR_LATE_S = 0.003  # standard deviation of a player's timing
_MOST_S = 0.008
_STRUM_S = 0.007  # from one string to the next
_RING = 1 / 2  # whole notes that a string sounds when nothing damps it
_HOLD_S = 0.9  # that the last note is held beyond its length

STEEL_GUITAR = 25  # General MIDI, counted from 0
TAIKO = 116  # the dullest drum of FluidR3 (centroid 400 Hz, a tom's is 1,900), and so the nearest to a bodhrán


@dataclass(frozen=True, slots=True)
class Track:
    """What one player plays: General MIDI program, loudness (controller 7) and place in the room (controller 10)."""

    name: str
    program: int
    volume: int
    pan: int
    sounds: tuple[Sound, ...]
    skip: int = 0  # samples of the attack
    damped: bool = False  # what was struck dies away soon: the next stroke's hand is on the strings


def arrange(score: Score, style: Style = SESSION) -> list[Track]:
    """The tracks of a performance, the melody first. The same score and style always give the same."""
    name = choose_instrument(score, style)
    instrument = INSTRUMENTS[name]
    bars = played_bars(score)
    groove = Groove(score, bars)
    melody = [_in_reach(sound, instrument) for sound in perform(score, grace_notes=style.feel)]
    end = _last_pulse(score, bars, melody)
    hold = _whole_notes(score, _HOLD_S) if style.feel else Fraction(0)
    ringing = max((sound.onset + sound.duration for sound in melody), default=Fraction(0)) + hold
    if style.feel:
        melody = Ornaments(score, bars, instrument, style.seed).play(melody)
        melody = _Player(score, groove, f"melody {style.seed}").melody(melody, instrument, hold)
    tracks = [Track(name.capitalize(), instrument.program, instrument.volume, 64, tuple(melody), instrument.skip)]
    if style.backing:
        chords = find_chords(score)
        strokes = guitar(score, bars, chords, end)
        if closing := last_stroke(bars, chords, end, ringing - end):
            strokes.append(closing)
        drum = bodhran(score, bars, end, style.seed)
        if style.feel:
            strummed = _Player(score, groove, f"guitar {style.seed}").strokes(strokes)
            beaten = _Player(score, groove, f"drum {style.seed}").strokes([sound] for sound in drum)
        else:
            strummed, beaten = [sound for stroke in strokes for sound in stroke], drum
        tracks.append(Track("Guitar", STEEL_GUITAR, 97, 44, tuple(strummed), damped=True))
        tracks.append(Track("Bodhrán", TAIKO, 100, 84, tuple(beaten)))
    return [track for track in tracks if track.sounds]


def _in_reach(sound: Sound, instrument: Instrument) -> Sound:
    """What is too high for an instrument that was asked for is played an octave or two lower."""
    above = max(sound.pitch - instrument.highest, 0)
    return replace(sound, pitch=sound.pitch - 12 * -(-above // 12)) if above else sound


def _last_pulse(score: Score, bars: Sequence[PlayedBar], melody: Sequence[Sound]) -> Fraction:
    """The pulse at or before the last note: there the backing strikes for the last time."""
    last = melody[-1].onset if melody else Fraction(0)
    played = next((bar for bar in reversed(bars) if bar.onset <= last and bar.duration), None)
    if played is None or played.metre is None:
        return last
    pulse = pulse_of(score, played.metre)
    place = last - played.onset + played.place
    return max(last - place % pulse, played.onset)


def _whole_notes(score: Score, seconds: float) -> Fraction:
    return Fraction(round(seconds * quarters_per_minute(score) / 240 * TICKS), TICKS)


class _Player:
    """Somebody with a groove and a hand that is human."""

    def __init__(self, score: Score, groove: Groove, seed: str) -> None:
        self.score, self.groove = score, groove
        self.chance = random.Random(seed)
        self.second = quarters_per_minute(score) / 240  # in whole notes

    def melody(self, sounds: Sequence[Sound], instrument: Instrument, hold: Fraction) -> list[Sound]:
        """In the groove, higher notes a little louder, and the last note held."""
        moved = self._moments(sorted({sound.onset for sound in sounds}))
        middle = sum(sound.pitch for sound in sounds) / max(len(sounds), 1)
        out = []
        for sound in sounds:
            onset = moved[sound.onset]
            end = onset + self.groove(sound.onset + sound.duration) - self.groove(sound.onset)
            if sound.onset == sounds[-1].onset:
                end += float(hold)
            if instrument.rings:
                end = max(end, onset + _RING)
            velocity = sound.velocity + max(min((sound.pitch - middle) / 3, 5), -5) + self.chance.gauss(0, 2.5)
            out.append(_sound(sound, onset, end, velocity))
        return out

    def strokes(self, strokes: Iterable[Sequence[Sound]]) -> list[Sound]:
        """Each stroke a little off, its strings one after the other."""
        out = []
        for stroke in strokes:
            first = stroke[0]
            onset = max(self.groove(first.onset, melody=False) + self._off(), 0.0)
            end = self.groove(first.onset + first.duration, melody=False)
            softer = self.chance.gauss(0, 3)
            for string, sound in enumerate(stroke):
                out.append(_sound(sound, onset + string * _STRUM_S * self.second, end, sound.velocity + softer))
        return out

    def _moments(self, onsets: Sequence[Fraction]) -> dict[Fraction, float]:
        """Written moment → played moment. None comes before the one that it is written after."""
        bent = [max(self.groove(onset), 0.0) for onset in onsets]  # a pick-up may lean towards what is before the start
        moved = {}
        for index, (onset, moment) in enumerate(zip(onsets, bent, strict=True)):
            before = moment - bent[index - 1] if index else moment
            after = bent[index + 1] - moment if index + 1 < len(bent) else before
            room = min(before, after) / 4
            moved[onset] = moment + max(min(self._off(), room), -room)
        return moved

    def _off(self) -> float:
        """In whole notes."""
        return max(min(self.chance.gauss(0, _EARLY_OR_LATE_S), _MOST_S), -_MOST_S) * self.second


def _sound(like: Sound, onset: float, end: float, velocity: float) -> Sound:
    start = round(onset * TICKS)
    length = max(round(end * TICKS) - start, 1)
    strength = max(min(round(velocity), 127), 20)
    return Sound(Fraction(start, TICKS), Fraction(length, TICKS), like.pitch, strength, like.bar, like.note)
