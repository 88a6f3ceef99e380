"""Finds the chords of a tune's backing: the written ones, and for the rest those that a session's guitarist would play.

Each bar is divided into spans, of half a bar for example. A Viterbi search finds the sequence of the mode's chords that fits the
melody best. Long notes and notes on the beat weigh more, and chords change where a player would change them: at bar lines and
towards a cadence. The search uses the written bars, so that a part has the same chords each time it is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache

from generator.notation.keys import LETTERS, Key, Mode, alter_name
from generator.notation.metres import Metre
from generator.notation.score import Bar, Score
from generator.notation.structure import metres, sections
from generator.rendering.chords import SYMBOL, Chord, parse_chord
from generator.rendering.performance.played_bars import bar_offsets, keys_of_bars

Changes = list[tuple[Fraction, Chord]]  # (bar offset in whole notes, chord that begins there)

# Degree of the scale (0 is the tonic) and kind, then the cost of the chord; "b" lowers a degree by a semitone.
_CHORDS_OF_MODES = {
    Mode.MAJOR: "0 0.0, 4 0.05, 3 0.15, 5m 0.5, 1m 0.5, 2m 0.9, b6 0.9",
    Mode.MIXOLYDIAN: "0 0.0, 6 0.05, 3 0.2, 4m 0.5, 1m 0.6, 5m 0.7, 4 0.8",
    Mode.DORIAN: "0m 0.0, 6 0.05, 2 0.4, 3 0.35, 4m 0.5, 1m 1.0, 4 0.9",
    Mode.MINOR: "0m 0.0, 6 0.08, 2 0.3, 5 0.3, 3m 0.4, 4m 0.4, 4 0.7, 3 0.8",
    Mode.PHRYGIAN: "0m 0.0, 1 0.15, 6m 0.2, 2 0.45, 5 0.45, 3m 0.45",
    Mode.LYDIAN: "0 0.0, 1 0.15, 4 0.3, 5m 0.45, 2m 0.6",
    Mode.LOCRIAN: "05 0.0, 1 0.2, 2m 0.3, 6m 0.4, 5 0.4",
}
_KINDS = {"": "major", "m": "minor", "5": "power"}

_CHANGE_AT_BAR, _CHANGE_WITHIN = -0.03, 0.5
_OPENING, _CLOSING, _LEADING = 0.3, 0.5, 0.2  # gains: tonic at a part's start, tonic at its end, dominant before that
# Semitones above the root → how well a note fits a chord that contains it, or one that does not.
_CHORD_TONE_FIT = {0: 1.0, 7: 0.9, 4: 0.9, 3: 0.9}
_OTHER_FIT = {10: 0.1, 2: -0.3, 9: -0.3, 5: -0.4}
_CLASH = -0.9
_NEARBY = 0.08  # weight of a note elsewhere in the bar: an accidental in one half should influence the other
_CLASHES = {("major", 3), ("major", 6), ("major", 8), ("minor", 4), ("minor", 6), ("minor", 8)}


@dataclass(frozen=True, slots=True)
class _Span:
    """A section of a bar with one chord."""

    bar: int
    start: Fraction  # bar offset
    notes: tuple[tuple[int, float], ...]  # (pitch class, weight); the weights of a full span sum to about 1
    on_bar: bool  # starts at a bar line
    opens: bool  # the first span of a part
    closes: bool  # the last span of a part or an ending
    leads: bool  # before a closing span, or before the second half of eight bars
    joined: bool  # is played directly after the span before it; a second ending is not
    written: Chord | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    chord: Chord
    degree: int
    cost: float


@lru_cache(maxsize=1)  # the backing plays them, and the time map shows them
def find_chords(score: Score) -> Sequence[Changes]:
    """The chord changes of each written bar. A bar in free metre has none."""
    found: list[Changes] = [[] for _ in score.bars]
    written = _written_changes(score)
    spans = _spans(score, written)
    palettes: dict[Key, list[_Candidate]] = {}
    keys = keys_of_bars(score)
    choices = []
    for span in spans:
        key = keys[span.bar]
        if key not in palettes:
            palettes[key] = _palette(key)
        choices.append([_Candidate(span.written, -1, 0.0)] if span.written else palettes[key])
    for span, candidate in zip(spans, _best_sequence(spans, choices), strict=True):
        found[span.bar].append((span.start, candidate.chord))
    for bar, changes in enumerate(written):
        if changes and found[bar]:  # add the written chords that begin inside a span
            found[bar] = sorted({**dict(found[bar]), **dict(changes)}.items(), key=lambda change: change[0])
    return found


def with_chord_symbols(score: Score) -> Score:
    """The score with the chords of its backing as chord symbols, or unchanged if it has any of its own.

    A chord is written where it changes, and again where a section begins. One that changes during a note is left out.
    """
    if any(note.chord_symbol for note in score.notes()):
        return score
    starts = {_first_full_bar(score, start) for start, _ in sections(score.bars)}
    shown: Chord | None = None
    bars: list[Bar] = []
    for index, (bar, changes, bar_offset) in enumerate(zip(score.bars, find_chords(score), bar_offsets(score), strict=True)):
        chords = {} if index == 0 and bar_offset else dict(changes)  # only the melody plays a first pick-up
        shown = None if index in starts else shown
        notes = []
        for note in bar.notes:
            chord = chords.get(bar_offset)
            notes.append(replace(note, chord_symbol=str(chord)) if chord and chord != shown else note)
            shown, bar_offset = chord or shown, bar_offset + note.duration
        bars.append(replace(bar, notes=tuple(notes)))
    return replace(score, bars=tuple(bars))


def chord_at(changes: Changes, bar_offset: Fraction) -> Chord | None:
    """The chord that sounds at a position in the bar."""
    sounding = None
    for start, chord in changes:
        if start > bar_offset and sounding:
            break
        sounding = chord
    return sounding


def _written_changes(score: Score) -> list[Changes]:
    """The chord symbols of each bar. If half of the bars have one, a chord lasts until the next, else to the bar's end."""
    found: list[Changes] = []
    for bar, metre, bar_offset in zip(score.bars, metres(score), bar_offsets(score), strict=True):
        changes = []
        for note in bar.notes:
            chord = _playable_chord(note.chord_symbol) if note.chord_symbol and metre else None
            if chord:
                changes.append((bar_offset, chord))
            bar_offset += note.duration
        found.append(changes)
    if sum(map(bool, found)) * 2 >= len(found):
        last: Chord | None = None
        for changes, bar_offset in zip(found, bar_offsets(score), strict=True):
            if last and (not changes or changes[0][0] > bar_offset):
                changes.insert(0, (bar_offset, last))
            last = changes[-1][1] if changes else last
    return found


def _playable_chord(text: str) -> Chord | None:
    """The chord of a symbol, or of its longest known beginning: `Am7b5` is played as `Am7`. Words are not chords."""
    if not SYMBOL.fullmatch(text):
        return None
    return next((chord for end in range(len(text), 0, -1) if (chord := parse_chord(text[:end]))), None)


def _span_length(metre: Metre) -> Fraction:
    if metre.compound and metre.beats % 2:
        return metre.beat if metre.beats > 3 else metre.bar
    return metre.bar / 2 if metre.beats % 2 == 0 else metre.bar


def _spans(score: Score, written: list[Changes]) -> list[_Span]:
    last_bars = {stop - 1 for _, stop in sections(score.bars)}
    last_bars |= {index - 1 for index, bar in enumerate(score.bars) if bar.endings and index}
    last_bars -= {index for index in last_bars if score.bars[index + 1 : index + 2] and 1 in score.bars[index + 1].endings}
    first_bars = {_first_full_bar(score, start) for start, _ in sections(score.bars)}
    spans = []
    for index, (bar, metre, bar_offset) in enumerate(zip(score.bars, metres(score), bar_offsets(score), strict=True)):
        if metre is None or not bar.notes:
            continue
        length = _span_length(metre)
        end = bar_offset + bar.duration
        number = int(bar_offset // length)
        while number * length < end:
            start = number * length
            chord = next((chord for chord_start, chord in reversed(written[index]) if chord_start <= start), None)
            last = start + length >= end
            spans.append(
                _Span(
                    bar=index,
                    start=max(start, bar_offset),
                    notes=_weights(bar, bar_offset, start, length, metre),
                    on_bar=start % metre.bar == 0,
                    opens=start == 0 and index in first_bars,
                    closes=last and index in last_bars,
                    leads=(index + 1 in last_bars or index - 3 in first_bars) if last else index in last_bars,
                    joined=max(bar.endings, default=1) == 1,
                    written=chord,
                )
            )
            number += 1
    return spans


def _first_full_bar(score: Score, start: int) -> int:
    """The index of a section's first bar after its pick-up."""
    return start + 1 if bar_offsets(score)[start] and start + 1 < len(score.bars) else start


def _weights(bar: Bar, bar_offset: Fraction, start: Fraction, length: Fraction, metre: Metre) -> tuple[tuple[int, float], ...]:
    """The notes of a bar that begins at `bar_offset`, as (pitch class, weight). Notes outside the span weigh little."""
    found = []
    for note in bar.notes:
        onset, bar_offset = bar_offset, bar_offset + note.duration
        inside = min(bar_offset, start + length) - max(onset, start)
        if inside > 0:
            accent = 1.5 if onset == 0 else 1.25 if onset <= start else 1.1 if (onset / metre.beat).denominator == 1 else 1.0
            weight = float(inside / length) * accent
        else:
            weight = float(note.duration / length) * _NEARBY
        found += [(pitch.midi % 12, weight) for pitch in note.pitches]
    return tuple(found)


def _palette(key: Key) -> list[_Candidate]:
    """The chords of a key's mode."""
    tonic = LETTERS.index(key.tonic[0])
    scale = Key(key.tonic, key.mode).signature  # without the key's extra accidentals: they do not change the mode's chords
    found = []
    for text in _CHORDS_OF_MODES[key.mode].split(", "):
        name, cost = text.split()
        lowered = name.startswith("b")
        name = name.removeprefix("b")
        letter = LETTERS[(tonic + int(name[0])) % 7]
        root = letter + alter_name(scale[letter] - lowered)
        found.append(_Candidate(Chord(root, _KINDS[name[1:]]), int(name[0]), float(cost)))
    return found


@cache
def _fit(chord: Chord) -> tuple[float, ...]:
    """How well each pitch class fits a chord: from 1 (its root) to about -1 (a clash with its third or fifth)."""
    found = []
    for pitch_class in range(12):
        semitones = (pitch_class - chord.root_class) % 12
        if pitch_class in chord.tones:
            found.append(_CHORD_TONE_FIT.get(semitones, 0.5))
        else:
            found.append(_CLASH if (chord.kind, semitones) in _CLASHES else _OTHER_FIT.get(semitones, -0.5))
    return tuple(found)


def _change_cost(before: _Candidate, after: _Candidate, span: _Span) -> float:
    if before.chord == after.chord or not span.joined:
        return 0.0
    cost = _CHANGE_AT_BAR if span.on_bar else _CHANGE_WITHIN
    if after.degree == 0 and before.degree in (4, 6) and span.on_bar:
        return cost - 0.1
    return cost + (0.2 if (before.degree, after.degree) in ((4, 3), (4, 1)) else 0.0)


def _position_gain(candidate: _Candidate, span: _Span) -> float:
    """What a chord gains by its position in the part."""
    gain = 0.0
    if candidate.degree == 0:
        gain += _OPENING * span.opens + _CLOSING * span.closes
    if candidate.degree in (4, 6) and span.leads:
        gain += _LEADING
    return gain


def _best_sequence(spans: list[_Span], choices: list[list[_Candidate]]) -> list[_Candidate]:
    """The sequence of candidates, one for each span, with the highest total score (Viterbi search)."""
    if not spans:
        return []
    scores: list[list[float]] = []
    back_pointers: list[list[int]] = []
    for index, (span, candidates) in enumerate(zip(spans, choices, strict=True)):
        row, pointers = [], []
        for candidate in candidates:
            fit = _fit(candidate.chord)
            score = 2 * sum(weight * fit[pitch_class] for pitch_class, weight in span.notes)
            score += _position_gain(candidate, span) - candidate.cost
            best, pointer = 0.0, 0
            if index:
                before = choices[index - 1]
                paths = [scores[-1][each] - _change_cost(before[each], candidate, span) for each in range(len(before))]
                best = max(paths)
                pointer = paths.index(best)
            row.append(score + best)
            pointers.append(pointer)
        scores.append(row)
        back_pointers.append(pointers)
    path = [scores[-1].index(max(scores[-1]))]
    for pointers in reversed(back_pointers[1:]):
        path.append(pointers[path[-1]])
    return [candidates[number] for candidates, number in zip(choices, reversed(path), strict=True)]
