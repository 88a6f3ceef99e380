"""Swing and lilt: how a dance rhythm bends the even notes of the page, for melody and backing alike."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.performance.played_bars import PlayedBar

Bend = tuple[tuple[float, float], ...]  # (place in a pulse as written, as played), both from 0 to 1

_STRAIGHT: Bend = ()
_HORNPIPE: Bend = ((1 / 2, 0.61),)
_DOTTED: Bend = ((3 / 4, 0.69),)  # written as three to one, played as about two to one
_JIG: Bend = ((1 / 3, 0.36), (2 / 3, 0.675))  # long, short, middling
_BENDS = {"reel": ((1 / 2, 0.525),), "hornpipe": _HORNPIPE, "jig": _JIG, "slip jig": _JIG, "slide": _JIG}
_EVEN = {Fraction(quarter, 4) for quarter in range(4)}


def pulse_of(score: Score, metre: Metre | None) -> Fraction:
    """What is divided in two or, in compound metres, in three: a dance's quarter note or dotted quarter, in whole notes."""
    if metre is None:
        return Fraction(1, 4)
    rhythm = usual_rhythm(score.rhythm, score.metre)
    if metre.compound or rhythm is None:
        return metre.beat
    beat, _ = rhythm.tempo(metre)
    if rhythm.beat.numerator == 3:  # a jig's bars of another kind
        return metre.beat
    return beat / 2 if rhythm.name == "reel" else beat


class Groove:
    """Bends moments of the tune as played, in whole notes from its start."""

    def __init__(self, score: Score, bars: Sequence[PlayedBar]) -> None:
        self.score, self.bars = score, bars
        rhythm = usual_rhythm(score.rhythm, score.metre)
        self._usual: Bend = _BENDS.get(rhythm.name, _STRAIGHT) if rhythm else _STRAIGHT
        self._starts = [float(bar.onset) for bar in bars]
        self._places = [float(bar.place) for bar in bars]
        self._pulses = {bar.metre: pulse_of(score, bar.metre) for bar in bars}
        self._lengths = {metre: float(pulse) for metre, pulse in self._pulses.items()}
        self._own: dict[tuple[int, int], Bend] = {}  # (written bar, pulse) → what its notes ask for

    def __call__(self, moment: Fraction | float, *, melody: bool = True) -> float:
        """When what is written at a moment is played. The melody bends as its own notes allow: triplets stay even."""
        moment = float(moment)
        number = max(bisect_right(self._starts, moment + 1e-9) - 1, 0)
        played = self.bars[number]
        usual = self._bend(played.metre)
        if not usual:
            return moment
        pulse = self._lengths[played.metre]
        place = moment - self._starts[number] + self._places[number]
        number = int(place / pulse + 1e-9)
        phase = place / pulse - number
        low, low_to = 0.0, 0.0
        for high, high_to in (*(self._of(played, number, usual) if melody else usual), (1.0, 1.0)):
            if phase <= high:
                return moment + (low_to + (phase - low) * (high_to - low_to) / (high - low) - phase) * pulse
            low, low_to = high, high_to
        return moment

    def _bend(self, metre: Metre | None) -> Bend:
        return self._usual if metre and metre.compound == (self._usual is _JIG) else _STRAIGHT

    def _of(self, played: PlayedBar, number: int, usual: Bend) -> Bend:
        """The bend of one pulse of a written bar."""
        key = (played.index, number)
        if key not in self._own:
            self._own[key] = self._fitting(played, number, usual)
        return self._own[key]

    def _fitting(self, played: PlayedBar, number: int, usual: Bend) -> Bend:
        if usual is _JIG:
            return usual
        phases, place, pulse = set(), played.place, self._pulses[played.metre]
        for note in self.score.bars[played.index].notes:
            phase = place / pulse - number
            if 0 <= phase < 1:
                phases.add(phase)
            place += note.duration
        if not phases <= _EVEN:
            return _STRAIGHT
        if usual is _HORNPIPE and Fraction(3, 4) in phases and Fraction(1, 2) not in phases:
            return _DOTTED
        return usual
