"""A long test of a fault: its name, its promise, what was measured, and which promises were broken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """Of the command line."""

    seed: int = 1
    minutes: float = 30  # of the soak
    parallel: int = 2  # processes that run crash points at the same time
    only: str = ""  # a part of the names of the crash points to run


@dataclass
class Report:
    """What one run of a fault found."""

    name: str
    folder: Path
    options: Options
    figures: dict[str, object] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def figure(self, name: str, value: object) -> None:
        self.figures[name] = value

    def check(self, holds: object, otherwise: str) -> None:
        """Notes a broken promise unless it holds, and continues."""
        if not holds:
            self.broken.append(otherwise)


Run = Callable[[Report], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """`promise` is one line for people who run Tunesmith. A run that takes longer than `limit_s` is broken."""

    name: str
    promise: str
    limit_s: float
    run: Run


FAULTS: dict[str, Fault] = {}


def fault(name: str, *, promise: str, limit_s: float) -> Callable[[Run], Run]:
    """Adds a function to what `python -m tests.faults` runs."""

    def add(run: Run) -> Run:
        assert name not in FAULTS, f"two faults are named {name}"
        FAULTS[name] = Fault(name, promise, limit_s, run)
        return run

    return add
