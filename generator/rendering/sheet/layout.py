"""Where the lines of a page break, and how its bars are numbered."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import inf
from string import ascii_uppercase

from generator.notation.score import Bar, Score
from generator.notation.structure import metres, sections
from generator.rendering.display_text import printable

BARS_A_LINE = 4
_ROOM = 50  # how much of `_width` a line holds

# Verovio's own spacing of 150 tunes came to this many of its units for one of `_width`, and so many beside the notes.
_UNITS, _SIGNS = 40, 110
NARROWEST, _WIDEST = 1_450, 4_000
_ONE_LINE = 800  # the narrowest page for a tune of a single line


def page_width(score: Score) -> int:
    """How wide a page must be, in verovio's units, for the fullest line to stand at its ease."""
    breaks = sorted({0, len(score.bars)} | line_starts(score))
    fullest = max(sum(map(_width, score.bars[start:stop])) for start, stop in pairwise(breaks))
    return min(max(round(_UNITS * fullest) + _SIGNS, NARROWEST if len(breaks) > 2 else _ONE_LINE), _WIDEST)


def line_starts(score: Score) -> set[int]:
    """Indices of the bars that begin a line: each part begins one, and lines hold four bars where these fit, else two."""
    full = [metre.bar if metre else None for metre in metres(score)]
    starts: set[int] = set()
    for start, stop in _stretches(score, full):
        lines = _lines(score.bars, full, start, stop, BARS_A_LINE, _ROOM)
        if len(lines) > len(_lines(score.bars, full, start, stop, BARS_A_LINE, inf)):
            lines = _lines(score.bars, full, start, stop, BARS_A_LINE // 2, _ROOM)
        starts |= {line[0] for line in _without_leftover(score.bars, full, lines)}
    return starts - {0}


def _without_leftover(bars: Sequence[Bar], full: Sequence[Fraction | None], lines: list[list[int]]) -> list[list[int]]:
    """A last line of a bar or two looks lost: it joins the line before it, or shares that line's bars."""
    if len(lines) < 2 or 2 * _count(bars, full, lines[-1]) > BARS_A_LINE or bars[lines[-1][0]].part:
        return lines
    joined = [*lines[-2], *lines[-1]]
    if sum(_width(bars[index]) for index in joined) <= _ROOM:
        return [*lines[:-2], joined]
    half = (len(joined) + 1) // 2
    shared = [joined[:half], joined[half:]]
    fit = max(sum(_width(bars[index]) for index in line) for line in shared) <= _ROOM
    return [*lines[:-2], *shared] if fit else lines


def _stretches(score: Score, full: Sequence[Fraction | None]) -> list[tuple[int, int]]:
    """The sections, each with the pick-up that leads into it."""
    found: list[tuple[int, int]] = []
    held: int | None = None
    for start, stop in sections(score.bars):
        first = start if held is None else held
        length = sum((bar.duration for bar in score.bars[first:stop]), Fraction(0))
        short = full[start] is not None and length < (full[start] or 0)
        if short and not score.bars[stop - 1].repeat_end and stop < len(score.bars):
            held = first
            continue
        found.append((first, stop))
        held = None
    return found


def _lines(
    bars: Sequence[Bar], full: Sequence[Fraction | None], start: int, stop: int, most: int, room: float
) -> list[list[int]]:
    """A stretch of bars in lines of at most `most` bars and `room`."""
    lines: list[list[int]] = [[]]
    for index in range(start, stop):
        line = [*lines[-1], index]
        crowded = _count(bars, full, line) > most or sum(_width(bars[each]) for each in line) > room
        if lines[-1] and (bars[index].part or crowded):
            lines.append([])
        lines[-1].append(index)
    return lines


def _count(bars: Sequence[Bar], full: Sequence[Fraction | None], line: Sequence[int]) -> int:
    """Bars in a line, a pick-up not counted."""
    return sum(index != line[0] or full[index] is None or 2 * bars[index].duration >= (full[index] or 0) for index in line)


def _width(bar: Bar) -> float:
    """Roughly how wide a bar is, in eighth notes with their share of dots and bar lines."""
    notes = sum(
        0.8 + 0.2 * min(8 * float(note.duration), 4) + 0.3 * (note.nominal.numerator > 1) + 0.4 * len(note.grace)
        for note in bar.notes
    )
    signs = 2 * bool(bar.key) + 1.5 * bool(bar.metre) + 0.5 * bool(bar.repeat_start) + 0.5 * bool(bar.repeat_end)
    return notes + signs + 1


def part_names(score: Score) -> dict[int, str]:
    """What the box over a part's first bar says: the tune's own names, else A, B, C over parts of four bars or more."""
    if any(bar.part for bar in score.bars):
        return {index: name for index, bar in enumerate(score.bars) if (name := printable(bar.part))}
    found = _stretches(score, [metre.bar if metre else None for metre in metres(score)])
    if not 2 <= len(found) <= len(ascii_uppercase) or any(stop - start < BARS_A_LINE for start, stop in found):
        return {}
    return {start: letter for (start, _), letter in zip(found, ascii_uppercase, strict=False)}


def numbers(score: Score) -> list[int]:
    """A number for each bar: 0 for a pick-up; the halves of a bar that a repeat cuts in two share one."""
    found: list[int] = []
    last, filled = 0, Fraction(0)  # the number given last, and how much of that bar is there
    for bar, metre in zip(score.bars, metres(score), strict=True):
        full = metre.bar if metre else None
        if not found and full is not None and bar.duration < full and len(score.bars) > 1:
            found.append(0)
            continue
        goes_on = full is not None and last > 0 and 0 < filled < full and filled + bar.duration <= full
        filled = filled + bar.duration if goes_on else bar.duration
        last += not goes_on
        found.append(last)
    return found


def brackets(bars: Sequence[Bar]) -> list[tuple[tuple[int, ...], int, int]]:
    """The brackets over endings, as (passes, first bar, last bar)."""
    found: list[tuple[tuple[int, ...], int, int]] = []
    for start, bar in enumerate(bars):
        if not bar.endings:
            continue
        stop = start
        while not bars[stop].ends_section and stop + 1 < len(bars):
            if bars[stop + 1].endings or bars[stop + 1].repeat_start:
                break
            stop += 1
        found.append((bar.endings, start, stop))
    return found
