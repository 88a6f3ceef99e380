"""Checks of single values in Slack's blocks. Each yields what is wrong, as a sentence with a JSON pointer, as Slack does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Check = Callable[[Any, str], Iterator[str]]  # value, JSON pointer → faults


def length(text: str) -> int:
    """UTF-16 units: the most that Slack may count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def string(most: int, least: int = 1, pattern: str = "") -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"must be a string [json-pointer:{at}]"
        elif length(value) < least:
            yield f"must be more than {least - 1} characters [json-pointer:{at}]"
        elif length(value) > most:
            yield f"must be less than {most + 1} characters [json-pointer:{at}]"
        elif pattern and not re.fullmatch(pattern, value):
            yield f"must match the pattern {pattern} [json-pointer:{at}]"

    return check


def boolean(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"must be a boolean [json-pointer:{at}]"


def integer(least: int, most: int) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            yield f"must be an integer from {least} to {most} [json-pointer:{at}]"

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield f"must be one of {', '.join(allowed)} [json-pointer:{at}]"

    return check


def items(of: Check, most: int, least: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"must be an array [json-pointer:{at}]"
        elif not least <= len(value) <= most:
            yield f"must have {least} to {most} items [json-pointer:{at}]"
        else:
            for number, item in enumerate(value):
                yield from of(item, f"{at}/{number}")

    return check


def shape(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"must be an object [json-pointer:{at}]"
            return
        for name in required.keys() - value.keys():
            yield f"missing required field: {name} [json-pointer:{at}]"
        for name in value.keys() - known.keys() - {"type"}:
            yield f"no more items allowed: {name} is unknown [json-pointer:{at}/{name}]"
        for name in known.keys() & value.keys():
            yield from known[name](value[name], f"{at}/{name}")

    return check


def of_type(kinds: dict[str, Check]) -> Check:
    """An object whose `type` says which fields it has."""

    def check(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        else:
            yield from kinds[kind](value, at)

    return check
