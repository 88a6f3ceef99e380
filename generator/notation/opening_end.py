"""Decides whether an opening's last bar is open, so that the composer continues it, or closed, as the end of a part."""

from __future__ import annotations

from dataclasses import replace

from generator.notation.errors import NotationError
from generator.notation.metres import Metre
from generator.notation.opening_modes import OpeningMode
from generator.notation.score import Bar, Score
from generator.notation.structure import FormError, Part, parts
from generator.user_messages import UserMessage


def parts_without_pick_up(score: Score) -> list[Part]:
    """The parts, without a pick-up that stands alone before the first. Raises FormError."""
    assert score.metre is not None
    first, *others = parts(score)
    alone = not first.repeated and len(first.body) == 1 and first.body[0].duration < score.metre.bar
    return others if alone and others else [first, *others]


def with_opening_end(score: Score, mode: OpeningMode) -> Score:
    """The score with its last bar line set for the mode.

    The last bar stays open if the composer continues it. It is closed if it ends the tune or, for a second part, the first
    part. Raises NotationError if a first part cannot be closed.
    """
    return _with_last_bar(_with_closed_ending(score), mode)


def _with_closed_ending(score: Score) -> Score:
    """Closes the last second ending when it is as long as the first, even without a double bar in the text."""
    try:
        last = parts(score)[-1]
    except FormError:
        return score
    bars, length = list(score.bars), len(last.first)
    end = len(bars) - len(last.second) + length - 1
    complete = length and len(last.second) >= length and last.second[length - 1].duration >= last.first[-1].duration
    if complete and bars[end].line and not bars[end].ends_section:
        bars[end] = replace(bars[end], line="||")
    return replace(score, bars=tuple(bars))


def _with_last_bar(score: Score, mode: OpeningMode) -> Score:
    assert score.metre is not None
    *before, last = score.bars
    if mode == "vary":
        return score if last.ends_section else replace(score, bars=(*before, replace(last, line="|]")))
    try:
        opening_parts = parts_without_pick_up(score)
    except FormError:
        return score  # the encoder raises an error that names the problem
    if mode == "answer" and not opening_parts[-1].repeated:
        last = replace(last, line=last.line and "|")  # the answer follows in the same part
    starts_part = not before or before[-1].ends_section or last.repeat_start
    pick_up = starts_part and last.duration * 2 < score.metre.bar
    if starts_part and before and not last.line and before[-1].duration + last.duration == score.metre.bar:
        last = replace(last, line="|")  # it completes the short bar before
    elif not last.ends_section and last.duration < score.metre.bar and not pick_up:
        last = replace(last, line="")  # unfinished, whatever bar line follows
    if mode == "second part" and len(opening_parts) == 1 and not last.ends_section:
        return replace(score, bars=_as_repeated_part([*before, last], score.metre))
    return replace(score, bars=(*before, last))


def _as_repeated_part(bars: list[Bar], metre: Metre) -> tuple[Bar, ...]:
    """The bars as a part that is played twice; unchanged if the last bar is incomplete.

    A pick-up that doesn't fit into the last bar is played once, before the repeat.
    """
    first, last = bars[0], bars[-1]
    pick_up = first.duration if len(bars) > 1 and first.duration < metre.bar else 0
    if pick_up + last.duration < metre.bar:
        return tuple(bars)  # the composer completes it
    alone = pick_up + last.duration > metre.bar
    if alone and last.duration < metre.bar:
        raise NotationError(
            UserMessage(
                "The opening's last bar is neither full nor short enough to leave room for the pick-up. Complete or shorten it."
            )
        )
    start = 1 if alone else 0
    bars[-1] = replace(last, repeat_end=1, line="|")
    return tuple(replace(bar, repeat_start=index == start) for index, bar in enumerate(bars))
