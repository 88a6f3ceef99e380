"""Checks whether the composer can work on an opening. If not, a NotationError says what to change."""

from __future__ import annotations

from collections.abc import Sequence

from generator.notation.errors import NotationError
from generator.notation.metres import Metre
from generator.notation.opening_end import parts_without_pick_up
from generator.notation.opening_modes import ANSWER_BARS, OpeningMode
from generator.notation.score import Bar, Note, Score
from generator.notation.structure import metres, play_order
from generator.notation.tempo import MAX_PLAYING_S, playing_time_s, seconds, tempo
from generator.notation.tokens import DEGREES, PICK_UPS, TICKS, bars_per_part, tonic_pitch
from generator.notation.variation import split_bars, variable_bars
from generator.user_messages import UserMessage

_MIN_PART_BARS = 4  # of a first part that gets a second
_NEW_PART_BARS = 16  # as played: eight bars, repeated
_UNIT_NAMES = {8: UserMessage("quavers"), 16: UserMessage("semiquavers"), 32: UserMessage("demisemiquavers")}


def check_bars(score: Score) -> None:
    """Raises NotationError if a bar doesn't fill its metre or a note is out of the composer's range.

    Pick-ups, the ends of parts and the last bar may be short.
    """
    tonic = tonic_pitch(score.key).staff
    for index, (bar, metre) in enumerate(zip(score.bars, metres(score), strict=True)):
        if metre is None:
            continue
        _check_length(index, bar, metre, score)
        for note in bar.notes:
            _check_range(index, note, tonic)


def _check_length(index: int, bar: Bar, metre: Metre, score: Score) -> None:
    unit = metre.unit if metre.unit >= 8 else 8
    if bar.duration > metre.bar:
        raise NotationError(
            UserMessage(
                "Bar {bar} of the opening is too long: it has {has} of {needs} {notes}.",
                bar=index + 1,
                has=bar.duration * unit,
                needs=metre.bar * unit,
                notes=_UNIT_NAMES[unit],
            )
        )
    before = score.bars[index - 1] if index else None
    edge = before is None or before.ends_section or bar.repeat_start or not bar.line
    if edge and bar.line and not bar.ends_section:
        edge = bar.duration * TICKS <= max(PICK_UPS)
    if bar.duration < metre.bar and not (edge or bar.ends_section or bar.endings):
        raise NotationError(
            UserMessage(
                "Bar {bar} of the opening is too short: it has {has} of {needs} {notes}.",
                bar=index + 1,
                has=bar.duration * unit,
                needs=metre.bar * unit,
                notes=_UNIT_NAMES[unit],
            )
        )


def _check_range(index: int, note: Note, tonic: int) -> None:
    pitch = note.melody
    if pitch is None or pitch.staff - tonic in DEGREES:
        return
    if pitch.staff < tonic:
        message = UserMessage("Bar {bar} of the opening goes too low: it has {note}.", bar=index + 1, note=str(pitch))
    else:
        message = UserMessage("Bar {bar} of the opening goes too high: it has {note}.", bar=index + 1, note=str(pitch))
    raise NotationError(message)


def check_mode(score: Score, tokens: Sequence[str], mode: OpeningMode, *, keeps_bars: bool = False) -> int:
    """How many bars the mode adds, as played. Raises NotationError if the mode cannot use this opening.

    keeps_bars: whether the request says which bars a variation keeps.
    """
    if mode == "vary":
        if not keeps_bars and not variable_bars(split_bars(tokens)):
            raise NotationError(
                UserMessage(
                    "This tune has nothing to vary: I keep the first and last bars of its parts, its cadences and bars that are "
                    "tied together, and it has no others."
                )
            )
        return 0
    part_bars = bars_per_part(tokens)
    if mode == "answer":
        if not part_bars[-1]:
            raise NotationError(UserMessage("An answer needs a phrase of at least one bar; this is only a pick-up."))
        return max(ANSWER_BARS)
    if mode == "second part":
        opening_parts = parts_without_pick_up(score)
        if len(opening_parts) > 2 or (len(opening_parts) == 2 and score.bars[-1].ends_section):
            raise NotationError(
                UserMessage(
                    "I write a second part to a single first part, but this opening has {parts} parts.", parts=len(opening_parts)
                )
            )
        first_part_bars = part_bars[-len(opening_parts)]
        if first_part_bars < _MIN_PART_BARS:
            raise NotationError(
                UserMessage(
                    "A second part needs a whole first part, of at least {fewest} bars; this one is shorter.",
                    fewest=_MIN_PART_BARS,
                )
            )
        return 2 * first_part_bars
    return _NEW_PART_BARS


def check_playing_time(score: Score, added_bars: int) -> None:
    """Raises NotationError if the opening and the bars to add play for longer than a tune may."""
    assert score.metre is not None
    opening_s = playing_time_s(score, play_order(score.bars, score.order))
    if opening_s + seconds(added_bars * score.metre.bar, tempo(score)) > MAX_PLAYING_S:
        raise NotationError(
            UserMessage(
                "The opening alone plays for {seconds} s, and a whole tune may play for at most {most} s. Leave a part out.",
                seconds=round(opening_s),
                most=MAX_PLAYING_S,
            )
        )
