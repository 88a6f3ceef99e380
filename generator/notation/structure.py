"""How a tune is laid out: the order in which its bars are played, its parts, and whether its bars add up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from generator.notation.metres import Metre
from generator.notation.score import Bar, Score
from generator.user_messages import UserMessage

MAX_ORDER = 64  # parts that a tune is played in; a few characters could spell millions


def play_order(bars: Sequence[Bar], parts: str = "") -> list[int]:
    """The indices of the bars as a player plays them, repeats and endings written out.

    A `:|` without `|:` goes back to the last double bar or repeat, as Irish tunes are written. `parts` is the order of the
    named parts (`Score.order`), each played with its own repeats; what stands before the first of them is played once.
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
    """The order that a `P:` field of the header spells, written out: `A(AB)2` → `AABAB`. Empty where it spells none."""
    open_groups: list[str] = [""]
    last = ""  # what a number repeats
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
    """The stretches that are repeated as one: (first, one past the last) bar of each."""
    found, start, index = [], 0, 0
    while index < len(bars):
        bar = bars[index]
        following = bars[index + 1] if index + 1 < len(bars) else None
        more_endings = following is not None and bool(following.endings) and not following.repeat_start
        in_ending = any(part.endings for part in bars[start : index + 1])
        closed = bar.ends_section and not more_endings
        if closed and not bar.repeat_end and not in_ending and _repeats_over(bars, start, index):
            closed = False
        if closed or (following is not None and following.repeat_start):
            found.append((start, index + 1))
            start = index + 1
        index += 1
    if start < len(bars):
        found.append((start, len(bars)))
    return [piece for section in found for piece in _split(bars, *section)]


def _split(bars: Sequence[Bar], start: int, stop: int) -> list[tuple[int, int]]:
    """A section in two where a next one begins after its last ending without any sign.

    That is so where endings begin anew, or another `:|` follows; the last ending is then as long as the first.
    """
    marks = [index for index in range(start, stop) if bars[index].endings]
    seen: set[int] = set()
    for here, there in pairwise([*marks, None]):
        assert here is not None
        seen.update(bars[here].endings)
        if here == marks[0] or (there is not None and seen.isdisjoint(bars[there].endings)):
            continue
        over = here + marks[1] - marks[0]
        goes_on = any(bar.repeat_end for bar in bars[over:stop]) if there is None else over <= there
        return [(start, over), *_split(bars, over, stop)] if goes_on and over < stop else [(start, stop)]
    return [(start, stop)]


def _repeats_over(bars: Sequence[Bar], start: int, index: int) -> bool:
    """Whether a `|:` that is still open spans the double bar at `index`."""
    if not bars[start].repeat_start:
        return False
    for bar in bars[index + 1 :]:
        if bar.repeat_start:
            return False
        if bar.repeat_end:
            return True
    return False


def _brackets(bars: Sequence[Bar]) -> list[tuple[int, ...]]:
    """For each bar of a section the passes of the ending that it stands in; () outside endings."""
    brackets: list[tuple[int, ...]] = []
    current: tuple[int, ...] = ()
    for bar in bars:
        current = bar.endings or current
        brackets.append(current)
    return brackets


def _passes(bars: Sequence[Bar]) -> int:
    named = max((number for bar in bars for number in bar.endings), default=1)
    return max(named, 1 + max((bar.repeat_end for bar in bars), default=0) if named == 1 else named)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a tune in normal form: its body, whether it is played twice, and its two endings if it has them."""

    body: tuple[Bar, ...]
    repeated: bool = False
    first: tuple[Bar, ...] = ()
    second: tuple[Bar, ...] = ()


class FormError(ValueError):
    """The tune is not laid out in parts that are played once or twice; the message names what it has instead."""

    def __init__(self, what: UserMessage) -> None:
        self.what = what
        super().__init__(what)


def parts(score: Score) -> list[Part]:
    """The score's parts; raises FormError where they are not of the normal form."""
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
            raise FormError(UserMessage("a part that is nothing but endings"))
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
    """Bars that do not add up, as (index, length, full length) in whole notes.

    Inside a section every bar is full. A short first bar is a pick-up, and each time the player goes from the end of a
    section to the start of another (or of itself) the two bars together may make one; the first pick-up and the very
    last bar may also stay short by themselves.
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
