"""Small generated tunes for tests."""

from __future__ import annotations

import random
from typing import Any

from training.corpus.sources import RawTune

LETTERS = "DEFGABcdefg"
JIG_HEADER = "X:1\nT:The Kettle\nR:jig\nM:6/8\nL:1/8\nK:D\n"
REEL_HEADER = JIG_HEADER.replace("jig", "reel").replace("6/8", "4/4")


def melody(seed: int, bars: int = 8) -> list[str]:
    """Random bars of a jig, different for each seed."""
    rng = random.Random(seed)
    return ["".join(rng.choice(LETTERS) for _ in range(6)) for _ in range(bars)]


def text(bars: list[str], *, key: str = "D", rhythm: str = "jig", title: str = "Nameless", number: int = 1) -> str:
    head = f"X:{number}\nT:{title}\n" + (f"R:{rhythm}\n" if rhythm else "") + f"M:6/8\nL:1/8\nK:{key}\n"
    half = len(bars) // 2
    return head + "|:" + "|".join(bars[:half]) + ":|\n|:" + "|".join(bars[half:]) + ":|\n"


def raw(bars: list[str], collection: str = "book", **header: Any) -> RawTune:
    return RawTune(collection, text(bars, **header))


def up_a_fifth(bars: list[str]) -> list[str]:
    """The tune transposed up a fifth."""
    letters = ["D", "E", "F", "G", "A", "B", "c", "d", "e", "f", "g", "a", "b", "c'", "d'", "e'"]
    return ["".join(letters[letters.index(letter) + 4] for letter in bar) for bar in bars]


def variant(bars: list[str], seed: int) -> list[str]:
    """The tune with its last two bars rewritten."""
    return bars[:-2] + melody(seed + 9999, 2)
