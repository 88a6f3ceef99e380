"""Counts function calls: a measure of work that is the same on every machine, unlike seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

MAX_CALLS = 1_000_000  # about one second on an idle machine


@contextmanager
def few_calls(limit: int = MAX_CALLS) -> Iterator[None]:
    """Fails if the block makes more than `limit` function calls, including calls of functions written in C."""
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
        assert calls <= limit, f"{calls:,} calls"
