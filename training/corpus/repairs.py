"""Repairs tunes whose errors have only one plausible correction. Doubtful tunes are rejected, not repaired.

A repair counts only if the whole tune can then be read and encoded, with every bar of the right length.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from generator.notation.errors import NotationError
from generator.notation.reader import read
from generator.notation.score import Bar, Note, Pitch, Score, Tuplet
from generator.notation.structure import sections
from generator.notation.tokens import NotEncodable, encode

MAX_REPAIRED_BARS = 4  # repaired in the same way; a tune with more errors has a different problem

# Repairs of unreadable text: (name, pattern, replacement).
_TEXT_REPAIRS = (
    ("line breaks of a mail program", re.compile(r"=20(?=\s)|=\r?\n|(?<==)3D"), ""),
    ("a line break inside a note, chord or ending", re.compile(r"\\?\r?\n(?=[\d/,'>])|(?<=\[)\r?\n"), ""),
)


def read_repaired(text: str) -> tuple[Score, list[str]]:
    """Parses a tune. Returns the score and the names of the text repairs; raises NotationError if none helps."""
    try:
        return read(text), []
    except NotationError as error:
        first = error
    head, key, body = text.partition("\nK:")
    repairs = []
    for name, pattern, replacement in _TEXT_REPAIRS:
        if (changed := pattern.sub(replacement, body)) != body:
            body = changed
            repairs.append(name)
        try:
            return read(head + key + body), repairs
        except NotationError:
            continue
    raise first


def encode_repaired(score: Score) -> tuple[list[str], Score, list[str]]:
    """Encodes a score. Returns the tokens, the repaired score and the names of the repairs.

    Raises the first NotEncodable if no repair helps.
    """
    try:
        return encode(score), score, []
    except NotEncodable as error:
        first = error
    repairs = []
    for name, repair in _REPAIRS:
        if (changed := repair(score)) == score:
            continue
        score = changed
        repairs.append(name)
        try:
            return encode(score), score, repairs
        except NotEncodable:
            continue
    raise first


def _drop_redundant_changes(score: Score) -> Score:
    """Drops changes of key or metre that keep the key signature and the bar length."""

    def without_redundant(bar: Bar) -> Bar:
        key = None if bar.key and bar.key.signature == score.key.signature else bar.key
        metre = None if bar.metre and score.metre and bar.metre.bar == score.metre.bar else bar.metre
        return replace(bar, key=key, metre=metre)

    return replace(score, bars=tuple(without_redundant(bar) for bar in score.bars))


def _copy_shared_bar_into_endings(score: Score) -> Score:
    """Copies a bar that each ending completes into both endings."""
    full = _bar_length(score)
    bars: list[Bar] = []
    for start, stop in sections(score.bars):
        part = list(score.bars[start:stop])
        heads = [index for index, bar in enumerate(part) if bar.endings]
        if len(heads) == 2 and heads[0] > 1:
            shared = part[heads[0] - 1]
            if 0 < shared.duration < full and all(
                shared.duration + part[head].duration == full and not _accidental_may_carry(shared, part[head]) for head in heads
            ):
                for head in heads:
                    part[head] = replace(part[head], notes=shared.notes + part[head].notes)
                del part[heads[0] - 1]
        bars += part
    return replace(score, bars=tuple(bars))


def _add_bar_lines(score: Score) -> Score:
    """Adds bar lines where several bars are written as one."""
    full, count = _bar_length(score), 0
    bars: list[Bar] = []
    for bar, _, last, pick_up in _bars_in_context(score):
        pieces = _split_bar(bar, full) if bar.duration > full else None
        fits = pieces and (pieces[-1].duration == full or (last and pieces[-1].duration + pick_up == full))
        count += bool(fits)
        bars += pieces if pieces and fits else [bar]
    return replace(score, bars=tuple(bars)) if count <= MAX_REPAIRED_BARS else score


def _add_bar_lines_after_pick_ups(score: Score) -> Score:
    """Adds a bar line after the pick-up of a part if the end of this part or of the one before lacks the pick-up's length."""
    full, count = _bar_length(score), 0
    spans = sections(score.bars)
    bars: list[Bar] = []
    for position, (start, stop) in enumerate(spans):
        first = score.bars[start]
        excess = first.duration - full
        room = {full - score.bars[end - 1].duration for _, end in spans[max(position - 1, 0) : position + 1]}
        pieces = _split_bar(first, full, excess) if 0 < excess < full and excess in room else None
        count += bool(pieces)
        bars += [*(pieces or [first]), *score.bars[start + 1 : stop]]
    return replace(score, bars=tuple(bars)) if count <= MAX_REPAIRED_BARS else score


def _fix_broken_rhythms(score: Score) -> Score:
    """Turns `d>B/` into `d>B` if the bar lacks that length: `>` by itself shortens the note."""
    full = _bar_length(score)

    def dotted(bar: Bar) -> Bar:
        lacking = full - bar.duration
        pairs = [
            index
            for index, (long, short) in enumerate(pairwise(bar.notes), 1)
            if long.duration == 6 * short.duration and short.duration == lacking and not short.tuplet
        ]
        if len(pairs) != 1:
            return bar
        notes = list(bar.notes)
        notes[pairs[0]] = replace(notes[pairs[0]], duration=2 * lacking)
        return replace(bar, notes=tuple(notes))

    bars = tuple(dotted(bar) for bar in score.bars)
    return replace(score, bars=bars) if sum(a != b for a, b in zip(bars, score.bars, strict=True)) <= MAX_REPAIRED_BARS else score


def _split_bar(bar: Bar, full: Fraction, first_length: Fraction | None = None) -> list[Bar] | None:
    """Splits a bar into full bars and a remainder; the first may have its own length.

    None if a note or triplet crosses a bar line, or if an accidental might carry across it.
    """
    groups: list[list[Note]] = [[]]
    position, length = Fraction(0), first_length or full
    for note in bar.notes:
        if position == length:
            if note.tuplet and note.tuplet.index:
                return None
            groups.append([])
            position, length = Fraction(0), full
        groups[-1].append(note)
        position += note.duration
        if position > length:
            return None
    pieces = [Bar(tuple(group)) for group in groups]
    if any(_accidental_may_carry(here, there) for index, here in enumerate(pieces) for there in pieces[index + 1 :]):
        return None
    first = replace(bar, notes=pieces[0].notes, repeat_end=0, line="|")
    return [first, *pieces[1:-1], replace(pieces[-1], repeat_end=bar.repeat_end, line=bar.line)]


def _remove_bar_lines(score: Score) -> Score:
    """Joins two bars where a bar line is in the middle of a bar."""
    full, count = _bar_length(score), 0
    contexts = list(_bars_in_context(score))
    bars: list[Bar] = []
    index = 0
    while index < len(contexts):
        bar, first, last, pick_up = contexts[index]
        following = contexts[index + 1] if index + 1 < len(contexts) else None
        after = contexts[index + 2] if index + 2 < len(contexts) else None
        if (
            following
            and not first
            and not last
            and bar.line == "|"
            and not following.bar.endings
            and (following.is_last or after is None or after.bar.duration == full or after.bar.endings)
            and (not bars or bars[-1].duration == full or index < 2 or contexts[index - 1].is_first)
            and (
                bar.duration + following.bar.duration + (pick_up if following.is_last else 0) == full
                or bar.duration + following.bar.duration == full
            )
            and not _accidental_may_carry(bar, following.bar)
        ):
            second = following.bar
            bars.append(replace(second, notes=bar.notes + second.notes, endings=bar.endings, part=bar.part or second.part))
            count += 1
            index += 2
        else:
            bars.append(bar)
            index += 1
    return replace(score, bars=tuple(bars)) if count <= MAX_REPAIRED_BARS else score


def _remove_rests(score: Score) -> Score:
    """Drops a rest after a bar that is already full."""
    full = _bar_length(score)

    def shortened(bar: Bar, last: bool, pick_up: Fraction) -> Bar:
        if bar.duration <= full or not bar.notes[-1].rest or bar.notes[-1].tuplet:
            return bar
        remaining = bar.duration - bar.notes[-1].duration
        return replace(bar, notes=bar.notes[:-1]) if remaining == full or (last and remaining + pick_up == full) else bar

    return replace(score, bars=tuple(shortened(bar, last, pick_up) for bar, _, last, pick_up in _bars_in_context(score)))


def _copy_lengths_from_equal_bars(score: Score) -> Score:
    """Corrects note lengths from complete bars with the same notes, if all of these agree."""
    full = _bar_length(score)
    known: dict[tuple[Pitch | None, ...], set[tuple[tuple[Fraction, Tuplet | None], ...]]] = defaultdict(set)
    for bar in score.bars:
        if bar.duration == full:
            known[_melody(bar)].add(tuple((note.duration, note.tuplet) for note in bar.notes))

    def corrected(bar: Bar, first: bool, last: bool) -> Bar:
        lengths = known.get(_melody(bar), set())
        if bar.duration == full or (bar.duration < full and (first or last)) or len(bar.notes) < 4 or len(lengths) != 1:
            return bar
        (pattern,) = lengths
        pairs = zip(bar.notes, pattern, strict=True)
        notes = [replace(note, duration=duration, tuplet=tuplet) for note, (duration, tuplet) in pairs]
        return replace(bar, notes=tuple(notes))

    bars = tuple(corrected(bar, first, last) for bar, first, last, _ in _bars_in_context(score))
    return replace(score, bars=bars) if sum(a != b for a, b in zip(bars, score.bars, strict=True)) <= MAX_REPAIRED_BARS else score


_REPAIRS: Sequence[tuple[str, Callable[[Score], Score]]] = (
    ("a redundant change of key or metre", _drop_redundant_changes),
    ("a bar completed by each ending", _copy_shared_bar_into_endings),
    ("a missing bar line", _add_bar_lines),
    ("a missing bar line after the pick-up", _add_bar_lines_after_pick_ups),
    ("an extra bar line", _remove_bar_lines),
    ("an extra rest", _remove_rests),
    ("a note shortened twice after >", _fix_broken_rhythms),
    ("note lengths corrected from an equal bar", _copy_lengths_from_equal_bars),
)


def _bar_length(score: Score) -> Fraction:
    return score.metre.bar if score.metre else Fraction(0)


class _BarInContext(NamedTuple):
    bar: Bar
    is_first: bool  # of its section
    is_last: bool  # of its section or ending
    pick_up: Fraction  # duration of the section's pick-up, 0 without one


def _bars_in_context(score: Score) -> Iterator[_BarInContext]:
    full = _bar_length(score)
    for start, stop in sections(score.bars):
        pick_up = score.bars[start].duration if score.bars[start].duration < full else Fraction(0)
        for index in range(start, stop):
            bar = score.bars[index]
            last = index == stop - 1 or bar.repeat_end > 0 or bool(score.bars[index + 1].endings)
            yield _BarInContext(bar, index == start, last, pick_up)


def _accidental_may_carry(here: Bar, there: Bar) -> bool:
    """Whether an accidental might carry over between two bars: a letter occurs in both with different alterations."""
    signs: dict[str, set[int]] = defaultdict(set)
    for note in (*here.notes, *there.notes):
        for pitch in note.pitches:
            signs[pitch.letter].add(pitch.alter)
    return any(len(found) > 1 for found in signs.values())


def _melody(bar: Bar) -> tuple[Pitch | None, ...]:
    return tuple(note.melody for note in bar.notes)
