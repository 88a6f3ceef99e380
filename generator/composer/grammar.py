"""What may come next: a mask over the vocabulary at each step, legal always and never a dead end.

Bars add up to the metre, a pick-up is paired with the short last bar of every part, triplets are complete, ties reach
their note, repeats and endings close, parts have the asked length, the melody stays within one fiddle's first position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from generator.notation import tokens as t
from generator.notation.keys import LETTERS, SEMITONES, Key, Mode
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.tempo import MAX_PLAYING_S, seconds, usual_tempo

Mask = NDArray[np.bool_]  # (vocabulary,)

LOWEST, HIGHEST = 55, 83  # MIDI: a fiddle's open G to the B of its first position
OCTAVES = (0, -12, 12)  # how far a tune may be moved so that it lies in that range, the first being preferred


def _mask(*names: str) -> Mask:
    mask = np.zeros(len(t.VOCABULARY), np.bool_)
    mask[[t.INDEX[name] for name in names]] = True
    return mask


_PITCHES = _mask(*(name for name in t.VOCABULARY[3:] if t.is_pitch(name) and name not in (t.REST, t.TIE)))
_REST = _mask(t.REST)
_DURATION_TICKS = np.zeros(len(t.VOCABULARY), np.int32)  # what a duration token claims of the bar: a triplet all three notes
for _ticks in t.DURATIONS + t.TRIPLETS:
    _DURATION_TICKS[t.INDEX[f"/{_ticks}"]] = _ticks * 3 if _ticks in t.TRIPLETS else _ticks
_PICK_UP_TICKS = np.zeros(len(t.VOCABULARY), np.int32)
for _ticks in t.PICK_UPS:
    _PICK_UP_TICKS[t.INDEX[f"up{_ticks}"]] = _ticks


@dataclass(frozen=True, slots=True)
class Form:
    """How the tune is laid out: parts of so many bars, played twice, as dances are."""

    bars: int = 8  # of a part
    fewest_parts: int = 2
    most_parts: int = 2  # of dance tunes in the corpus 64 in a hundred are AABB, 4 have a third part


@dataclass(slots=True)
class Grammar:
    """Follows one tune and says what may come next. `key` is set before the first pitch; see `set_key`."""

    form: Form = field(default_factory=Form)
    rhythm: str | None = None  # wishes; what is None is left to the model
    metre: Metre | None = None
    mode: Mode | None = None
    tracker: t.Tracker = field(default_factory=t.Tracker)
    inner_bar: bool = False  # set while a bar is written into a tune whose layout is fixed
    done: bool = False
    last: str = ""
    _pitch_windows: dict[int, Mask] = field(default_factory=dict)  # octave → the pitches that lie in range there
    _rhythm: str = ""  # as chosen
    _metre: Metre | None = None
    _closed: bool = False  # between parts
    _repeated: bool = True  # the current part
    _bars: int = 0  # of the current part: the form's, or more where an opening is longer
    _pick_up_wanted: int | None = None  # for the parts to come: as the part before had it; None before the first bar line
    _bars_played: int = 0  # repeats counted
    _last_pitch: str = ""
    _tied: bool = False

    def __post_init__(self) -> None:
        if self.form.fewest_parts == self.form.most_parts:
            self.tracker.layout = [self.form.bars] * self.form.most_parts

    def set_key(self, key: Key, octaves: tuple[int, ...] = OCTAVES) -> None:
        """Fixes which pitches are playable: those in range in one of the octaves that are still open."""
        base = t.tonic(key)
        self.tracker.tonic = t.tonic_class(key)
        for octave in octaves:
            window = np.zeros(len(t.VOCABULARY), np.bool_)
            for token in t.VOCABULARY:
                index = t.INDEX[token]
                if _PITCHES[index]:
                    degree, alter = t.pitch_parts(token)
                    letter = LETTERS[(base.staff + degree) % 7]
                    altered = key.signature[letter] + alter
                    midi = 12 * ((base.staff + degree) // 7 + 1) + SEMITONES[letter] + altered
                    window[index] = LOWEST <= midi + octave <= HIGHEST and abs(altered) < 2  # no double sharps or flats
            self._pitch_windows[octave] = window

    @property
    def octave(self) -> int:
        """The semitones by which the finished tune is moved into range."""
        return next(octave for octave in OCTAVES if octave in self._pitch_windows)

    @property
    def bars_written(self) -> int:
        return max(self.tracker.part, 0) * self.form.bars + max(self.tracker.bar + (self.tracker.position > 0), 0)

    # the state in words

    def _limit(self) -> int:
        """Where the current bar ends, in ticks: the last bar of a part leaves room for the pick-up."""
        tracker = self.tracker
        return tracker.bar_ticks - (self._pick_up() if self._last_bar() else 0)

    def _pick_up(self) -> int:
        return self.tracker.pick_up or self._pick_up_wanted or 0

    def _last_bar(self) -> bool:
        return self.tracker.bar + 1 >= self._bars and not self.inner_bar

    def remaining(self) -> int:
        return self._limit() - self.tracker.position

    def bar_is_full(self) -> bool:
        return not self._closed and self.tracker.part >= 0 and self.remaining() <= 0 and not self._tied and self.last[0] != "/"

    # masks

    def mask(self) -> Mask:
        """The legal tokens, never none; call only while not `done`."""
        if self.last in ("", t.START) or self.last.startswith(("R:", "M:")):
            return self._header()
        if self.tracker.part < 0 or self._closed:
            return self._between_parts()
        if self.last in (t.OPEN_REPEATED, t.OPEN):
            return self._after_opening()
        if self.last == t.REPEAT:  # of a first ending
            return _mask(t.SECOND)
        return self._in_bar()

    def _header(self) -> Mask:
        if self.last == "":
            return _mask(t.START)
        if self.last == t.START:
            if self.rhythm:
                return _mask(f"R:{self.rhythm}")
            names = [name for name, rhythm in RHYTHMS.items() if self.metre is None or self._same_bar(rhythm.metres)]
            return _mask(*(f"R:{name}" for name in names)) if names else _mask(t.ANY_RHYTHM)
        if self.last.startswith("R:"):
            if self.metre:
                return _mask(f"M:{t.plain(self.metre)}")
            rhythm = RHYTHMS.get(self.last[2:])
            usual = rhythm.written_in if rhythm else t.METRES
            return _mask(*(f"M:{t.plain(metre)}" for metre in usual))
        return _mask(*([f"K:{self.mode}"] if self.mode else [f"K:{mode}" for mode in t.MODES]))

    def _same_bar(self, metres: tuple[Metre, ...]) -> bool:
        return any(self.metre is not None and metre.bar == self.metre.bar for metre in metres)

    def _between_parts(self) -> Mask:
        parts = self.tracker.part + 1
        if parts < self.form.fewest_parts:
            return _mask(t.OPEN_REPEATED)
        if parts >= self.form.most_parts or not self._time_for_another():
            return _mask(t.END)
        return _mask(t.OPEN_REPEATED, t.END)

    def _time_for_another(self) -> bool:
        """Whether one more part ends before the longest tune does."""
        bars = self._bars_played + 2 * self.form.bars
        return seconds(Fraction(bars * self.tracker.bar_ticks, t.TICKS), usual_tempo(self._rhythm, self._metre)) < MAX_PLAYING_S

    def _after_opening(self) -> Mask:
        if self.tracker.part == 0:
            pick_ups = (_PICK_UP_TICKS > 0) & (self.tracker.bar_ticks // 2 >= _PICK_UP_TICKS)
            return self._music() | pick_ups
        wanted = self._pick_up_wanted
        return _mask(f"up{wanted}") if wanted else self._music()

    def _in_bar(self) -> Mask:
        tracker = self.tracker
        if self._tied or self.last[0] == "/" or tracker.triplet or self.remaining() > 0:
            if self._tied and self.remaining() <= 0:
                return _mask(t.BAR)
            return self._music()
        return self._bar_end()

    def _music(self) -> Mask:
        """Inside a bar: pitches of the duration in force where it fits, and other durations that fit.

        Something always does: what remains of a bar is a multiple of the shortest duration.
        """
        tracker = self.tracker
        remaining = self.remaining()
        claim = 0 if tracker.duration == 0 else tracker.duration
        if tracker.duration in t.TRIPLETS and tracker.triplet in (0, 3):
            claim = 3 * tracker.duration
        open_triplet = tracker.triplet in (1, 2)
        mask = np.zeros(len(t.VOCABULARY), np.bool_)
        if open_triplet or (claim and claim <= remaining):
            mask |= self._playable()
        if not open_triplet and self.last[0] != "/":
            durations = (_DURATION_TICKS > 0) & (remaining >= _DURATION_TICKS)
            if tracker.duration:
                durations[t.INDEX[f"/{tracker.duration}"]] = False
            if self._tied:
                durations &= ~_mask(*(f"/{ticks}" for ticks in t.TRIPLETS))
            mask |= durations
        return mask

    def _playable(self) -> Mask:
        if self._tied:
            return _mask(self._last_pitch)
        pitches: Mask = np.logical_or.reduce(list(self._pitch_windows.values()))
        return pitches if self.tracker.triplet or self.tracker.bar < 0 else pitches | _REST  # no rest for a pick-up

    def _bar_end(self) -> Mask:
        tracker = self.tracker
        if tracker.bar < 0:  # a pick-up
            return _mask(t.BAR)
        if not self._last_bar():
            mask = _mask(t.BAR)
            left = self._bars - (tracker.bar + 1)
            if tracker.ending == 0 and left <= 2 and self._repeated:
                mask |= _mask(t.FIRST)
            if self._last_pitch != t.REST and self.last == self._last_pitch and tracker.duration not in t.TRIPLETS:
                mask |= _mask(t.TIE)
            return mask
        if tracker.ending == 2 or not self._repeated:
            return _mask(t.CLOSE)
        return _mask(t.REPEAT)

    def advance(self, token: str) -> None:
        """Takes the next token: one that the mask let through, or one of an opening."""
        tracker = self.tracker
        ending = tracker.ending
        tracker.advance(token)
        if token in (t.OPEN_REPEATED, t.OPEN):
            self._closed, self._repeated = False, token == t.OPEN_REPEATED
            self._bars = tracker.layout[tracker.part] if tracker.part < len(tracker.layout) else self.form.bars
        elif token.startswith("up"):
            self._pick_up_wanted = tracker.pick_up
        elif token == t.END:
            self.done = True
        elif token == t.CLOSE or (token == t.REPEAT and ending != 1):
            self._closed = True
            self._bars_played += (tracker.bar + 1) * (2 if self._repeated else 1)
        elif token.startswith("R:"):
            self._rhythm = "" if token == t.ANY_RHYTHM else token[2:]
        elif token.startswith("M:"):
            self._metre = self.metre or Metre.parse(token[2:])
        elif token == t.TIE:
            self._tied = True
        elif t.is_pitch(token):
            self._tied = False
            self._last_pitch = token
            if token != t.REST:
                index = t.INDEX[token]
                self._pitch_windows = {
                    octave: window for octave, window in self._pitch_windows.items() if window[index]
                } or self._pitch_windows  # an opening may go beyond the range; what follows it may not
        if not self._closed and tracker.part >= 0 and (tracker.bar >= self._bars or self.remaining() < 0):
            self._bars += self.form.bars  # an opening that is longer than a part
            if tracker.layout:
                tracker.layout[tracker.part] = self._bars
        if token == t.BAR and not tracker.pick_up:
            self._pick_up_wanted = 0
        self.last = token
