"""Finds the chords that a session's guitarist would put under a tune, and obeys those that are written.

Each bar is cut into stretches of half a bar or a beat group. Over them a Viterbi search looks for the row of chords of the
mode that fits the melody, weighing long notes and notes on the beat more, and changes where a player would: at bar lines,
towards a cadence. The bars are taken as they are written, so that a part has the same chords each time it is played.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from generator.notation.keys import LETTERS, Key, Mode, alter_name
from generator.notation.metres import Metre
from generator.notation.score import Bar, Score
from generator.notation.structure import metres, sections
from generator.rendering.chords import SYMBOL, Chord, parse_chord
from generator.rendering.performance.played_bars import bar_offsets, keys_of_bars

Changes = list[tuple[Fraction, Chord]]  # where in the bar, in whole notes, a chord begins

# Degree of the scale (0 is the tonic), kind, and how little a player thinks of it; "b" lowers a degree by a semitone.
_COMMON = {
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
_OPENING, _CLOSING, _LEADING = 0.3, 0.5, 0.2  # for the tonic at a part's ends, for the dominant before it
# How well a note that lies so many semitones above the root goes with a chord that has it, and with one that has not.
_CHORD_TONE = {0: 1.0, 7: 0.9, 4: 0.9, 3: 0.9}
_OTHER = {10: 0.1, 2: -0.3, 9: -0.3, 5: -0.4}
_CLASH = -0.9
_NEARBY = 0.08  # what a note in the same bar, but not in the stretch, weighs: one half's sharp is remembered in the other
_CLASHES = {("major", 3), ("major", 6), ("major", 8), ("minor", 4), ("minor", 6), ("minor", 8)}


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of a bar with one chord: `notes` are (pitch class, weight), the weights of a full stretch about 1 in sum."""

    bar: int
    start: Fraction  # in the bar
    notes: tuple[tuple[int, float], ...]
    on_bar: bool
    opens: bool
    closes: bool  # the last of a part or an ending
    leads: bool  # to that, or to the second half of eight bars
    joined: bool  # is played after the stretch before it: a second ending is not
    written: Chord | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    chord: Chord
    degree: int
    cost: float


def find_chords(score: Score) -> list[Changes]:
    """For each written bar its chords and where they begin; none where the metre is free."""
    found: list[Changes] = [[] for _ in score.bars]
    written = _written(score)
    stretches = _stretches(score, written)
    palettes: dict[Key, list[_Candidate]] = {}
    keys = keys_of_bars(score)
    choices = []
    for stretch in stretches:
        key = keys[stretch.bar]
        if key not in palettes:
            palettes[key] = _palette(key)
        choices.append([_Candidate(stretch.written, -1, 0.0)] if stretch.written else palettes[key])
    for stretch, candidate in zip(stretches, _likeliest(stretches, choices), strict=True):
        found[stretch.bar].append((stretch.start, candidate.chord))
    for bar, changes in enumerate(written):
        if changes and found[bar]:  # those that do not fall on a stretch
            found[bar] = sorted({**dict(found[bar]), **dict(changes)}.items(), key=lambda change: change[0])
    return found


def chord_at(changes: Changes, place: Fraction) -> Chord | None:
    """The chord that sounds at a place in the bar."""
    sounding = None
    for start, chord in changes:
        if start > place and sounding:
            break
        sounding = chord
    return sounding


def _written(score: Score) -> list[Changes]:
    """The chord symbols of each bar. Where half of the bars have some, a chord lasts until the next; else to the bar's end."""
    found: list[Changes] = []
    for bar, metre, place in zip(score.bars, metres(score), bar_offsets(score), strict=True):
        changes = []
        for note in bar.notes:
            chord = _lenient(note.chord_symbol) if note.chord_symbol and metre else None
            if chord:
                changes.append((place, chord))
            place += note.duration
        found.append(changes)
    if sum(map(bool, found)) * 2 >= len(found):
        last: Chord | None = None
        for changes, place in zip(found, bar_offsets(score), strict=True):
            if last and (not changes or changes[0][0] > place):
                changes.insert(0, (place, last))
            last = changes[-1][1] if changes else last
    return found


def _lenient(text: str) -> Chord | None:
    """The chord of a symbol, or of the longest beginning that is one: `Am7b5` is played as `Am7`. Words are no chords."""
    if not SYMBOL.fullmatch(text):
        return None
    return next((chord for end in range(len(text), 0, -1) if (chord := parse_chord(text[:end]))), None)


def _stretch_length(metre: Metre) -> Fraction:
    if metre.compound and metre.beats % 2:
        return metre.beat if metre.beats > 3 else metre.bar
    return metre.bar / 2 if metre.beats % 2 == 0 else metre.bar


def _stretches(score: Score, written: list[Changes]) -> list[_Stretch]:
    last_bars = {stop - 1 for _, stop in sections(score.bars)}
    last_bars |= {index - 1 for index, bar in enumerate(score.bars) if bar.endings and index}
    last_bars -= {index for index in last_bars if score.bars[index + 1 : index + 2] and 1 in score.bars[index + 1].endings}
    first_bars = {_first_full(score, start) for start, _ in sections(score.bars)}
    stretches = []
    for index, (bar, metre, place) in enumerate(zip(score.bars, metres(score), bar_offsets(score), strict=True)):
        if metre is None or not bar.notes:
            continue
        length = _stretch_length(metre)
        end = place + bar.duration
        number = int(place // length)
        while number * length < end:
            start = number * length
            chord = next((chord for at, chord in reversed(written[index]) if at <= start), None)
            last = start + length >= end
            stretches.append(
                _Stretch(
                    bar=index,
                    start=max(start, place),
                    notes=_weights(bar, place, start, length, metre),
                    on_bar=start % metre.bar == 0,
                    opens=start == 0 and index in first_bars,
                    closes=last and index in last_bars,
                    leads=(index + 1 in last_bars or index - 3 in first_bars) if last else index in last_bars,
                    joined=max(bar.endings, default=1) == 1,
                    written=chord,
                )
            )
            number += 1
    return stretches


def _first_full(score: Score, start: int) -> int:
    """The bar that a section's music begins with, its pick-up left aside."""
    return start + 1 if bar_offsets(score)[start] and start + 1 < len(score.bars) else start


def _weights(bar: Bar, place: Fraction, start: Fraction, length: Fraction, metre: Metre) -> tuple[tuple[int, float], ...]:
    """The notes of a bar that begins at `place`, as (pitch class, weight): much for those in the stretch, little for others."""
    found = []
    for note in bar.notes:
        begin, place = place, place + note.duration
        inside = min(place, start + length) - max(begin, start)
        if inside > 0:
            accent = 1.5 if begin == 0 else 1.25 if begin <= start else 1.1 if (begin / metre.beat).denominator == 1 else 1.0
            weight = float(inside / length) * accent
        else:
            weight = float(note.duration / length) * _NEARBY
        found += [(pitch.midi % 12, weight) for pitch in note.pitches]
    return tuple(found)


def _palette(key: Key) -> list[_Candidate]:
    tonic = LETTERS.index(key.tonic[0])
    scale = Key(key.tonic, key.mode).signature  # a tune's own accidentals do not change what a mode is harmonised with
    found = []
    for text in _COMMON[key.mode].split(", "):
        name, cost = text.split()
        lowered = name.startswith("b")
        name = name.removeprefix("b")
        letter = LETTERS[(tonic + int(name[0])) % 7]
        root = letter + alter_name(scale[letter] - lowered)
        found.append(_Candidate(Chord(root, _KINDS[name[1:]]), int(name[0]), float(cost)))
    return found


@cache
def _fits(chord: Chord) -> tuple[float, ...]:
    """How well each pitch class goes with a chord: from 1 (its root) to about -1 (it clashes with its third or fifth)."""
    found = []
    for pitch in range(12):
        above = (pitch - chord.root_class) % 12
        if pitch in chord.tones:
            found.append(_CHORD_TONE.get(above, 0.5))
        else:
            found.append(_CLASH if (chord.kind, above) in _CLASHES else _OTHER.get(above, -0.5))
    return tuple(found)


def _change(before: _Candidate, after: _Candidate, stretch: _Stretch) -> float:
    if before.chord == after.chord or not stretch.joined:
        return 0.0
    cost = _CHANGE_AT_BAR if stretch.on_bar else _CHANGE_WITHIN
    if after.degree == 0 and before.degree in (4, 6) and stretch.on_bar:
        return cost - 0.1
    return cost + (0.2 if (before.degree, after.degree) in ((4, 3), (4, 1)) else 0.0)


def _place(candidate: _Candidate, stretch: _Stretch) -> float:
    """What a chord gains by where it stands in its part."""
    gain = 0.0
    if candidate.degree == 0:
        gain += _OPENING * stretch.opens + _CLOSING * stretch.closes
    if candidate.degree in (4, 6) and stretch.leads:
        gain += _LEADING
    return gain


def _likeliest(stretches: list[_Stretch], choices: list[list[_Candidate]]) -> list[_Candidate]:
    """The row of candidates, one for each stretch, of the highest score in all."""
    if not stretches:
        return []
    scores: list[list[float]] = []
    came_from: list[list[int]] = []
    for index, (stretch, candidates) in enumerate(zip(stretches, choices, strict=True)):
        row, back = [], []
        for candidate in candidates:
            fits = _fits(candidate.chord)
            here = 2 * sum(weight * fits[pitch] for pitch, weight in stretch.notes)
            here += _place(candidate, stretch) - candidate.cost
            best, place = 0.0, 0
            if index:
                before = choices[index - 1]
                ways = [scores[-1][each] - _change(before[each], candidate, stretch) for each in range(len(before))]
                best = max(ways)
                place = ways.index(best)
            row.append(here + best)
            back.append(place)
        scores.append(row)
        came_from.append(back)
    path = [scores[-1].index(max(scores[-1]))]
    for back in reversed(came_from[1:]):
        path.append(back[path[-1]])
    return [candidates[place] for candidates, place in zip(choices, reversed(path), strict=True)]
