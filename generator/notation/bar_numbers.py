"""Bars of a tune by their numbers: `1-4 7`. They are counted from 1 as they are written, pick-ups and all endings too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.notation.errors import NotationError
from generator.user_messages import UserMessage

_MOST_QUOTED = 40  # characters of what cannot be read
_RANGE = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")


def read_bar_numbers(text: str) -> list[int]:
    """The numbers in a text such as `1-4, 7`, sorted. Raises NotationError."""
    found: set[int] = set()
    spaced = " ".join(re.split(r"[\s,;]+", text)).strip()
    for piece in re.sub(" ?[-–—] ?", "-", spaced).split():
        match = _RANGE.fullmatch(piece)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else 0
        if not 1 <= first <= last:
            raise NotationError(
                UserMessage("I can't read “{text}” as bars. Write their numbers, such as 1-4 7.", text=piece[:_MOST_QUOTED])
            )
        found.update(range(first, last + 1))
    return sorted(found)


def bar_numbers_text(numbers: Iterable[int]) -> str:
    """The numbers as `read_bar_numbers` reads them, without repetition."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] + 1 == number:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(f"{first}-{last}" if first < last else str(first) for first, last in runs)
