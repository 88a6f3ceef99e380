"""What a score holds and its sheet does not show: named, not dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from generator.notation.score import Score
from generator.rendering.fonts import missing
from generator.rendering.header import MAX_ORDER
from generator.rendering.marks import DRAWN
from generator.rendering.text import MAX_TEXT, composer, printable, rhythm_words


def left_out(score: Score) -> tuple[str, ...]:
    """One sentence for each kind of thing that the sheet leaves out, in the words of ABC."""
    notes = list(score.notes())
    found = []
    if unknown := _names(name for note in notes for name in note.decorations if name not in DRAWN):
        found.append(f"The sheet has no sign for {unknown}.")
    if any(note.tie and not {*note.pitches} & {*following.pitches} for note, following in pairwise(notes)):
        found.append("A tie that leads to another note was left out; a slur is written with parentheses.")
    if any(bar.free for bar in score.bars):
        found.append("The sheet has no sign for M:none: where the metre becomes free is not marked.")
    if len(score.order) > MAX_ORDER:
        found.append("The order of the parts is too long for the sheet, and was left out there.")
    if len(score.title) > MAX_TEXT:
        found.append(f"The title was cut after {MAX_TEXT} characters.")
    if foreign := missing(printable(score.title) + rhythm_words(score) + composer(score)):
        found.append(f"No font that comes with the sheet has “{foreign}”: it is blank where this machine has none either.")
    return tuple(found)


def _names(decorations: Iterable[str]) -> str:
    """`!a!`, or `!a!, !b! and !c!`."""
    names = [f"!{printable(name)}!" for name in dict.fromkeys(decorations)]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
