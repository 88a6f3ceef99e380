"""What somebody hands in to start from: a fragment of ABC, with or without headers."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre, Rhythm, rhythm_named
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import metres, play_order
from generator.notation.tokens import NotEncodable, encode_opening

MAX_BARS = 200
MAX_PLAYING_TIME = 40  # whole notes; some three minutes in the slowest rhythm
DEFAULT_KEY = Key("D")  # the commonest of the tradition; for fragments that name none
_USUAL = tuple(Metre(*pair) for pair in ((4, 4), (6, 8), (9, 8), (2, 4), (3, 4), (12, 8), (3, 2)))


def read_opening(text: str, *, rhythm: str | None = None, key: str | None = None, metre: str | None = None) -> Score:
    """Reads an opening under what else was asked for; the score is one that the composer can go on from.

    Raises NotationError with a sentence that says what is wrong and where.
    """
    body = _plain(text)
    asked_key = Key.parse(key) if key else None
    asked_metre = Metre.parse(metre) if metre else None
    score = read(body, key=asked_key or DEFAULT_KEY, metre=asked_metre)
    if asked_key and score.key != asked_key:
        raise NotationError(f"The opening is in {score.key}, but {asked_key} was asked for. Leave one of the two open.")
    named = rhythm_named(rhythm or score.rhythm)
    if score.metre is None:
        score = read(body, key=score.key, metre=_guess_metre(score, named, asked=bool(rhythm)))
    elif asked_metre and score.metre.bar != asked_metre.bar:
        raise NotationError(f"The opening is in {score.metre}, but {asked_metre} was asked for. Leave one of the two open.")
    assert score.metre is not None
    if named and all(score.metre.bar != usual.bar for usual in named.metres):
        if rhythm:
            raise NotationError(f"The opening is in {score.metre}, in which no {named.name} is written.")
        named = None
    if len(score.bars) > MAX_BARS or _playing_time(score) > MAX_PLAYING_TIME * 4:
        raise NotationError(f"The opening is too long: I read at most {MAX_BARS} bars.")
    _check_bars(score)
    try:
        encode_opening(score)
    except NotEncodable as error:
        raise NotationError(f"I can't go on from this opening: it has {error}.") from None
    return replace(score, rhythm=named.name if named else "")


def _plain(text: str) -> str:
    """The text out of a code block, if it came in one."""
    fenced = re.search(r"```(?:\w*\r?\n)?(.*?)```", text, re.DOTALL)
    if not fenced:
        return text.strip("`")
    return "\n" * text.count("\n", 0, fenced.start(1)) + fenced[1]  # errors keep the line that people count


def _playing_time(score: Score) -> Fraction:
    return sum((score.bars[index].duration for index in play_order(score.bars)), Fraction(0))


def _guess_metre(score: Score, named: Rhythm | None, *, asked: bool) -> Metre:
    """The metre of a fragment that names none: the one that its bars fill, the rhythm's own before any other."""
    own = named.metres if named else ()
    longest = max(bar.duration for bar in score.bars)
    if own and len(score.bars) == 1 and longest <= own[0].bar:
        return own[0]  # a bar that may be going on
    candidates = own if asked else (*own, *_USUAL)
    return next((metre for metre in candidates if metre.bar == longest), own[0] if own else Metre(4, 4))


def _check_bars(score: Score) -> None:
    """Every bar between bar lines must be full, but for pick-ups and the last, which may be still going on."""
    for index, (bar, metre) in enumerate(zip(score.bars, metres(score), strict=True)):
        if metre is None:
            continue
        unit = metre.unit if metre.unit >= 8 else 8
        if bar.duration > metre.bar:
            has, needs = bar.duration * unit, metre.bar * unit
            raise NotationError(f"Bar {index + 1} of the opening is too long: it has {has} of {needs} {_NAMES[unit]}.")
        before = score.bars[index - 1] if index else None
        edge = before is None or before.repeat_end or before.line != "|" or bar.repeat_start or index == len(score.bars) - 1
        if bar.duration < metre.bar and not (edge or bar.repeat_end or bar.line != "|" or bar.endings):
            has, needs = bar.duration * unit, metre.bar * unit
            raise NotationError(f"Bar {index + 1} of the opening is too short: it has {has} of {needs} {_NAMES[unit]}.")


_NAMES = {8: "quavers", 16: "semiquavers", 32: "demisemiquavers"}
