"""Signs that a score holds and that neither its sheet nor its recording has."""

from __future__ import annotations

from generator.notation.score import Score
from generator.rendering.text import printable

# Those of `marks`, which loads music21: whoever asks here need not.
DRAWN = {
    "staccato", "tenuto", "accent", "emphasis", ">", "wedge", "marcato", "^", "upbow", "downbow", "breath", "open", "snap",
    "roll", "~", "turn", "invertedturn", "trill", "lowermordent", "mordent", "uppermordent", "pralltriller", "fermata",
    "segno", "coda", "fine", "D.C.", "D.S.",
}  # fmt: skip
_NAMED = 6  # at most


def undrawn(score: Score) -> list[str]:
    """A sentence that names them, or none."""
    names = dict.fromkeys(printable(name) for note in score.notes() for name in note.decorations if name not in DRAWN)
    if not names:
        return []
    said = ", ".join(list(names)[:_NAMED]) + (" and others" if len(names) > _NAMED else "")
    return [f"Signs that I cannot draw were left out: {said}."]
