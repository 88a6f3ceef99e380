"""How much work something is, the same on every machine: its calls are counted, not its seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 1_000_000  # about a second of an idle machine


@contextmanager
def few_calls(most: int = MOST) -> Iterator[None]:
    """Fails where more functions are called within than so many, those written in C included."""
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
        assert calls <= most, f"{calls:,} calls"
