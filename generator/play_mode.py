"""The mode `play`: a user's own tune is rendered as written, and nothing is composed."""

from __future__ import annotations

from dataclasses import replace

from generator.notation.opening import read_opening
from generator.notation.score import Score
from generator.notation.tempo import at_relative_tempo
from generator.rendering.display_text import printable
from generator.request import MAX_TITLE_CHARACTERS, TuneRequest

UNTITLED = "Untitled"  # also on the sheet


def score_to_play(request: TuneRequest) -> Score:
    """The score of a request whose mode is `play`. Its notices name what the reader skipped. Raises NotationError."""
    score = read_opening(request.opening, rhythm=request.rhythm, key=request.key, metre=request.metre, mode="play")
    title = request.title or printable(score.title)[:MAX_TITLE_CHARACTERS].rstrip()
    return at_relative_tempo(replace(score, title=title), request.tempo)
