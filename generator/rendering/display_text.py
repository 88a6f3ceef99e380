"""People's text, fit to be shown."""

from __future__ import annotations

from generator.notation.score import Score

MAX_TEXT = 120  # characters


def printable(text: str) -> str:
    """Text in one line, without what XML cannot hold and a page cannot show, cut to MAX_TEXT."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * MAX_TEXT]).split())[:MAX_TEXT].rstrip()


def composer(score: Score) -> str:
    """Who made the tune (`C:`), or an empty text."""
    return next((printable(value) for name, value in score.fields if name == "C"), "")


def rhythm_words(score: Score) -> str:
    """What kind of tune it is (`R:`), to stand above the first bar, or an empty text."""
    return printable(score.rhythm)[:40].capitalize()
