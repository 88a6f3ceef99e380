"""Reads ABC that a user gives: the opening of a tune to compose, or a whole tune to play."""

from __future__ import annotations

import re
from dataclasses import replace

from generator.notation.errors import NotationError
from generator.notation.frequency_tables import key_counts
from generator.notation.keys import Key, Mode
from generator.notation.metre_guess import guess_metre, read_as_quavers
from generator.notation.metres import Metre, Rhythm, rhythm_named
from generator.notation.names import translatable
from generator.notation.notices import skipped_text_notices
from generator.notation.opening_checks import check_bars, check_mode, check_playing_time
from generator.notation.opening_end import with_opening_end
from generator.notation.opening_modes import OpeningMode
from generator.notation.pasted_text import clean_pasted_text
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import play_order
from generator.notation.tempo import MAX_PLAYING_S, playing_time_s
from generator.notation.tokens import BAR, NotEncodable, encode_opening
from generator.notation.transpose import transpose
from generator.user_messages import UserMessage

MAX_BARS = 200
DEFAULT_KEY = Key("D")  # very common in Irish music


def read_opening(
    text: str,
    *,
    rhythm: str | None = None,
    key: str | None = None,
    metre: str | None = None,
    mode: OpeningMode = "continue",
    keeps_bars: bool = False,
) -> Score:
    """Reads a user's ABC together with the rhythm, key and metre of the request. `key` may be a mode alone (`dorian`).

    For the mode `play` the score is the whole tune at its own tempo, moved to the requested key if that has the same mode;
    its notices name what was skipped or assumed. For other modes the score is an opening that the composer can work on.
    keeps_bars: whether the request says which bars a variation keeps.
    Raises NotationError with the message to show.
    """
    text = clean_pasted_text(text)
    wanted_mode = Mode(key) if key in tuple(Mode) else None
    wanted_key = Key.parse(key) if key and not wanted_mode else None
    wanted_metre = Metre.parse(metre) if metre else None
    default_key = _commonest_key(wanted_mode) if wanted_mode else DEFAULT_KEY
    score = read(text, key=wanted_key or default_key, metre=wanted_metre, all_voices=mode == "play")
    can_transpose = mode == "play" and wanted_key is not None and wanted_key.mode is score.key.mode
    if not can_transpose and ((wanted_key and score.key != wanted_key) or (wanted_mode and score.key.mode is not wanted_mode)):
        wanted = wanted_key.name if wanted_key else translatable(wanted_mode or "")
        raise NotationError(_conflict(score.key.name, wanted))
    if mode == "play":
        score = _read_to_play(text, score, rhythm, wanted_metre, key_requested=key is not None)
        return _with_key(score, wanted_key) if wanted_key and wanted_key.tonic != score.key.tonic else score
    return _read_to_compose(text, score, rhythm, wanted_metre, mode, keeps_bars=keeps_bars)


def opening_tokens(opening: Score) -> list[str]:
    """The opening's tokens without the header, and without a last bar line: the composer decides how that bar ends."""
    tokens = encode_opening(opening)[4:]
    return tokens[:-1] if tokens[-1] == BAR else tokens


def _commonest_key(mode: Mode) -> Key:
    counts = key_counts(mode)
    return max(counts, key=lambda key: counts[key])


def _read_to_compose(
    text: str, score: Score, rhythm: str | None, wanted_metre: Metre | None, mode: OpeningMode, *, keeps_bars: bool
) -> Score:
    known = rhythm_named(rhythm or score.rhythm)
    if score.metre is None:
        metre = guess_metre(score, known, only_rhythm=bool(rhythm))
        score = replace(read(text, key=score.key, metre=metre), metre=metre)  # replaces M:none too
    elif wanted_metre and not score.metre.interchangeable(wanted_metre):
        raise NotationError(_conflict(str(score.metre), str(wanted_metre)))
    score = read_as_quavers(score, text)
    assert score.metre is not None
    if known and not known.fits(score.metre):
        if rhythm:
            raise NotationError(_wrong_metre(score.metre, known))
        known = None
    if len(score.bars) > MAX_BARS:
        raise NotationError(UserMessage("The opening is too long: I read at most {most} bars.", most=MAX_BARS))
    score = replace(score, rhythm=known.name if known else "", tempo=None)
    score = with_opening_end(score, mode)
    check_bars(score)
    try:
        tokens = opening_tokens(score)
    except NotEncodable as error:
        raise NotationError(UserMessage("I can't use this opening: it has {what}.", what=error.what)) from None
    check_playing_time(score, check_mode(score, tokens, mode, keeps_bars=keeps_bars))
    return score


def _read_to_play(text: str, score: Score, rhythm: str | None, wanted_metre: Metre | None, *, key_requested: bool) -> Score:
    """The whole tune. If it states no metre, it gets the one that its bars fill."""
    known = rhythm_named(rhythm or score.rhythm)
    if rhythm and known and score.metre and not known.fits(score.metre):
        raise NotationError(_wrong_metre(score.metre, known))
    if wanted_metre and score.metre and not score.metre.interchangeable(wanted_metre):
        raise NotationError(_conflict(str(score.metre), str(wanted_metre)))
    notices = [*score.notices, *skipped_text_notices(text)]
    if not any(bar.line for bar in score.bars):
        raise NotationError(
            UserMessage("This has no bar lines, so it isn't a whole tune. Give me a whole tune, or let me continue this one.")
        )
    if score.metre is None and not re.search(r"^\s*M:|\[M:", text, re.MULTILINE):
        metre = guess_metre(score, known, only_rhythm=False)
        if any(bar.duration == metre.bar for bar in score.bars):
            score = replace(read(text, key=score.key, metre=metre, all_voices=True), metre=metre)
    if score.metre:
        score = read_as_quavers(score, text)
    if not key_requested and not re.search(r"^\s*K:|\[K:", text, re.MULTILINE):
        notices.append(UserMessage("The tune states no key (K:), so I took {key}.", key=score.key.name))
    if len(score.bars) > MAX_BARS:
        raise NotationError(UserMessage("The tune is too long: I play at most {most} bars.", most=MAX_BARS))
    played_s = playing_time_s(score, play_order(score.bars, score.order))
    if played_s > MAX_PLAYING_S:
        raise NotationError(
            UserMessage(
                "The tune would play for {seconds:,} s; I play at most {most} s. Shorten it.",
                seconds=round(played_s),
                most=MAX_PLAYING_S,
            )
        )
    return replace(score, rhythm=known.name if known else score.rhythm, notices=tuple(dict.fromkeys(notices)))


def _with_key(score: Score, key: Key) -> Score:
    notice = UserMessage("Transposed from {written} to {wanted}.", written=score.key.name, wanted=key.name)
    return replace(transpose(score, key), notices=(*score.notices, notice))


def _conflict(written: str, wanted: str) -> UserMessage:
    return UserMessage(
        "The opening is in {written}, but you asked for {wanted}. Leave out one of the two.", written=written, wanted=wanted
    )


def _wrong_metre(metre: Metre, rhythm: Rhythm) -> UserMessage:
    return UserMessage(
        "The opening is in {metre}, but the rhythm “{rhythm}” isn't written in that metre.",
        metre=str(metre),
        rhythm=translatable(rhythm.name),
    )
