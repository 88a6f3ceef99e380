"""What somebody hands in to start from, or to be played: ABC from a chat, with or without headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from typing import Literal, get_args

from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre, Rhythm, rhythm_named
from generator.notation.names import named
from generator.notation.passed_over import passed_over
from generator.notation.reader import read
from generator.notation.score import Bar, Pitch, Score
from generator.notation.shares import keys_of
from generator.notation.structure import FormError, Part, metres, parts, play_order
from generator.notation.tempo import MAX_PLAYING_S, playing_time_s, seconds, tempo
from generator.notation.transpose import transposed
from generator.user_messages import UserMessage

# What becomes of an opening: it is gone on from until the tune is whole; it is answered with one phrase; it is a whole tune
# and varied; it is a whole first part and gets a second one; it is a whole tune and played as it stands.
OpeningMode = Literal["continue", "answer", "vary", "second part", "play"]
OPENING_MODES: tuple[OpeningMode, ...] = get_args(OpeningMode)

MAX_BARS = 200
MIN_PART_BARS = 4  # of a part that gets a second one
PHRASES = (2, 4, 8)  # the lengths of an answer, in bars
PART_BARS = 16  # as played: eight, twice; what an opening must leave time for
DEFAULT_KEY = Key("D")  # the commonest of the tradition; for fragments that name none
_USUAL = tuple(Metre(*pair) for pair in ((4, 4), (6, 8), (9, 8), (2, 4), (3, 4), (12, 8), (3, 2)))


def read_opening(
    text: str,
    *,
    rhythm: str | None = None,
    key: str | None = None,
    metre: str | None = None,
    mode: OpeningMode = "continue",
) -> Score:
    """Reads an opening under what else was asked for; the score is one that the composer can go on from.

    To be played a tune may hold anything that can be read, keeps its tempo, and is moved into another key of its mode where
    that is asked for; its notices say what was left out or taken for granted. `key` may also be a mode alone. Raises
    NotationError with a sentence that says what is wrong and where.
    """
    body = _plain(text)
    asked_mode = Mode(key) if key in tuple(Mode) else None
    asked_key = Key.parse(key) if key and not asked_mode else None
    asked_metre = Metre.parse(metre) if metre else None
    usual = max(keys := keys_of(asked_mode), key=lambda name: keys[name]) if asked_mode else DEFAULT_KEY
    score = read(body, key=asked_key or usual, metre=asked_metre)
    moved = mode == "play" and asked_key is not None and asked_key.mode is score.key.mode
    if not moved and ((asked_key and score.key != asked_key) or (asked_mode and score.key.mode is not asked_mode)):
        wanted = asked_key.named if asked_key else named(asked_mode or "")
        raise NotationError(_otherwise(score.key.named, wanted))
    kind = rhythm_named(rhythm or score.rhythm)
    if mode == "play":
        if rhythm and kind and score.metre and all(score.metre.bar != usual.bar for usual in kind.metres):
            raise NotationError(_not_written_in(score.metre, kind))
        if asked_metre and score.metre and score.metre.bar != asked_metre.bar:
            raise NotationError(_otherwise(str(score.metre), str(asked_metre)))
        score = _to_play(score, body, kind, key_open=key is None)
        return _in_key(score, asked_key) if asked_key and asked_key.tonic != score.key.tonic else score
    if score.metre is None:
        guess = _guess_metre(score, kind, asked=bool(rhythm))
        score = replace(read(body, key=score.key, metre=guess), metre=guess)  # also where the text says M:none
    elif asked_metre and score.metre.bar != asked_metre.bar:
        raise NotationError(_otherwise(str(score.metre), str(asked_metre)))
    score = _in_quavers(score, body)
    assert score.metre is not None
    if kind and all(score.metre.bar != usual.bar for usual in kind.metres):
        if rhythm:
            raise NotationError(_not_written_in(score.metre, kind))
        kind = None
    if len(score.bars) > MAX_BARS:
        raise NotationError(UserMessage("The opening is too long: I read at most {most} bars.", most=MAX_BARS))
    score = replace(score, rhythm=kind.name if kind else "", tempo=None)
    score = _with_end(_with_closed_ending(score), mode)
    _check_bars(score)
    try:
        tokens = encoded(score)
    except t.NotEncodable as error:
        raise NotationError(UserMessage("I can't go on from this opening: it has {what}.", what=error.what)) from None
    _check_time(score, _bars_to_come(score, tokens, mode))
    return score


def _to_play(score: Score, body: str, kind: Rhythm | None, *, key_open: bool) -> Score:
    """The tune as it stands; a fragment that names no metre is in the one that its bars fill."""
    notices = [*score.notices, *passed_over(body)]
    if not any(bar.line for bar in score.bars):
        raise NotationError(
            UserMessage("There is no bar line here, and a whole tune has some. Hand in a tune, or let me go on from this.")
        )
    if score.metre is None and not re.search(r"^\s*M:|\[M:", body, re.MULTILINE):
        guess = _guess_metre(score, kind, asked=False)
        if any(bar.duration == guess.bar for bar in score.bars):
            score = replace(read(body, key=score.key, metre=guess), metre=guess)
    if score.metre:
        score = _in_quavers(score, body)
    if key_open and not re.search(r"^\s*K:|\[K:", body, re.MULTILINE):
        notices.append(UserMessage("No key is written (K:): I took {key}.", key=score.key.named))
    if len(score.bars) > MAX_BARS:
        raise NotationError(UserMessage("The tune is too long: I play at most {most} bars.", most=MAX_BARS))
    played = playing_time_s(score, play_order(score.bars, score.order))
    if played > MAX_PLAYING_S:
        sentence = UserMessage(
            "The tune would play for {seconds:,} s; I play at most {most} s. Shorten it.",
            seconds=round(played),
            most=MAX_PLAYING_S,
        )
        raise NotationError(sentence)
    return replace(score, rhythm=kind.name if kind else score.rhythm, notices=tuple(dict.fromkeys(notices)))


def _in_key(score: Score, key: Key) -> Score:
    notice = UserMessage("Moved from {written} to {wanted}.", written=score.key.named, wanted=key.named)
    moved = transposed(score, key)
    return replace(moved, notices=(*score.notices, notice))


def encoded(opening: Score) -> list[str]:
    """The opening's tokens after the header, without a last bar line: whoever goes on knows better how the bar ends."""
    tokens = t.encode_opening(opening)[4:]
    return tokens[:-1] if tokens[-1] == t.BAR else tokens


def pieces(tokens: Sequence[str]) -> list[list[str]]:
    """An opening's tokens after the header in pieces: by turns what stands before a bar, and its notes."""
    return [list(piece) for _, piece in groupby(tokens, lambda token: token[0] == "/" or t.is_pitch(token) or token == t.TIE)]


def free_to_vary(spelled: Sequence[Sequence[str]]) -> list[int]:
    """Which of the `pieces` a variation may change: bars between two others of their part, no cadence, tied to no other bar."""
    found = []
    bar = ending_bar = 0
    for index in range(1, len(spelled) - 1, 2):
        before, notes, after = spelled[index - 1 : index + 2]
        if before[-1].startswith("up"):
            bar = 0
            continue
        if before[-1] in (t.OPEN, t.OPEN_REPEATED):
            bar = 0
        elif before[-1] == t.SECOND:
            bar = ending_bar
        elif before[-1] == t.FIRST:
            ending_bar = bar
        bar += 1
        tied = t.TIE in (notes[-1], spelled[index - 2][-1] if index > 1 else "")
        if list(before) == list(after) == [t.BAR] and bar > 1 and bar % 4 and not tied:  # each fourth bar is a cadence
            found.append(index)
    return found


def parts_of(score: Score) -> list[Part]:
    """The parts, without a lone pick-up that stands before the first; raises FormError."""
    assert score.metre is not None
    first, *others = parts(score)
    lone = not first.repeated and len(first.body) == 1 and first.body[0].duration < score.metre.bar
    return others if lone and others else [first, *others]


# What phones and East Asian keyboards type for plain signs; what cannot be seen goes.
_TYPED = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(typed): plain
    for plain, signs in {'"': "“”„", "'": "‘’′", "-": "‐‑‒–—−", " ": "\u3000\u2028", "": "\u200b\u200c\u200d\u2060\ufeff"}.items()
    for typed in signs
}
_BLOCK = re.compile(r"^%%begin(\w+)\b.*?(?:^%%end\1\b.*?$|\Z)", re.MULTILINE | re.DOTALL)  # a program, a page's text
_SMALL_FIELD = re.compile(r"^([^\S\n]*)([klmrtx])(?=:(?![|:])[^=\n]*$)", re.MULTILINE)


def _plain(text: str) -> str:
    """The text out of a code block or a quotation, if it came in one, in plain signs; its blank lines do not end it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_TYPED)
    if text.count("```") == 1 and text.rstrip().endswith("```"):
        text = text.replace("```", "")  # the end of a block whose beginning was not copied
    fenced = re.search(r"```(?:\w*\n)?(.*?)(?:```|\Z)", text, re.DOTALL)
    if fenced:
        text = "\n" * text.count("\n", 0, fenced.start(1)) + fenced[1]  # errors keep the line that people count
    text = re.sub(r"^>+", lambda signs: " " * len(signs[0]), text.strip("`"), flags=re.MULTILINE)
    text = _BLOCK.sub(lambda block: "%%" + "\n%" * block[0].count("\n"), text)
    text = _SMALL_FIELD.sub(lambda match: match[1] + match[2].upper(), text)
    return re.sub(r"^[^\S\n]*$", "%", text, flags=re.MULTILINE)


def _with_closed_ending(score: Score) -> Score:
    """The score with its last second ending closed where it is as long as the first, though no double bar stands there."""
    try:
        last = parts(score)[-1]
    except FormError:
        return score
    bars, length = list(score.bars), len(last.first)
    end = len(bars) - len(last.second) + length - 1
    complete = length and len(last.second) >= length and last.second[length - 1].duration >= last.first[-1].duration
    if complete and bars[end].line and not bars[end].ends_section:
        bars[end] = replace(bars[end], line="||")
    return replace(score, bars=tuple(bars))


def _with_end(score: Score, mode: OpeningMode) -> Score:
    """The score with its last bar as the mode has it: going on, or the end of the tune or of its first part."""
    assert score.metre is not None
    *before, last = score.bars
    if mode == "vary":
        return score if last.ends_section else replace(score, bars=(*before, replace(last, line="|]")))
    try:
        heard = parts_of(score)
    except FormError:
        return score  # whoever encodes it names the fault
    if mode == "answer" and not heard[-1].repeated:
        last = replace(last, line=last.line and "|")  # the answer follows in the same part
    starts = not before or before[-1].ends_section or last.repeat_start
    pick_up = starts and last.duration * 2 < score.metre.bar
    if starts and before and not last.line and before[-1].duration + last.duration == score.metre.bar:
        last = replace(last, line="|")  # it completes the bar before
    elif not last.ends_section and last.duration < score.metre.bar and not pick_up:
        last = replace(last, line="")  # short and more than a pick-up: it goes on, whatever line stands after it
    if mode == "second part" and len(heard) == 1 and not last.ends_section:
        return replace(score, bars=_as_part([*before, last], score.metre))
    return replace(score, bars=(*before, last))


def _as_part(bars: list[Bar], metre: Metre) -> tuple[Bar, ...]:
    """The bars closed as a part that is played twice, if the last is complete.

    A pick-up for which that one leaves no room is played once, before the repeat.
    """
    first, last = bars[0], bars[-1]
    pick_up = first.duration if len(bars) > 1 and first.duration < metre.bar else 0
    if pick_up + last.duration < metre.bar:
        return tuple(bars)  # the model completes it
    alone = pick_up + last.duration > metre.bar
    if alone and last.duration < metre.bar:
        raise NotationError(
            UserMessage("The opening's last bar is neither full nor leaves room for the pick-up. Complete or shorten it.")
        )
    start = 1 if alone else 0
    bars[-1] = replace(last, repeat_end=1, line="|")
    return tuple(replace(bar, repeat_start=index == start) for index, bar in enumerate(bars))


def _bars_to_come(score: Score, tokens: Sequence[str], mode: OpeningMode) -> int:
    """How many bars the mode adds, as played; raises NotationError where the opening is none for it."""
    if mode == "vary":
        if not free_to_vary(pieces(tokens)):
            raise NotationError(
                UserMessage(
                    "There is nothing to vary in this tune: I keep the first and last bars of its parts, its cadences and bars "
                    "that are tied together, and it has no others."
                )
            )
        return 0
    layout = t.layout(tokens)
    if mode == "answer":
        if not layout[-1]:
            raise NotationError(UserMessage("An answer needs a phrase of a bar at least, and this is a pick-up alone."))
        return max(PHRASES)
    if mode == "second part":
        heard = parts_of(score)
        if len(heard) > 2 or (len(heard) == 2 and score.bars[-1].ends_section):
            sentence = UserMessage(
                "A second part is written to a first one alone, and this opening has {parts} parts.", parts=len(heard)
            )
            raise NotationError(sentence)
        if layout[-len(heard)] < MIN_PART_BARS:
            sentence = UserMessage(
                "A second part is written to a whole one, of {fewest} bars at least; this is shorter.", fewest=MIN_PART_BARS
            )
            raise NotationError(sentence)
        return 2 * layout[-len(heard)]
    return PART_BARS


def _check_time(score: Score, to_come: int) -> None:
    """A tune that goes on after the opening for some bars must still end in time."""
    assert score.metre is not None
    played = playing_time_s(score, play_order(score.bars, score.order))
    if played + seconds(to_come * score.metre.bar, tempo(score)) > MAX_PLAYING_S:
        sentence = UserMessage(
            "The opening alone plays for {seconds} s, and a whole tune for at most {most} s. Leave a part out.",
            seconds=round(played),
            most=MAX_PLAYING_S,
        )
        raise NotationError(sentence)


def _in_quavers(score: Score, body: str) -> Score:
    """The score in quavers where no L: is written and its bars are at most half full.

    ABC then means semiquavers in 2/4 and 3/8; people who leave L: out mean quavers there as well.
    """
    assert score.metre is not None
    half_full = max(bar.duration for bar in score.bars) * 2 <= score.metre.bar
    if score.unit != Fraction(1, 16) or not half_full or re.search(r"^\s*L:|\[L:", body, re.MULTILINE):
        return score
    return replace(read("L:1/8\n" + body, key=score.key, metre=score.metre), metre=score.metre)


def _guess_metre(score: Score, kind: Rhythm | None, *, asked: bool) -> Metre:
    """The metre of a fragment that names none: the one that its bars fill, the rhythm's own before any other."""
    own = kind.metres if kind else ()
    longest = max(bar.duration for bar in score.bars)
    if own and len(score.bars) == 1 and longest <= own[0].bar:
        return own[0]  # a bar that may be going on
    candidates = own if asked else (*own, *_USUAL)
    return next((metre for metre in candidates if metre.bar == longest), own[0] if own else Metre(4, 4))


def _check_bars(score: Score) -> None:
    """Every bar between bar lines must be full, but for pick-ups and the last, which may be still going on; notes in range."""
    tonic = t.tonic(score.key).staff
    for index, (bar, metre) in enumerate(zip(score.bars, metres(score), strict=True)):
        if metre is None:
            continue
        unit = metre.unit if metre.unit >= 8 else 8
        if bar.duration > metre.bar:
            sentence = UserMessage(
                "Bar {bar} of the opening is too long: it has {has} of {needs} {notes}.",
                bar=index + 1,
                has=bar.duration * unit,
                needs=metre.bar * unit,
                notes=_NAMES[unit],
            )
            raise NotationError(sentence)
        before = score.bars[index - 1] if index else None
        edge = before is None or before.ends_section or bar.repeat_start or not bar.line
        if edge and bar.line and not bar.ends_section:
            edge = bar.duration * t.TICKS <= max(t.PICK_UPS)
        if bar.duration < metre.bar and not (edge or bar.ends_section or bar.endings):
            sentence = UserMessage(
                "Bar {bar} of the opening is too short: it has {has} of {needs} {notes}.",
                bar=index + 1,
                has=bar.duration * unit,
                needs=metre.bar * unit,
                notes=_NAMES[unit],
            )
            raise NotationError(sentence)
        for note in bar.notes:
            if note.melody and note.melody.staff - tonic not in t.DEGREES:
                raise NotationError(_out_of_range(index + 1, note.melody, low=note.melody.staff < tonic))


_NAMES = {8: UserMessage("quavers"), 16: UserMessage("semiquavers"), 32: UserMessage("demisemiquavers")}


def _out_of_range(bar: int, note: Pitch, *, low: bool) -> UserMessage:
    if low:
        return UserMessage("Bar {bar} of the opening lies too low to be gone on from: it has {note}.", bar=bar, note=str(note))
    return UserMessage("Bar {bar} of the opening lies too high to be gone on from: it has {note}.", bar=bar, note=str(note))


def _otherwise(written: str, wanted: str) -> UserMessage:
    return UserMessage(
        "The opening is in {written}, but {wanted} was asked for. Leave one of the two open.", written=written, wanted=wanted
    )


def _not_written_in(metre: Metre, rhythm: Rhythm) -> UserMessage:
    return UserMessage("The opening is in {metre}, in which no {rhythm} is written.", metre=str(metre), rhythm=named(rhythm.name))
