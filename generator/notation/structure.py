"""The structure of a tune: the order in which its bars are played, its sections and parts, and bars of the wrong length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from generator.notation.metres import Metre
from generator.notation.score import Bar, Score
from generator.user_messages import UserMessage

MAX_ORDER = 64  # parts in the order; `((A9)9)9` already means 729


def play_order(bars: Sequence[Bar], parts: str = "") -> list[int]:
    """The indices of the bars in the order of playing, with repeats and endings.

    A `:|` without a `|:` goes back to the last double bar line or repeat, as is usual in Irish music. `parts` is the order of
    the named parts (`Score.order`). Each is played with its own repeats, and what precedes the first of them is played once.
    """
    marks = [index for index, bar in enumerate(bars) if bar.part]
    named: dict[str, tuple[int, int]] = {}
    for start, stop in pairwise([*marks, len(bars)]):
        named.setdefault(bars[start].part, (start, stop))
    spans = [named[part] for part in parts if part in named]
    if not spans:
        return _written_order(bars)
    spans.insert(0, (0, marks[0]))
    within = {span: _written_order(bars[span[0] : span[1]]) for span in spans}
    return [span[0] + index for span in spans for index in within[span]]


def _written_order(bars: Sequence[Bar]) -> list[int]:
    order: list[int] = []
    for start, stop in sections(bars):
        passes = _passes(bars[start:stop])
        brackets = _brackets(bars[start:stop])
        for turn in range(1, passes + 1):
            order.extend(start + index for index, bracket in enumerate(brackets) if not bracket or turn in bracket)
    return order


def part_order(text: str) -> str:
    """The order of the parts in a `P:` field of the header, expanded: `A(AB)2` → `AABAB`. Empty if it cannot be read."""
    open_groups: list[str] = [""]
    last = ""  # the part or group that a number would repeat
    for sign in re.findall(r"[A-Za-z]|[()]|\d+|[^\s.]", text):
        if sign.isalpha():
            last = sign
        elif sign == "(":
            open_groups.append("")
            continue
        elif sign == ")" and len(open_groups) > 1:
            last = open_groups.pop()
        elif re.fullmatch(r"[1-9]", sign) and last:
            last *= int(sign) - 1
        else:
            return ""
        open_groups[-1] += last
        if len(open_groups[-1]) > MAX_ORDER or len(open_groups) > MAX_ORDER:
            return ""
    return open_groups[0] if len(open_groups) == 1 else ""


def sections(bars: Sequence[Bar]) -> list[tuple[int, int]]:
    """The sections of a tune, each of which is repeated as a whole: the index of the first bar and the one after the last."""
    found, start, index = [], 0, 0
    while index < len(bars):
        bar = bars[index]
        following = bars[index + 1] if index + 1 < len(bars) else None
        more_endings = following is not None and bool(following.endings) and not following.repeat_start
        in_ending = any(part.endings for part in bars[start : index + 1])
        closed = bar.ends_section and not more_endings
        if closed and not bar.repeat_end and not in_ending and _repeat_spans(bars, start, index):
            closed = False
        if closed or (following is not None and following.repeat_start):
            found.append((start, index + 1))
            start = index + 1
        index += 1
    if start < len(bars):
        found.append((start, len(bars)))
    return [piece for section in found for piece in _split(bars, *section)]


def _split(bars: Sequence[Bar], start: int, stop: int) -> list[tuple[int, int]]:
    """Splits a section in which another one begins after the last ending, without a sign.

    One does if ending numbers start again or another `:|` follows. The last ending is then taken to be as long as the first.
    """
    marks = [index for index in range(start, stop) if bars[index].endings]
    numbers: set[int] = set()
    for here, there in pairwise([*marks, None]):
        assert here is not None
        numbers.update(bars[here].endings)
        if here == marks[0] or (there is not None and numbers.isdisjoint(bars[there].endings)):
            continue
        ending_stop = here + marks[1] - marks[0]
        continues = any(bar.repeat_end for bar in bars[ending_stop:stop]) if there is None else ending_stop <= there
        return [(start, ending_stop), *_split(bars, ending_stop, stop)] if continues and ending_stop < stop else [(start, stop)]
    return [(start, stop)]


def _repeat_spans(bars: Sequence[Bar], start: int, index: int) -> bool:
    """Whether the section's `|:` is closed only after the double bar line at `index`."""
    if not bars[start].repeat_start:
        return False
    for bar in bars[index + 1 :]:
        if bar.repeat_start:
            return False
        if bar.repeat_end:
            return True
    return False


def _brackets(bars: Sequence[Bar]) -> list[tuple[int, ...]]:
    """For each bar of a section, the numbers of the ending it belongs to; () outside endings."""
    brackets: list[tuple[int, ...]] = []
    current: tuple[int, ...] = ()
    for bar in bars:
        current = bar.endings or current
        brackets.append(current)
    return brackets


def _passes(bars: Sequence[Bar]) -> int:
    """How many times a section is played."""
    named = max((number for bar in bars for number in bar.endings), default=1)
    return max(named, 1 + max((bar.repeat_end for bar in bars), default=0) if named == 1 else named)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a tune that is played once or twice: its body and, if any, its first and second ending."""

    body: tuple[Bar, ...]
    repeated: bool = False
    first: tuple[Bar, ...] = ()
    second: tuple[Bar, ...] = ()


class FormError(ValueError):
    """The tune doesn't consist of parts that are played once or twice; `what` names what it has instead."""

    def __init__(self, what: UserMessage) -> None:
        self.what = what
        super().__init__(what)


def parts(score: Score) -> list[Part]:
    """The score's parts. Raises FormError."""
    found = []
    for start, stop in sections(score.bars):
        bars = score.bars[start:stop]
        brackets = _brackets(bars)
        if _passes(bars) > 2 or any(bracket not in ((), (1,), (2,)) for bracket in brackets):
            raise FormError(UserMessage("a part that is played more than twice"))
        body, first, second = (
            tuple(bar for bar, bracket in zip(bars, brackets, strict=True) if bracket == wanted) for wanted in ((), (1,), (2,))
        )
        if bool(first) != bool(second):
            raise FormError(
                UserMessage("a first ending without a second") if first else UserMessage("a second ending without a first")
            )
        if not body:
            raise FormError(UserMessage("a part that has only endings"))
        found.append(Part(body, _passes(bars) == 2, first, second))
    return found


def metres(score: Score) -> list[Metre | None]:
    """The metre in force in each bar."""
    current, found = score.metre, []
    for bar in score.bars:
        current = None if bar.free else bar.metre or current
        found.append(current)
    return found


def illegal_bars(score: Score) -> list[tuple[int, Fraction, Fraction]]:
    """Bars of the wrong length, as (index, length, full length) in whole notes.

    A bar inside a section must be full. Where the player goes from the end of a section to the start of one, a short bar and
    a pick-up may together fill a bar. The first pick-up and the last bar of the tune may be short by themselves.
    """
    wrong = []
    full = [metre.bar if metre else None for metre in metres(score)]
    edges = {edge for start, stop in sections(score.bars) for edge in (start, stop - 1)}
    edges |= {
        index
        for index, bar in enumerate(score.bars)
        if bar.endings or bar.repeat_end or (index + 1 < len(score.bars) and score.bars[index + 1].endings)
    }
    for index, (bar, length) in enumerate(zip(score.bars, full, strict=True)):
        if length is None or bar.duration == length:
            continue
        if bar.duration > length or index not in edges:
            wrong.append((index, bar.duration, length))
    order = play_order(score.bars)
    for here, there in pairwise(order):
        bar, following, length = score.bars[here], score.bars[there], full[here]
        if length is None or (bar.duration == length and following.duration == full[there]):
            continue
        together = bar.duration + following.duration
        seam = there != here + 1 or bar.ends_section or following.repeat_start or following.endings
        if here == order[0] or bar.duration > length or following.duration > length:
            continue
        if seam and together not in (length, 2 * length) and bar.duration != length:
            wrong.append((here, bar.duration, length))
    return sorted(set(wrong))
