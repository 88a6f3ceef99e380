"""Fits the bars of a further voice to those of the first, which decides about repeats, endings, keys and metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generator.notation.score import Bar, Note
from generator.user_messages import UserMessage

MAX_VOICES = 6


class UnfittingBar(ValueError):
    """A bar of a voice is not as long as that of the first voice. `number` counts from 1."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"bar {number} has another length than in the first voice")


def fitted(bars: Sequence[Bar], first: Sequence[Bar]) -> tuple[Bar, ...]:
    """The bars with the signs of the first voice's bars, and with rests where the voice has ended. Raises UnfittingBar."""
    if len(bars) > len(first):
        raise UnfittingBar(len(first) + 1)
    found = []
    for number, sign in enumerate(first):
        own = bars[number] if number < len(bars) else Bar((Note((), sign.duration),))
        if own.duration != sign.duration:
            raise UnfittingBar(number + 1)
        found.append(replace(sign, notes=own.notes, part=""))
    return tuple(found)


def left_out_notice(name: str, reason: str) -> UserMessage:
    return UserMessage("I left out the voice “{name}”: {message}", name=name[:20], message=reason)
