"""The bars of a tune in playing order, with repeats played out, and the key and position of each written bar."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.structure import metres, play_order, sections
from generator.notation.tempo import MAX_PLAYING_S, seconds, tempo
from generator.rendering.limits import MAX_BARS_PLAYED, MAX_NOTES_PLAYED, heads

SHORT_S = 25  # a shorter tune is played twice by default
PHRASE = 4  # bars


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """One playing of a written bar; times are in whole notes."""

    index: int  # in score.bars
    pass_index: int  # 0 the first time that the bar is played
    onset: Fraction
    duration: Fraction
    bar_offset: Fraction  # where in a full bar it begins: the notes of a pick-up are the last of a bar
    metre: Metre | None
    playing: int = 0  # which playing of a section it belongs to: with AABB, 0 to 3
    bar_in_section: int = -1  # -1 for a pick-up
    bars_in_section: int = 0  # without pick-ups

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration

    @property
    def full(self) -> bool:
        return self.metre is not None and self.duration == self.metre.bar

    @property
    def ends_phrase(self) -> bool:
        return self.bar_in_section >= 0 and (self.bar_in_section % PHRASE == PHRASE - 1 or self.ends_section)

    @property
    def ends_section(self) -> bool:
        return self.bar_in_section == self.bars_in_section - 1


def played_bars(score: Score, times: int = 1) -> list[PlayedBar]:
    """The bars in playing order. The tune is played `times` times in all."""
    bar_metres, offsets = metres(score), bar_offsets(score)
    durations = [bar.duration for bar in score.bars]
    once = play_order(score.bars, score.order)
    starts = {start for start, _ in sections(score.bars)}
    passes: Counter[int] = Counter()
    found: list[PlayedBar] = []
    onset, playing, bar_in_section = Fraction(0), 0, 0
    for time in range(times):
        order = once
        if time:
            pause, skips_pickup = _seam(found[-1], durations[once[0]] if offsets[once[0]] else Fraction(0))
            onset += pause
            order = once[skips_pickup:]
        for index in order:
            if bar_in_section and (index in starts or index <= found[-1].index):
                playing, bar_in_section = playing + 1, 0
            bar = PlayedBar(index, passes[index], onset, durations[index], offsets[index], bar_metres[index], playing)
            found.append(bar if bar.bar_offset else replace(bar, bar_in_section=bar_in_section))
            bar_in_section += not offsets[index]
            passes[index] += 1
            onset += durations[index]
    lengths = Counter(bar.playing for bar in found if bar.bar_in_section >= 0)
    return [replace(bar, bars_in_section=lengths[bar.playing]) for bar in found]


def times_played(score: Score, wanted: int | None) -> int:
    """How many times a tune is played from beginning to end: as many as wanted, by default twice if it is short.

    Fewer if it would exceed the limits of playing time, bars or notes.
    """
    beat_tempo, voices = tempo(score), score.by_voice()
    if wanted is None:
        wanted = 1 + (seconds(played_bars(score)[-1].end, beat_tempo) < SHORT_S)
    for times in range(wanted, 1, -1):
        bars = played_bars(score, times)
        notes = sum(heads(note) for bar in bars for voice in voices for note in voice.bars[bar.index].notes)
        if len(bars) <= MAX_BARS_PLAYED and notes <= MAX_NOTES_PLAYED and seconds(bars[-1].end, beat_tempo) <= MAX_PLAYING_S:
            return times
    return 1


def _seam(last: PlayedBar, pickup: Fraction) -> tuple[Fraction, bool]:
    """How the tune begins again after its last bar: with a pause of this length, and whether without its pick-up.

    The beat goes on: the pick-up is played if the last bar has room for it.
    """
    missing = max(last.metre.bar - last.bar_offset - last.duration, Fraction(0)) if last.metre else pickup
    return (missing - pickup, False) if pickup <= missing else (missing, True)


def bar_offsets(score: Score) -> list[Fraction]:
    """For each written bar, where in a full bar it begins, in whole notes: 0 except for pick-ups."""
    return [
        metre.bar - bar.duration if metre and _is_pickup(score, index, metre) else Fraction(0)
        for index, (bar, metre) in enumerate(zip(score.bars, metres(score), strict=True))
    ]


def _is_pickup(score: Score, index: int, metre: Metre) -> bool:
    """Whether a short bar leads into the next one, rather than ending a part."""
    bar = score.bars[index]
    before = score.bars[index - 1] if index else None
    opens = before is None or bar.repeat_start or before.ends_section
    return opens and not bar.repeat_end and bar.duration < metre.bar


def keys_of_bars(score: Score) -> list[Key]:
    """The key of each written bar."""
    current, found = score.key, []
    for bar in score.bars:
        current = bar.key or current
        found.append(current)
    return found
