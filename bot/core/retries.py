"""Waiting times between attempts."""

from __future__ import annotations

from collections.abc import Iterator


def doubling(first_s: float, at_most_s: float) -> Iterator[float]:
    """Seconds to wait after each failed attempt: `first_s`, then twice as long each time, up to `at_most_s`."""
    delay_s = first_s
    while True:
        yield delay_s
        delay_s = min(2 * delay_s, at_most_s)
