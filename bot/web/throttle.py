"""Keeps the log short where strangers can cause its lines."""

from __future__ import annotations

import time

EVERY_S = 60.0


class Throttle:
    """Lets one line through in EVERY_S."""

    def __init__(self) -> None:
        self._next, self._held_back = 0.0, 0

    def turn(self) -> int | None:
        """How many lines were held back since the last one that was let through; None: hold this one back, too."""
        now = time.monotonic()
        if now < self._next:
            self._held_back += 1
            return None
        self._next, held_back, self._held_back = now + EVERY_S, self._held_back, 0
        return held_back


class Throttles:
    """A throttle for each kind of line. `kinds` of strangers' choice must be few."""

    def __init__(self) -> None:
        self._kinds: dict[object, Throttle] = {}

    def turn(self, kind: object) -> int | None:
        return self._kinds.setdefault(kind, Throttle()).turn()
