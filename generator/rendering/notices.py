"""Notices about what a score contains but its sheet leaves out, and about what is played otherwise than requested."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from generator.notation.lyrics import plain
from generator.notation.score import Score
from generator.rendering.display_text import MAX_TEXT, composer, printable, rhythm_words, subtitles, words_after_the_tune
from generator.rendering.performance.played_bars import times_played
from generator.rendering.sheet.decorations import DRAWN
from generator.rendering.sheet.fonts import missing
from generator.rendering.sheet.header import MAX_ORDER, MAX_SUBTITLES, MAX_WORDS
from generator.rendering.style import Style
from generator.user_messages import AllOf, UserMessage


def sheet_notices(score: Score) -> tuple[UserMessage, ...]:
    """One notice for each kind of thing that the sheet leaves out, in the terms of ABC."""
    voices = [list(voice.notes()) for voice in score.by_voice()]
    notes = [note for voice in voices for note in voice]
    notices = []
    if unknown := _names(name for note in notes for name in note.decorations if name not in DRAWN):
        notices.append(UserMessage("The sheet has no sign for {names}.", names=unknown))
    if any(note.tie and not {*note.pitches} & {*following.pitches} for voice in voices for note, following in pairwise(voice)):
        notices.append(UserMessage("A tie between different notes was left out. Write a slur with parentheses."))
    if any(bar.free for bar in score.bars):
        notices.append(UserMessage("The sheet does not show where the metre becomes free (M:none)."))
    if len(score.order) > MAX_ORDER:
        notices.append(UserMessage("The order of the parts is too long for the sheet and was left out."))
    if len(score.title) > MAX_TEXT:
        notices.append(UserMessage("The title was cut after {most} characters.", most=MAX_TEXT))
    if len(subtitles(score)) > MAX_SUBTITLES:
        notices.append(UserMessage("The sheet shows only the first {most} further titles.", most=MAX_SUBTITLES))
    if len(words_after_the_tune(score)) > MAX_WORDS:
        notices.append(UserMessage("The sheet shows only the first {most} lines of the words (W:).", most=MAX_WORDS))
    header = (printable(score.title), *subtitles(score), rhythm_words(score), printable(score.tempo_text), composer(score))
    lyrics = [printable(plain(syllable)) for note in notes for syllable in note.lyrics]
    if foreign := missing("".join((*header, *lyrics, *words_after_the_tune(score)))):
        notices.append(UserMessage("The sheet's fonts lack “{text}”. These characters may be blank.", text=foreign))
    return tuple(notices)


def playing_notices(score: Score, style: Style) -> tuple[UserMessage, ...]:
    """A notice if the tune is too long to be played as many times as the style says."""
    times = times_played(score, style.times)
    if style.times is None or times == style.times:
        return ()
    return (
        UserMessage(
            "Played {wanted} times the tune would be too long. I play it {n} time.",
            "Played {wanted} times the tune would be too long. I play it {n} times.",
            n=times,
            wanted=style.times,
        ),
    )


def _names(decorations: Iterable[str]) -> AllOf:
    """`!a!`, or `!a!, !b! and !c!`."""
    return AllOf(f"!{printable(name)}!" for name in dict.fromkeys(decorations))
