"""Parses bar lines, repeats and endings, and collects the bars of a tune."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Bar, Note
from generator.user_messages import UserMessage

_BAR_LINE = re.compile(r"\.?(?:(:*)(?:\[?\|+[\]|]*|\[\||\[\])(:*)|(::+|:(?=[^|:]|$)))")
_ENDING_AFTER_BAR_LINE = re.compile(r"\s?\[?(\d+(?:[,\-]\d+)*)")
_MAX_BARS = 2_000  # `Z64` makes 64 bars out of three characters
_MAX_REPEATS = 4  # of one part, beyond the first time


@dataclass
class OpenBar:
    """The bar that is being parsed."""

    notes: list[Note] = field(default_factory=list)
    repeat_start: bool = False
    endings: tuple[int, ...] = ()
    key: Key | None = None
    metre: Metre | None = None
    free: bool = False
    part: str = ""
    following: OpenBar | None = None  # the next bar, if a change was read after this bar's first note

    def bar_for_changes(self) -> OpenBar:
        """The bar in which a change of key, metre or part that is read now takes effect: this one or, after a note, the next."""
        if self.notes and self.following is None:
            self.following = OpenBar()
        return self.following or self


class BarParser:
    """The bars read so far, the open bar, and what the next bar line resets."""

    def __init__(self) -> None:
        self.bars: list[Bar] = []
        self.bar = OpenBar()
        self.accidentals: dict[str, int] = {}  # letter → alteration in force until the bar line, in every octave
        self.grace_accidentals: dict[str, int] = {}  # the same, of grace notes: a reminder that they are over is no courtesy
        self.broken_factor = Fraction(1)  # what `>` or `<` leaves for the next note

    def read_bar_line(self, line: str, start: int) -> int:
        """Reads the bar line at `start` and an ending's number after it; returns the position after them."""
        match = _BAR_LINE.match(line, start)
        if not match:
            raise NotationError(UserMessage("I can't read this bar line."), text=line[start : start + 6])
        colons_before, colons_after, colons_alone = match.groups()
        if colons_alone:
            repeats, repeat_start = len(colons_alone) // 2 or 1, len(colons_alone) > 1
            if colons_alone == ":" and self.bars and not self.bar.notes:
                repeats, repeat_start = 0, True  # the second half of a `|:` that is split over two lines
        else:
            repeats, repeat_start = len(colons_before), bool(colons_after)
        body = match[0].strip(":.")
        style = "|]" if "]" in body and body != "[]" else "||" if body.count("|") > 1 or body == "[|" else "|"
        self.close_bar(style, repeats)
        if repeat_start:
            self.bar.repeat_start = True
        if ending := _ENDING_AFTER_BAR_LINE.match(line, match.end()):
            return self.read_ending(ending)
        return match.end()

    def read_ending(self, match: re.Match[str]) -> int:
        """Starts an ending; the match's first group holds its numbers, such as `1,3` or `1-3`."""
        numbers: list[int] = []
        for part in re.split(r"[,.]", match[1]):
            low, _, high = part.partition("-")
            if len(low) > 1 or len(high) > 1:
                raise NotationError(UserMessage("An ending's number must be from 1 to 9."), text=match[0])
            numbers.extend(range(int(low), int(high or low) + 1))
        if self.bar.notes:
            self.close_bar("|", 0)
        self.bar.endings = tuple(sorted({number for number in numbers if number}))
        return match.end()

    def close_bar(self, style: str, repeats: int) -> None:
        """Ends the bar. Without notes since the last bar line, only adds this line's signs to that one."""
        if repeats > _MAX_REPEATS:
            raise NotationError(UserMessage("A part can't be repeated that often."), text=":" * repeats)
        if self.bar.notes:
            bar = self.bar
            if len(self.bars) == _MAX_BARS:
                raise NotationError(UserMessage("This is too long for a tune: I read at most {most:,} bars.", most=_MAX_BARS))
            changes = (bar.key, bar.metre, bar.free, bar.part)
            self.bars.append(Bar(tuple(bar.notes), bar.repeat_start, repeats, bar.endings, style, *changes))
            self.bar = bar.following or OpenBar()
        elif self.bars:
            last = self.bars[-1]
            stronger = max(last.line, style, key=["", "|", "||", "|]"].index)
            self.bars[-1] = replace(last, repeat_end=max(last.repeat_end, repeats), line=stronger)
        self.accidentals.clear()
        self.grace_accidentals.clear()
        self.broken_factor = Fraction(1)
