"""Text from users, made fit for display on the sheet and in tags."""

from __future__ import annotations

from generator.notation.score import Score

MAX_TEXT = 120  # characters


def printable(text: str) -> str:
    """The text on one line, without characters that XML or a page cannot show, cut to MAX_TEXT characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * MAX_TEXT]).split())[:MAX_TEXT].rstrip()


def composer(score: Score) -> str:
    """The composer (`C:`), or an empty string."""
    return next((printable(value) for name, value in score.fields if name == "C"), "")


def subtitles(score: Score) -> list[str]:
    """The titles (`T:`) after the first."""
    return [text for name, value in score.fields if name == "T" and (text := printable(value.replace("\\%", "%")))]


def words_after_the_tune(score: Score) -> list[str]:
    """The lines of the words (`W:`); an empty one is between verses."""
    return [printable(value.replace("\\%", "%")) for name, value in score.fields if name == "W"]


def rhythm_words(score: Score) -> str:
    """The rhythm (`R:`) as it is shown above the first bar, or an empty string."""
    return printable(score.rhythm)[:40].capitalize()
