"""Mends tunes whose slips leave no doubt about what is meant; what is doubtful stays as it is and is left out.

A tune is repaired only if after it the whole tune can be encoded: read from end to end, every bar of its length.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from generator.notation.errors import NotationError
from generator.notation.reader import read
from generator.notation.score import Bar, Note, Pitch, Score, Tuplet
from generator.notation.structure import sections
from generator.notation.tokens import NotEncodable, encode

MOST_BARS = 4  # mended in one way; a tune that needs more has something else wrong

# Of texts that cannot be read: what the slip is, where it stands, and what is put there.
_SLIPS = (
    ("lines broken by a mail program", re.compile(r"=20(?=\s)|=\r?\n|(?<==)3D"), ""),
    ("lines broken inside a note, a chord or an ending", re.compile(r"\\?\r?\n(?=[\d/,'>])|(?<=\[)\r?\n"), ""),
)


def read_mended(text: str) -> tuple[Score, list[str]]:
    """The tune, and what had to be mended in its text; raises NotationError where nothing helps."""
    try:
        return read(text), []
    except NotationError as error:
        first = error
    head, key, body = text.partition("\nK:")
    mends = []
    for name, slip, put in _SLIPS:
        if (changed := slip.sub(put, body)) != body:
            body = changed
            mends.append(name)
        try:
            return read(head + key + body), mends
        except NotationError:
            continue
    raise first


def encode_mended(score: Score) -> tuple[list[str], Score, list[str]]:
    """The tune as tokens, the score that they spell, and what had to be mended in it.

    Raises NotEncodable where nothing helps, for what was wrong at first.
    """
    try:
        return encode(score), score, []
    except NotEncodable as error:
        first = error
    mends = []
    for name, repair in _REPAIRS:
        if (changed := repair(score)) == score:
            continue
        score = changed
        mends.append(name)
        try:
            return encode(score), score, mends
        except NotEncodable:
            continue
    raise first


def _same_signs(score: Score) -> Score:
    """Without changes of key or metre that change neither the signature nor the length of a bar."""

    def still(bar: Bar) -> Bar:
        key = None if bar.key and bar.key.signature == score.key.signature else bar.key
        metre = None if bar.metre and score.metre and bar.metre.bar == score.metre.bar else bar.metre
        return replace(bar, key=key, metre=metre)

    return replace(score, bars=tuple(still(bar) for bar in score.bars))


def _shared_with_endings(score: Score) -> Score:
    """A bar that begins before the endings and is completed by each of them is written into both."""
    full = _full(score)
    bars: list[Bar] = []
    for start, stop in sections(score.bars):
        part = list(score.bars[start:stop])
        heads = [index for index, bar in enumerate(part) if bar.endings]
        if len(heads) == 2 and heads[0] > 1:
            shared = part[heads[0] - 1]
            wholes = [shared.duration + part[head].duration == full and not _carried(shared, part[head]) for head in heads]
            if 0 < shared.duration < full and all(wholes):
                for head in heads:
                    part[head] = replace(part[head], notes=shared.notes + part[head].notes)
                del part[heads[0] - 1]
        bars += part
    return replace(score, bars=tuple(bars))


def _missing_lines(score: Score) -> Score:
    """Bar lines where several bars stand in one."""
    full, count = _full(score), 0
    bars: list[Bar] = []
    for bar, _, last, pick_up in _places(score):
        pieces = _cut(bar, full) if bar.duration > full else None
        fits = pieces and (pieces[-1].duration == full or (last and pieces[-1].duration + pick_up == full))
        count += bool(fits)
        bars += pieces if pieces and fits else [bar]
    return replace(score, bars=tuple(bars)) if count <= MOST_BARS else score


def _pick_up_lines(score: Score) -> Score:
    """A bar line after the pick-up of a part, where the part's end or the one before leaves just its room."""
    full, count = _full(score), 0
    spans = sections(score.bars)
    bars: list[Bar] = []
    for at, (start, stop) in enumerate(spans):
        first = score.bars[start]
        over = first.duration - full
        room = {full - score.bars[end - 1].duration for _, end in spans[max(at - 1, 0) : at + 1]}
        pieces = _cut(first, full, over) if 0 < over < full and over in room else None
        count += bool(pieces)
        bars += [*(pieces or [first]), *score.bars[start + 1 : stop]]
    return replace(score, bars=tuple(bars)) if count <= MOST_BARS else score


def _dots(score: Score) -> Score:
    """`d>B` for `d>B/`, where the bar lacks just as much: the slash was put in for the shortness that `>` means by itself."""
    full = _full(score)

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
    return replace(score, bars=bars) if sum(a != b for a, b in zip(bars, score.bars, strict=True)) <= MOST_BARS else score


def _cut(bar: Bar, full: Fraction, first_length: Fraction | None = None) -> list[Bar] | None:
    """The bar in full ones and a rest; None where a note or triplet crosses the line, or an accidental may.

    The first may have a length of its own.
    """
    groups: list[list[Note]] = [[]]
    at, length = Fraction(0), first_length or full
    for note in bar.notes:
        if at == length:
            if note.tuplet and note.tuplet.index:
                return None
            groups.append([])
            at, length = Fraction(0), full
        groups[-1].append(note)
        at += note.duration
        if at > length:
            return None
    pieces = [Bar(tuple(group)) for group in groups]
    if any(_carried(here, there) for index, here in enumerate(pieces) for there in pieces[index + 1 :]):
        return None
    first = replace(bar, notes=pieces[0].notes, repeat_end=0, line="|")
    return [first, *pieces[1:-1], replace(pieces[-1], repeat_end=bar.repeat_end, line=bar.line)]


def _extra_lines(score: Score) -> Score:
    """One bar where a line stands in the middle of it."""
    full, count = _full(score), 0
    places = list(_places(score))
    bars: list[Bar] = []
    index = 0
    while index < len(places):
        bar, first, last, pick_up = places[index]
        following = places[index + 1] if index + 1 < len(places) else None
        after = places[index + 2] if index + 2 < len(places) else None
        if (
            following
            and not first
            and not last
            and bar.line == "|"
            and not following[0].endings
            and (following[2] or after is None or after[0].duration == full or after[0].endings)
            and (not bars or bars[-1].duration == full or index < 2 or places[index - 1][1])
            and (
                bar.duration + following[0].duration + (pick_up if following[2] else 0) == full
                or bar.duration + following[0].duration == full
            )
            and not _carried(bar, following[0])
        ):
            second = following[0]
            bars.append(replace(second, notes=bar.notes + second.notes, endings=bar.endings, part=bar.part or second.part))
            count += 1
            index += 2
        else:
            bars.append(bar)
            index += 1
    return replace(score, bars=tuple(bars)) if count <= MOST_BARS else score


def _rest_too_many(score: Score) -> Score:
    """Without a rest that stands after a bar that is full."""
    full = _full(score)

    def short(bar: Bar, last: bool, pick_up: Fraction) -> Bar:
        if bar.duration <= full or not bar.notes[-1].rest or bar.notes[-1].tuplet:
            return bar
        left = bar.duration - bar.notes[-1].duration
        return replace(bar, notes=bar.notes[:-1]) if left == full or (last and left + pick_up == full) else bar

    return replace(score, bars=tuple(short(bar, last, pick_up) for bar, _, last, pick_up in _places(score)))


def _as_elsewhere(score: Score) -> Score:
    """Lengths of notes as in the bars of the same notes that do add up, where those agree."""
    full = _full(score)
    known: dict[tuple[Pitch | None, ...], set[tuple[tuple[Fraction, Tuplet | None], ...]]] = defaultdict(set)
    for bar in score.bars:
        if bar.duration == full:
            known[_pitches(bar)].add(tuple((note.duration, note.tuplet) for note in bar.notes))

    def like(bar: Bar, first: bool, last: bool) -> Bar:
        lengths = known.get(_pitches(bar), set())
        if bar.duration == full or (bar.duration < full and (first or last)) or len(bar.notes) < 4 or len(lengths) != 1:
            return bar
        (pattern,) = lengths
        pairs = zip(bar.notes, pattern, strict=True)
        notes = [replace(note, duration=duration, tuplet=tuplet) for note, (duration, tuplet) in pairs]
        return replace(bar, notes=tuple(notes))

    bars = tuple(like(bar, first, last) for bar, first, last, _ in _places(score))
    return replace(score, bars=bars) if sum(a != b for a, b in zip(bars, score.bars, strict=True)) <= MOST_BARS else score


_REPAIRS: Sequence[tuple[str, Callable[[Score], Score]]] = (
    ("a change that changes nothing", _same_signs),
    ("a bar shared with its endings", _shared_with_endings),
    ("a missing bar line", _missing_lines),
    ("a missing bar line after the pick-up", _pick_up_lines),
    ("a bar line too many", _extra_lines),
    ("a rest too many", _rest_too_many),
    ("a dotted note's fellow too short", _dots),
    ("a bar written right elsewhere in the tune", _as_elsewhere),
)


def _full(score: Score) -> Fraction:
    return score.metre.bar if score.metre else Fraction(0)


def _places(score: Score) -> Iterator[tuple[Bar, bool, bool, Fraction]]:
    """Each bar; whether it is the first and the last of its section or ending; and the section's pick-up."""
    full = _full(score)
    for start, stop in sections(score.bars):
        pick_up = score.bars[start].duration if score.bars[start].duration < full else Fraction(0)
        for index in range(start, stop):
            bar = score.bars[index]
            last = index == stop - 1 or bar.repeat_end > 0 or bool(score.bars[index + 1].endings)
            yield bar, index == start, last, pick_up


def _carried(here: Bar, there: Bar) -> bool:
    """Whether an accidental may hold over from one bar to the other: a letter that is met in both, differently or altered."""
    signs: dict[str, set[int]] = defaultdict(set)
    for note in (*here.notes, *there.notes):
        for pitch in note.pitches:
            signs[pitch.letter].add(pitch.alter)
    return any(len(found) > 1 for found in signs.values())


def _pitches(bar: Bar) -> tuple[Pitch | None, ...]:
    return tuple(note.melody for note in bar.notes)
