"""The layout of the sheet: line breaks, page width, bar numbers, part names and ending brackets."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import inf
from string import ascii_uppercase

from generator.notation.lyrics import plain
from generator.notation.score import Bar, Note, Score
from generator.notation.structure import metres, sections
from generator.rendering.display_text import printable

BARS_PER_LINE = 4
NARROW_BARS = 2  # bars in a line of the sheet for phones
_LINE_WIDTH = 50  # the sum of `_width` that a line of four bars holds

# Measured on verovio's spacing of 150 tunes: its units for one of `_width`, and its units for the signs beside the notes.
_UNITS, _SIGNS = 40, 110
_LETTER = 0.4  # of a syllable under a note
NARROWEST, _WIDEST = 1_450, 4_000
_ONE_LINE = 800  # the narrowest page for a tune of a single line, or with two bars in a line


def page_width(score: Score, bars_per_line: int = BARS_PER_LINE) -> int:
    """The page width at which the fullest line has normal spacing, in verovio's units."""
    breaks = sorted({0, len(score.bars)} | line_starts(score, bars_per_line))
    widths = _widths(score)
    fullest = max(sum(widths[start:stop]) for start, stop in pairwise(breaks))
    narrowest = NARROWEST if len(breaks) > 2 and bars_per_line == BARS_PER_LINE else _ONE_LINE
    return min(max(round(_UNITS * fullest) + _SIGNS, narrowest), _WIDEST)


def line_starts(score: Score, bars_per_line: int = BARS_PER_LINE) -> set[int]:
    """Indices of the bars that begin a line. Each part begins a line; lines hold `bars_per_line` bars, or half as many."""
    line_width = _LINE_WIDTH * bars_per_line / BARS_PER_LINE
    full_lengths = [metre.bar if metre else None for metre in metres(score)]
    widths = _widths(score)
    starts: set[int] = set()
    for start, stop in _sections_with_pickups(score, full_lengths):
        lines = _lines(score.bars, full_lengths, widths, start, stop, bars_per_line, line_width)
        if len(lines) > len(_lines(score.bars, full_lengths, widths, start, stop, bars_per_line, inf)):
            lines = _lines(score.bars, full_lengths, widths, start, stop, bars_per_line // 2, line_width)
        if bars_per_line == BARS_PER_LINE:
            lines = _without_short_last_line(score.bars, full_lengths, widths, lines)
        starts |= {line[0] for line in lines}
    return starts - {0}


def _without_short_last_line(
    bars: Sequence[Bar], full_lengths: Sequence[Fraction | None], widths: Sequence[float], lines: list[list[int]]
) -> list[list[int]]:
    """Joins a last line of one or two bars to the line before, or divides the bars of both evenly."""
    if len(lines) < 2 or 2 * _count(bars, full_lengths, lines[-1]) > BARS_PER_LINE or bars[lines[-1][0]].part:
        return lines
    joined = [*lines[-2], *lines[-1]]
    if sum(widths[index] for index in joined) <= _LINE_WIDTH:
        return [*lines[:-2], joined]
    half = (len(joined) + 1) // 2
    halves = [joined[:half], joined[half:]]
    fit = max(sum(widths[index] for index in line) for line in halves) <= _LINE_WIDTH
    return [*lines[:-2], *halves] if fit else lines


def _sections_with_pickups(score: Score, full_lengths: Sequence[Fraction | None]) -> list[tuple[int, int]]:
    """The sections as (first bar, bar after the last), each with the pick-up that leads into it."""
    found: list[tuple[int, int]] = []
    pickup: int | None = None
    for start, stop in sections(score.bars):
        first = start if pickup is None else pickup
        length = sum((bar.duration for bar in score.bars[first:stop]), Fraction(0))
        short = full_lengths[start] is not None and length < (full_lengths[start] or 0)
        if short and not score.bars[stop - 1].repeat_end and stop < len(score.bars):
            pickup = first
            continue
        found.append((first, stop))
        pickup = None
    return found


def _lines(
    bars: Sequence[Bar],
    full_lengths: Sequence[Fraction | None],
    widths: Sequence[float],
    start: int,
    stop: int,
    max_bars: int,
    max_width: float,
) -> list[list[int]]:
    """The bars from `start` to `stop` in lines of at most `max_bars` bars and of at most `max_width`."""
    lines: list[list[int]] = [[]]
    for index in range(start, stop):
        line = [*lines[-1], index]
        too_long = _count(bars, full_lengths, line) > max_bars or sum(widths[each] for each in line) > max_width
        if lines[-1] and (bars[index].part or too_long):
            lines.append([])
        lines[-1].append(index)
    return lines


def _count(bars: Sequence[Bar], full_lengths: Sequence[Fraction | None], line: Sequence[int]) -> int:
    """The number of bars in a line without a pick-up."""
    return sum(
        index != line[0] or full_lengths[index] is None or 2 * bars[index].duration >= (full_lengths[index] or 0)
        for index in line
    )


def _widths(score: Score) -> list[float]:
    """The width of each bar, in which its widest voice fits."""
    return [max(map(_width, bars)) for bars in zip(*(voice.bars for voice in score.by_voice()), strict=True)]


def _width(bar: Bar) -> float:
    """The approximate width of a bar, in quavers with their share of dots and bar lines."""
    notes = sum(max(_note_width(note), *(0.8 + _LETTER * len(plain(each)) for each in note.lyrics), 0) for note in bar.notes)
    signs = 2 * bool(bar.key) + 1.5 * bool(bar.metre) + 0.5 * bool(bar.repeat_start) + 0.5 * bool(bar.repeat_end)
    return notes + signs + 1


def _note_width(note: Note) -> float:
    return 0.8 + 0.2 * min(8 * float(note.duration), 4) + 0.3 * (note.nominal.numerator > 1) + 0.4 * len(note.grace)


def part_names(score: Score) -> dict[int, str]:
    """First bar of a part → the name in its box: the tune's own part names, or A, B, C if all parts have at least four bars."""
    if any(bar.part for bar in score.bars):
        return {index: name for index, bar in enumerate(score.bars) if (name := printable(bar.part))}
    found = _sections_with_pickups(score, [metre.bar if metre else None for metre in metres(score)])
    if not 2 <= len(found) <= len(ascii_uppercase) or any(stop - start < BARS_PER_LINE for start, stop in found):
        return {}
    return {start: letter for (start, _), letter in zip(found, ascii_uppercase, strict=False)}


def bar_numbers(score: Score) -> list[int]:
    """The number of each bar: 0 for a pick-up. The halves of a bar that a repeat divides share a number."""
    found: list[int] = []
    last, filled = 0, Fraction(0)  # the last number, and how much of its bar has passed
    for bar, metre in zip(score.bars, metres(score), strict=True):
        full = metre.bar if metre else None
        if not found and full is not None and bar.duration < full and len(score.bars) > 1:
            found.append(0)
            continue
        continues = full is not None and last > 0 and 0 < filled < full and filled + bar.duration <= full
        filled = filled + bar.duration if continues else bar.duration
        last += not continues
        found.append(last)
    return found


def ending_brackets(bars: Sequence[Bar]) -> list[tuple[tuple[int, ...], int, int]]:
    """The brackets above first and second endings, as (passes, first bar, last bar)."""
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
