"""Small tunes of our own making, as many as a test wants."""

from __future__ import annotations

import random

from training.corpus.sources import RawTune

LETTERS = "DEFGABcdefg"


def melody(seed: int, bars: int = 8) -> list[str]:
    """Bars of a jig that wanders; another seed, another tune."""
    rng = random.Random(seed)
    return ["".join(rng.choice(LETTERS) for _ in range(6)) for _ in range(bars)]


def text(bars: list[str], *, key: str = "D", rhythm: str = "jig", title: str = "Nameless", number: int = 1) -> str:
    head = f"X:{number}\nT:{title}\n" + (f"R:{rhythm}\n" if rhythm else "") + f"M:6/8\nL:1/8\nK:{key}\n"
    half = len(bars) // 2
    return head + "|:" + "|".join(bars[:half]) + ":|\n|:" + "|".join(bars[half:]) + ":|\n"


def raw(bars: list[str], collection: str = "book", **wishes: object) -> RawTune:
    return RawTune(collection, text(bars, **wishes))  # type: ignore[arg-type]
