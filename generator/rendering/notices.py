"""What a score holds and its sheet does not show: named, not dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from generator.notation.score import Score
from generator.rendering.display_text import MAX_TEXT, composer, printable, rhythm_words
from generator.rendering.sheet.decorations import DRAWN
from generator.rendering.sheet.fonts import missing
from generator.rendering.sheet.header import MAX_ORDER
from generator.user_messages import AllOf, UserMessage


def sheet_notices(score: Score) -> tuple[UserMessage, ...]:
    """One sentence for each kind of thing that the sheet leaves out, in the words of ABC."""
    notes = list(score.notes())
    found = []
    if unknown := _names(name for note in notes for name in note.decorations if name not in DRAWN):
        found.append(UserMessage("The sheet has no sign for {names}.", names=unknown))
    if any(note.tie and not {*note.pitches} & {*following.pitches} for note, following in pairwise(notes)):
        found.append(UserMessage("A tie that leads to another note was left out; a slur is written with parentheses."))
    if any(bar.free for bar in score.bars):
        found.append(UserMessage("The sheet has no sign for M:none: where the metre becomes free is not marked."))
    if len(score.order) > MAX_ORDER:
        found.append(UserMessage("The order of the parts is too long for the sheet, and was left out there."))
    if len(score.title) > MAX_TEXT:
        found.append(UserMessage("The title was cut after {most} characters.", most=MAX_TEXT))
    if foreign := missing(printable(score.title) + rhythm_words(score) + composer(score)):
        found.append(
            UserMessage(
                "No font that comes with the sheet has “{text}”: it is blank where this machine has none either.", text=foreign
            )
        )
    return tuple(found)


def _names(decorations: Iterable[str]) -> AllOf:
    """`!a!`, or `!a!, !b! and !c!`."""
    return AllOf(f"!{printable(name)}!" for name in dict.fromkeys(decorations))
