"""What is refused before any library sees it: tunes that would take hours to play or that no staff can hold.

Whatever passes is drawn, played and encoded in a few seconds on one core.
"""

from __future__ import annotations

from fractions import Fraction

from generator.notation.score import Note, Score
from generator.notation.structure import metres, play_order
from generator.notation.tempo import MAX_PLAYING_S, playing_time_s, quarters_per_minute
from generator.rendering.result import RenderingError

MAX_BARS = 200
MAX_BARS_PLAYED = 1_000  # empty bars take no time
MAX_NOTES = 3_000  # on the page, those of chords and graces included: each takes a millisecond to draw
MAX_NOTES_A_BAR = 256  # drawing takes the square of it
MAX_UNITS = 64  # of the metre (quavers in 6/8) in a bar: grouping them takes the square as well
MAX_NOTES_PLAYED = 10_000
MAX_MIDI = 512 << 10  # bytes; ten thousand notes take 90 kB, and a backing about as much
MAX_PITCHES_AT_ONCE = 8
MAX_PASSES = 8
LOWEST, HIGHEST = 24, 108  # C1 to C8: beyond them the page is ledger lines only
SHORTEST = Fraction(1, 256)
SLOWEST, FASTEST = 10, 1_000  # quarter notes a minute


def check(score: Score) -> None:
    """Raises RenderingError, with what to do about it, where a score is too long or too odd to be rendered."""
    if len(score.bars) > MAX_BARS:
        raise RenderingError(f"The tune has {len(score.bars):,} bars; I render at most {MAX_BARS}. Leave some out.")
    notes = list(score.notes())
    written = [sum(map(_heads, bar.notes)) for bar in score.bars]
    if sum(written) > MAX_NOTES:
        raise RenderingError(f"The tune has {sum(written):,} notes; I render at most {MAX_NOTES:,}. Leave some out.")
    if max(written, default=0) > MAX_NOTES_A_BAR:
        raise RenderingError(f"A bar has {max(written):,} notes; I draw at most {MAX_NOTES_A_BAR} in one. Write more bar lines.")
    for bar, metre in zip(score.bars, metres(score), strict=True):
        unit = metre.unit if metre else 4
        if max(bar.duration, metre.bar if metre else 0) * unit > MAX_UNITS:
            raise RenderingError(f"A bar is longer than {MAX_UNITS}/{unit}. Write more bar lines, or another metre.")
    if not any(note.pitches for note in notes):
        raise RenderingError("There are no notes to play. Write at least one.")
    for bar in score.bars:
        if bar.repeat_end >= MAX_PASSES or max(bar.endings, default=0) > MAX_PASSES:
            raise RenderingError(f"A part is played more than {MAX_PASSES} times. Repeat it less often.")
    for note in notes:
        _check_note(note)
    quarters = quarters_per_minute(score)
    if not SLOWEST <= quarters <= FASTEST:
        raise RenderingError(f"The tempo is outside {SLOWEST} to {FASTEST} quarter notes a minute. Change or drop the Q: field.")
    order = play_order(score.bars, score.order)
    if not any(note.pitches for index in set(order) for note in score.bars[index].notes):
        raise RenderingError("There are no notes to play. Let one of the parts that are played have some.")
    seconds = playing_time_s(score, order)
    if seconds > MAX_PLAYING_S:
        raise RenderingError(f"The tune would play for {_spoken(seconds)}; I play at most {MAX_PLAYING_S} s. Shorten it.")
    if len(order) > MAX_BARS_PLAYED:
        raise RenderingError(f"The tune has {len(order):,} bars as played; I play at most {MAX_BARS_PLAYED:,}. Shorten it.")
    played = sum(written[index] for index in order)
    if played > MAX_NOTES_PLAYED:
        raise RenderingError(f"The tune has {played:,} notes as played; I play at most {MAX_NOTES_PLAYED:,}. Shorten it.")


def check_midi(midi: bytes) -> None:
    """The same for the arrangement, which adds notes of its own; nothing is synthesised before."""
    if len(midi) > MAX_MIDI:
        raise RenderingError("The tune has too many notes with its backing. Shorten it, or ask for it without a backing.")


def _heads(note: Note) -> int:
    return max(len(note.pitches), 1) + len(note.grace)


def _check_note(note: Note) -> None:
    if len(note.pitches) > MAX_PITCHES_AT_ONCE or len(note.grace) > MAX_PITCHES_AT_ONCE:
        raise RenderingError(f"More than {MAX_PITCHES_AT_ONCE} notes stand together. Write fewer in a chord or a grace.")
    if note.slurs_open > MAX_PITCHES_AT_ONCE:
        raise RenderingError(f"More than {MAX_PITCHES_AT_ONCE} slurs begin at one note. Write fewer.")
    for pitch in (*note.pitches, *note.grace):
        if not LOWEST <= pitch.midi <= HIGHEST or not -2 <= pitch.alter <= 2:
            raise RenderingError(f"The note {pitch} is out of reach. Write it between C1 and C8.")
    if note.duration < SHORTEST:
        raise RenderingError(f"A note is shorter than {SHORTEST} of a whole note. Write it longer.")


def _spoken(seconds: float) -> str:
    if seconds < 600:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} minutes" if seconds < 36_000 else f"{seconds / 3600:,.0f} hours"
