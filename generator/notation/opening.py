"""What somebody hands in to start from: a fragment of ABC, with or without headers."""

from __future__ import annotations

import re
from dataclasses import replace

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre, Rhythm, rhythm_named
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import metres, play_order
from generator.notation.tempo import MAX_PLAYING_S, playing_time_s, seconds, tempo
from generator.notation.tokens import NotEncodable, encode_opening

MAX_BARS = 200
PART_BARS = 16  # as played: eight, twice; what an opening must leave time for
DEFAULT_KEY = Key("D")  # the commonest of the tradition; for fragments that name none
_USUAL = tuple(Metre(*pair) for pair in ((4, 4), (6, 8), (9, 8), (2, 4), (3, 4), (12, 8), (3, 2)))


def read_opening(
    text: str, *, rhythm: str | None = None, key: str | None = None, metre: str | None = None, whole: bool = False
) -> Score:
    """Reads an opening under what else was asked for; the score is one that the composer can go on from.

    `whole`: it is a tune to be varied, which gets no longer. Raises NotationError with a sentence that says what is wrong
    and where.
    """
    body = _plain(text)
    asked_key = Key.parse(key) if key else None
    asked_metre = Metre.parse(metre) if metre else None
    score = read(body, key=asked_key or DEFAULT_KEY, metre=asked_metre)
    if asked_key and score.key != asked_key:
        raise NotationError(f"The opening is in {score.key}, but {asked_key} was asked for. Leave one of the two open.")
    named = rhythm_named(rhythm or score.rhythm)
    if score.metre is None:
        guess = _guess_metre(score, named, asked=bool(rhythm))
        score = replace(read(body, key=score.key, metre=guess), metre=guess)  # also where the text says M:none
    elif asked_metre and score.metre.bar != asked_metre.bar:
        raise NotationError(f"The opening is in {score.metre}, but {asked_metre} was asked for. Leave one of the two open.")
    assert score.metre is not None
    if named and all(score.metre.bar != usual.bar for usual in named.metres):
        if rhythm:
            raise NotationError(f"The opening is in {score.metre}, in which no {named.name} is written.")
        named = None
    if len(score.bars) > MAX_BARS:
        raise NotationError(f"The opening is too long: I read at most {MAX_BARS} bars.")
    score = _with_open_end(replace(score, rhythm=named.name if named else "", tempo=None))
    _check_bars(score)
    _check_time(score, whole=whole)
    try:
        encode_opening(score)
    except NotEncodable as error:
        raise NotationError(f"I can't go on from this opening: it has {error}.") from None
    return score


def _plain(text: str) -> str:
    """The text out of a code block, if it came in one, with the quotation marks that phones type made plain."""
    text = text.translate(str.maketrans("“”„‘’", '"""\'\''))
    fenced = re.search(r"```(?:\w*\r?\n)?(.*?)```", text, re.DOTALL)
    if not fenced:
        return text.strip("`")
    return "\n" * text.count("\n", 0, fenced.start(1)) + fenced[1]  # errors keep the line that people count


def _with_open_end(score: Score) -> Score:
    """The score with its last bar still going on where it is short and more than a pick-up, whatever line stands after it."""
    *before, last = score.bars
    assert score.metre is not None
    starts = not before or before[-1].ends_section or last.repeat_start
    pick_up = starts and last.duration * 2 < score.metre.bar
    if last.ends_section or last.duration >= score.metre.bar or pick_up:
        return score
    return replace(score, bars=(*before, replace(last, line="")))


def _check_time(score: Score, *, whole: bool) -> None:
    """A tune that goes on after the opening must still end in time."""
    assert score.metre is not None
    played = playing_time_s(score, play_order(score.bars, score.order))
    to_come = 0.0 if whole else seconds(PART_BARS * score.metre.bar, tempo(score))
    if played + to_come > MAX_PLAYING_S:
        sentence = (
            f"The opening alone plays for {played:.0f} s, and a whole tune for at most {MAX_PLAYING_S} s. Leave a part out."
        )
        raise NotationError(sentence)


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
        edge = before is None or before.ends_section or bar.repeat_start or not bar.line
        if bar.duration < metre.bar and not (edge or bar.ends_section or bar.endings):
            has, needs = bar.duration * unit, metre.bar * unit
            raise NotationError(f"Bar {index + 1} of the opening is too short: it has {has} of {needs} {_NAMES[unit]}.")


_NAMES = {8: "quavers", 16: "semiquavers", 32: "demisemiquavers"}
