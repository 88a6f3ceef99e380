"""Refuses tunes that are too large or too odd, before any library sees them.

Every tune that passes is drawn, played and encoded in a few seconds on one core.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from generator.notation.score import Note, Score
from generator.notation.structure import metres, play_order
from generator.notation.tempo import MAX_PLAYING_S, playing_time_s, quarters_per_minute
from generator.rendering.result import RenderingError
from generator.user_messages import UserMessage

MAX_BARS = 200
MAX_BARS_PLAYED = 1_000  # empty bars take no playing time
MAX_NOTES = 3_000  # on the page, with the notes of chords and grace notes: each takes a millisecond to draw
MAX_NOTES_PER_BAR = 256  # the time to draw a bar grows with its square
MAX_UNITS_PER_BAR = 64  # of the metre (quavers in 6/8): the time to group the beams grows with its square as well
MAX_NOTES_PLAYED = 10_000
MAX_MIDI = 512 << 10  # bytes; ten thousand notes take 90 kB, and a backing about as much
MAX_PITCHES_AT_ONCE = 8
MAX_PASSES = 8
LOWEST, HIGHEST = 24, 108  # MIDI, C1 to C8: beyond them the page is ledger lines only
SHORTEST = Fraction(1, 256)
SLOWEST, FASTEST = 10, 1_000  # quarter notes a minute


def check(score: Score) -> None:
    """Raises RenderingError if a score is too long or too odd to be rendered."""
    voices = score.by_voice()
    bars_at_once = zip(*(voice.bars for voice in voices), strict=True)
    heads_per_bar = [sum(heads(note) for bar in bars for note in bar.notes) for bars in bars_at_once]
    _check_size(score, heads_per_bar)
    _check_bars(score)
    for voice in voices:
        for note in voice.notes():
            _check_note(note, voice.staff.sounding)
    quarters = quarters_per_minute(score)
    if not SLOWEST <= quarters <= FASTEST:
        raise RenderingError(
            UserMessage(
                "The tempo must be from {slowest} to {fastest} quarter notes a minute. Change or remove the Q: field.",
                slowest=SLOWEST,
                fastest=FASTEST,
            )
        )
    _check_playing(score, heads_per_bar)


def check_midi(midi: bytes) -> None:
    """Raises RenderingError if an arrangement, with the notes that it adds to the score, is too large to synthesise."""
    if len(midi) > MAX_MIDI:
        raise RenderingError(
            UserMessage("The tune has too many notes with its backing. Shorten it, or request it without backing.")
        )


def _check_size(score: Score, heads_per_bar: Sequence[int]) -> None:
    if len(score.bars) > MAX_BARS:
        raise RenderingError(
            UserMessage("The tune has {bars:,} bars; I render at most {most}. Shorten it.", bars=len(score.bars), most=MAX_BARS)
        )
    if sum(heads_per_bar) > MAX_NOTES:
        raise RenderingError(
            UserMessage(
                "The tune has {notes:,} notes; I render at most {most:,}. Shorten it.", notes=sum(heads_per_bar), most=MAX_NOTES
            )
        )
    if max(heads_per_bar, default=0) > MAX_NOTES_PER_BAR:
        raise RenderingError(
            UserMessage(
                "A bar has {notes:,} notes; I draw at most {most} in one. Add bar lines.",
                notes=max(heads_per_bar),
                most=MAX_NOTES_PER_BAR,
            )
        )


def _check_bars(score: Score) -> None:
    for bar, metre in zip(score.bars, metres(score), strict=True):
        unit = metre.unit if metre else 4
        if max(bar.duration, metre.bar if metre else 0) * unit > MAX_UNITS_PER_BAR:
            raise RenderingError(
                UserMessage(
                    "A bar is longer than {units}/{unit}. Add bar lines, or choose another metre.",
                    units=MAX_UNITS_PER_BAR,
                    unit=unit,
                )
            )
    if not any(note.pitches for note in score.notes()):
        raise RenderingError(UserMessage("There are no notes to play. Write at least one."))
    for bar in score.bars:
        if bar.repeat_end >= MAX_PASSES or max(bar.endings, default=0) > MAX_PASSES:
            raise RenderingError(UserMessage("A part is played more than {most} times. Repeat it less often.", most=MAX_PASSES))


def _check_playing(score: Score, heads_per_bar: Sequence[int]) -> None:
    """Checks the tune as played, with its repeats."""
    order = play_order(score.bars, score.order)
    if not any(note.pitches for index in set(order) for note in score.bars[index].notes):
        raise RenderingError(UserMessage("There are no notes to play. Add notes to one of the parts that are played."))
    seconds = playing_time_s(score, order)
    if seconds > MAX_PLAYING_S:
        raise RenderingError(
            UserMessage(
                "The tune would play for {time}; I play at most {most} s. Shorten it.",
                time=_rounded_time(seconds),
                most=MAX_PLAYING_S,
            )
        )
    if len(order) > MAX_BARS_PLAYED:
        raise RenderingError(
            UserMessage(
                "The tune has {bars:,} bars with its repeats; I play at most {most:,}. Shorten it.",
                bars=len(order),
                most=MAX_BARS_PLAYED,
            )
        )
    played = sum(heads_per_bar[index] for index in order)
    if played > MAX_NOTES_PLAYED:
        raise RenderingError(
            UserMessage(
                "The tune has {notes:,} notes with its repeats; I play at most {most:,}. Shorten it.",
                notes=played,
                most=MAX_NOTES_PLAYED,
            )
        )


def heads(note: Note) -> int:
    """The number of note heads, grace notes included; a rest counts as one."""
    return max(len(note.pitches), 1) + len(note.grace)


def _check_note(note: Note, sounding: int) -> None:
    """Checks a note that sounds `sounding` semitones higher than it is written."""
    if len(note.pitches) > MAX_PITCHES_AT_ONCE or len(note.grace) > MAX_PITCHES_AT_ONCE:
        raise RenderingError(
            UserMessage("A chord or a group of grace notes has more than {most} notes. Write fewer.", most=MAX_PITCHES_AT_ONCE)
        )
    if note.slurs_open > MAX_PITCHES_AT_ONCE:
        raise RenderingError(UserMessage("More than {most} slurs begin at one note. Write fewer.", most=MAX_PITCHES_AT_ONCE))
    for pitch in (*note.pitches, *note.grace):
        if not all(LOWEST <= midi <= HIGHEST for midi in (pitch.midi, pitch.midi + sounding)) or not -2 <= pitch.alter <= 2:
            raise RenderingError(UserMessage("The note {note} is out of range. Write it between C1 and C8.", note=str(pitch)))
    if note.duration < SHORTEST:
        raise RenderingError(UserMessage("A note is shorter than {length} of a whole note. Make it longer.", length=SHORTEST))


def _rounded_time(seconds: float) -> UserMessage:
    if seconds < 600:
        return UserMessage("{seconds} s", seconds=round(seconds))
    if seconds < 36_000:
        return UserMessage("{n:,} minute", "{n:,} minutes", n=round(seconds / 60))
    return UserMessage("{n:,} hour", "{n:,} hours", n=round(seconds / 3600))
