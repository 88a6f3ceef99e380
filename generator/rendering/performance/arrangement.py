"""The arrangement of a tune: melody with articulation, ornaments, swing and dynamics, and a backing of guitar and bodhrán."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from generator.notation.score import Score
from generator.notation.tempo import quarters_per_minute
from generator.notation.transpose import sounding
from generator.rendering.performance.articulation import articulate
from generator.rendering.performance.bodhran import bodhran
from generator.rendering.performance.drone import drone
from generator.rendering.performance.dynamics import Dynamics
from generator.rendering.performance.groove import Groove, pulse_of
from generator.rendering.performance.guitar import guitar, last_stroke
from generator.rendering.performance.harmony import find_chords
from generator.rendering.performance.instruments import BAGPIPE, INSTRUMENTS, Instrument, choose_instrument
from generator.rendering.performance.melody import Sound, perform, separated
from generator.rendering.performance.ornaments import Ornaments
from generator.rendering.performance.played_bars import PlayedBar, played_bars, times_played
from generator.rendering.performance.variations import vary
from generator.rendering.style import SESSION, Style

TICKS_PER_WHOLE_NOTE = 1920  # every sound begins and ends on a tick
_TIMING_DEVIATION_S = 0.003  # standard deviation of a player's timing
_MAX_DEVIATION_S = 0.008
_STRUM_S = 0.007  # from one string to the next
_OVERLAP_S = 0.012  # of slurred sounds
_SOFTER = 6  # MIDI velocity of a slurred sound, below that of one with its own attack
_RING = 1 / 2  # whole notes that an undamped string sounds
_HOLD_S = 0.9  # how much longer the last note is held

_DAMPED = -3600  # the guitarist's hand damps the strings; inaudible ones would still cost synthesis time
_GUITAR, _BODHRAN = "Guitar", "Bodhrán"
_BACKING = (_GUITAR, _BODHRAN)
STEEL_GUITAR = 25  # General MIDI, counted from 0
TAIKO = 116  # the dullest drum of FluidR3 (spectral centroid 400 Hz, a tom's is 1,900 Hz), and so the closest to a bodhrán


@dataclass(frozen=True, slots=True)
class Track:
    """What one player plays: General MIDI program, volume (controller 7) and pan (controller 10)."""

    name: str
    program: int
    volume: int
    pan: int
    sounds: tuple[Sound, ...]
    skip: int = 0  # samples of the attack to skip
    release: int = 0  # change of the sound font's release in timecents


def arrange(score: Score, style: Style = SESSION) -> list[Track]:
    """The tracks of the arrangement, the melody first. The same score and style always give the same tracks."""
    first, *others = map(sounding, score.by_voice())
    bars = bars_as_played(score, style)
    melody, *backing = _arrange_melody(first, bars, style)
    tracks = [melody, *(_further_voice(voice, bars, style, number) for number, voice in enumerate(others, 2)), *backing]
    return [track for track in tracks if track.sounds]


def heard(tracks: Sequence[Track], style: Style) -> list[Track]:
    """The tracks of an arrangement that the style lets be heard."""
    if style.heard == "all":
        return list(tracks)
    return [track for track in tracks if (track.name in _BACKING) == (style.heard == "backing")]


def _further_voice(score: Score, bars: Sequence[PlayedBar], style: Style, number: int) -> Track:
    """The track of a voice that accompanies the melody: without ornaments, in the same groove."""
    name = choose_instrument(score, style)
    instrument = INSTRUMENTS[name]
    sounds = [_in_range(sound, instrument) for sound in perform(score, bars, grace_notes=style.feel)]
    if style.feel:
        player = _Player(score, Groove(score, bars, sounds), Dynamics(bars), f"voice {number} {style.seed}")
        sounds = articulate(score, bars, sounds, instrument, style.seed)
        sounds = player.melody(sounds, instrument, _whole_notes(score, _HOLD_S))
    else:
        sounds = [separated(sound) for sound in sounds]
    return _track(f"{name.capitalize()} {number}", instrument, 54, sounds)


def _track(name: str, instrument: Instrument, pan: int, sounds: Sequence[Sound]) -> Track:
    return Track(name, instrument.program, instrument.volume, pan, tuple(sounds), instrument.skip, instrument.release)


def _arrange_melody(score: Score, bars: Sequence[PlayedBar], style: Style) -> list[Track]:
    name = choose_instrument(score, style)
    instrument = INSTRUMENTS[name]
    melody = [_in_range(sound, instrument) for sound in perform(score, bars, grace_notes=style.feel)]
    end = _last_pulse(score, bars, melody)
    hold = _whole_notes(score, _HOLD_S) if style.feel else Fraction(0)
    ringing = max((sound.end for sound in melody), default=Fraction(0)) + hold
    if style.feel:
        melody = vary(score, bars, melody, style.seed)
        groove, dynamics = Groove(score, bars, melody), Dynamics(bars)
        melody = Ornaments(score, bars, instrument, style.seed).play(melody)
        melody = articulate(score, bars, melody, instrument, style.seed)
        melody = _Player(score, groove, dynamics, f"melody {style.seed}").melody(melody, instrument, hold)
    else:
        melody = [separated(sound) for sound in melody]
    tracks = [_track(name.capitalize(), instrument, 64, melody)]
    if instrument.drones:
        tracks.append(Track("Drones", BAGPIPE, 80, 64, tuple(drone(score, bars, ringing))))
    if style.backing:
        chords = find_chords(score)
        strokes = guitar(score, bars, chords, end, style.seed)
        if closing := last_stroke(bars, chords, end, ringing - end):
            strokes.append(closing)
        drum = bodhran(score, bars, end, style.seed)
        if style.feel:
            strummed = _Player(score, groove, dynamics, f"guitar {style.seed}").strokes(strokes)
            beaten = _Player(score, groove, dynamics, f"drum {style.seed}").strokes([sound] for sound in drum)
        else:
            strummed, beaten = [sound for stroke in strokes for sound in stroke], drum
        tracks.append(Track(_GUITAR, STEEL_GUITAR, 97, 44, tuple(strummed), release=_DAMPED))
        tracks.append(Track(_BODHRAN, TAIKO, 100, 84, tuple(beaten)))
    return tracks


def bars_as_played(score: Score, style: Style) -> list[PlayedBar]:
    """The bars in playing order, as many times as the style says."""
    return played_bars(score, times_played(score, style.times))


def _in_range(sound: Sound, instrument: Instrument) -> Sound:
    """Transposes a sound that is too high for the instrument down by one or more octaves."""
    semitones_above = max(sound.pitch - instrument.highest, 0)
    return replace(sound, pitch=sound.pitch - 12 * -(-semitones_above // 12)) if semitones_above else sound


def _last_pulse(score: Score, bars: Sequence[PlayedBar], melody: Sequence[Sound]) -> Fraction:
    """The onset of the pulse at or before the last note, where the backing plays its last stroke."""
    last = melody[-1].onset if melody else Fraction(0)
    played = next((bar for bar in reversed(bars) if bar.onset <= last and bar.duration), None)
    if played is None or played.metre is None:
        return last
    pulse = pulse_of(score, played.metre)
    bar_offset = last - played.onset + played.bar_offset
    return max(last - bar_offset % pulse, played.onset)


def _whole_notes(score: Score, seconds: float) -> Fraction:
    return Fraction(round(seconds * quarters_per_minute(score) / 240 * TICKS_PER_WHOLE_NOTE), TICKS_PER_WHOLE_NOTE)


class _Player:
    """Plays sounds with groove and dynamics, and with small random deviations of timing and velocity."""

    def __init__(self, score: Score, groove: Groove, dynamics: Dynamics, seed: str) -> None:
        self.score, self.groove, self.dynamics = score, groove, dynamics
        self.random = random.Random(seed)
        self.second = quarters_per_minute(score) / 240  # in whole notes

    def melody(self, sounds: Sequence[Sound], instrument: Instrument, hold: Fraction) -> list[Sound]:
        """The melody in the groove, with higher notes a little louder, slurred sounds softer, and the last note held."""
        played_onsets = self._played_onsets(sorted({sound.onset for sound in sounds}))
        mean_pitch = sum(sound.pitch for sound in sounds) / max(len(sounds), 1)
        silence, overlap = instrument.silence_s * self.second, _OVERLAP_S * self.second
        played = []
        for sound, following in zip_longest(sounds, sounds[1:]):
            onset = played_onsets[sound.onset]
            if following and following.slurred:
                end = played_onsets[following.onset] + overlap
            else:
                length = self.groove(sound.end) - self.groove(sound.onset)
                end = onset + length - min(silence, length / 4)
            if sound.onset == sounds[-1].onset:
                end += float(hold)
            if instrument.rings:
                end = max(end, onset + _RING)
            velocity = sound.velocity + max(min((sound.pitch - mean_pitch) / 3, 5), -5) + self.random.gauss(0, 2.5)
            velocity += self.dynamics(sound.onset) - _SOFTER * sound.slurred
            played.append(_on_ticks(sound, onset, end, velocity))
        return played

    def strokes(self, strokes: Iterable[Sequence[Sound]]) -> list[Sound]:
        """The strokes in the groove, with the strings of each struck one after the other."""
        played = []
        for stroke in strokes:
            first = stroke[0]
            onset = max(self.groove(first.onset, melody=False) + self._deviation(), 0.0)
            end = self.groove(first.end, melody=False)
            velocity_change = self.random.gauss(0, 3) + self.dynamics(first.onset)
            for string, sound in enumerate(stroke):
                start = onset + string * _STRUM_S * self.second
                played.append(_on_ticks(sound, start, end, sound.velocity + velocity_change))
        return played

    def _played_onsets(self, onsets: Sequence[Fraction]) -> dict[Fraction, float]:
        """Written onset → played onset. The order of the onsets stays the same."""
        grooved = [max(self.groove(onset), 0.0) for onset in onsets]  # the groove can move a pick-up before the start
        played = {}
        for index, (onset, time) in enumerate(zip(onsets, grooved, strict=True)):
            before = time - grooved[index - 1] if index else time
            after = grooved[index + 1] - time if index + 1 < len(grooved) else before
            limit = min(before, after) / 4
            played[onset] = time + max(min(self._deviation(), limit), -limit)
        return played

    def _deviation(self) -> float:
        """A random deviation of timing, in whole notes."""
        return max(min(self.random.gauss(0, _TIMING_DEVIATION_S), _MAX_DEVIATION_S), -_MAX_DEVIATION_S) * self.second


def _on_ticks(sound: Sound, onset: float, end: float, velocity: float) -> Sound:
    """The sound with a new onset, end and velocity, rounded to ticks and MIDI velocities."""
    start = round(onset * TICKS_PER_WHOLE_NOTE)
    length = max(round(end * TICKS_PER_WHOLE_NOTE) - start, 1)
    return replace(
        sound,
        onset=Fraction(start, TICKS_PER_WHOLE_NOTE),
        duration=Fraction(length, TICKS_PER_WHOLE_NOTE),
        velocity=max(min(round(velocity), 127), 20),
    )
