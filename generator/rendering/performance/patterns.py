"""The patterns of the backing: what guitar and bodhrán play in a bar of each rhythm, and which pattern when."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tempo import usual_rhythm
from generator.rendering.performance.groove import pulse_of
from generator.rendering.performance.played_bars import PHRASE, PlayedBar

# Patterns of a bar in equal steps; a dot is a step without a stroke. Guitar: B the root in the bass, A the alternating bass note,
# c the chord strummed down, u its upper strings strummed up, a digit a plucked note (1 root, 5 fifth, 8 octave, 3 third above
# that). Bodhrán: D a down stroke in the middle of the skin, d a softer one, t a tap at its edge, r two quick soft strokes.
GUITAR = {
    "reel": ("B.cuA.cu", "B.uc.uA.", "B.c.A.c."), "hornpipe": ("B.c.A.cu", "B.cuA.c.", "B.c.c.cu"),
    "strathspey": ("B.c.A.c.", "B.c.A.cu", "B.cuA.c."), "march": ("B.c.A.c.", "B.cuA.c.", "B.c...cu"),
    "polka": ("BcAc", "Bc.c", "B.Ac"), "jig": ("B.uc.u", "B..c.u", "B.ucu."),
    "slip jig": ("B.uc.uc.u", "B..c.uc..", "B.uc..A.u"), "slide": ("B.uc.uA.uc.u", "B..c.uA..c.u", "B.uc..A.uc.."),
    "waltz": ("B.c.c.", "B.cuc.", "B...c."),
}  # fmt: skip
BODHRAN = {
    "reel": ("DtdtDtdt", "DtdDtdDt"), "hornpipe": ("D.dtD.dt", "D.dtDtd."), "strathspey": ("D.d.D.d.", "D.d.D.dt"),
    "march": ("D.d.D.d.", "D.dtD.d."), "polka": ("DdDd", "DtDd"), "jig": ("DtdDtd", "DtdD.d"),
    "slip jig": ("DtdDtdDtd", "DtdD.dDtd"), "slide": ("DtdDtdDtdDtd", "DtdD.dDtdD.d"), "waltz": ("D.t.t.", "D.t.tt"),
}  # fmt: skip
FILLS = {
    "reel": ("DtdDrdDd", "DtDrDdrd"), "hornpipe": ("D.dtDrdd",), "strathspey": ("D.d.Drdd",), "march": ("D.d.Drdd",),
    "polka": ("DrDd",), "jig": ("DtdDrd", "DrdDdd"), "slip jig": ("DtdDtdDrd",), "slide": ("DtdDtdDrdDdd",), "waltz": ("D.t.rd",),
}  # fmt: skip  # the bodhrán's bars at the end of a part
_AIR = {
    2: ("1.5.", "1.58"), 3: ("1.5.8.", "1.583."), 4: ("1.5.8.5.", "1.583.5."), 6: ("1.583.", "1..58."),
    9: ("1.583.5..", "1..58.3.."), 12: ("1.583.1.583.", "1..58.1..58."),
}  # fmt: skip  # by the beats of the metre
_COMPOUND_DEFAULTS = {6: "jig", 9: "slip jig", 12: "slide"}  # by the beats of the metre


@dataclass(frozen=True, slots=True)
class Step:
    """One stroke in a bar of backing; times are in whole notes."""

    onset: Fraction
    length: Fraction  # until the next stroke of the pattern
    sign: str  # of the pattern
    bar: PlayedBar
    bar_offset: Fraction


def alternating(
    score: Score, table: Mapping[str, Sequence[str]], bars: Sequence[PlayedBar], seed: int
) -> Callable[[PlayedBar], str]:
    """Which pattern of a table is played in a bar: the next one in each playing of a part and after eight bars of it.

    If the tune has no more than one part, the pattern changes after each phrase.
    """
    rhythm = usual_rhythm(score.rhythm, score.metre)
    name = rhythm.name if rhythm else ""
    first = random.Random(f"patterns {seed}").randrange(6)
    bars_of_pattern = (
        2 * PHRASE
        if len({(bar.playing, bar.bar_in_section // (2 * PHRASE)) for bar in bars if bar.bar_in_section >= 0}) > 1
        else PHRASE
    )

    def pattern(bar: PlayedBar) -> str:
        assert bar.metre
        possible = _patterns(name, score, bar.metre, table)
        return possible[(first + bar.playing + max(bar.bar_in_section, 0) // bars_of_pattern) % len(possible)]

    return pattern


def steps(bars: Sequence[PlayedBar], end: Fraction, pattern: Callable[[PlayedBar], str]) -> Iterator[Step]:
    """The steps of every played bar, except a pick-up before the first bar and bars in free metre."""
    strokes: dict[tuple[str, Metre, Fraction, Fraction], list[tuple[Fraction, Fraction, str]]] = {}
    for number, played in enumerate(bars):
        if played.metre is None or (number == 0 and played.bar_offset):
            continue
        shape = (pattern(played), played.metre, played.bar_offset, played.duration)
        if shape not in strokes:
            strokes[shape] = _strokes(*shape)
        for bar_offset, length, sign in strokes[shape]:
            if (onset := played.onset + bar_offset - played.bar_offset) < end:
                yield Step(onset, length, sign, played, bar_offset)


def _strokes(pattern: str, metre: Metre, start: Fraction, duration: Fraction) -> list[tuple[Fraction, Fraction, str]]:
    """The strokes of a pattern in a bar that begins at the bar offset `start`: (bar offset, length until the next, sign)."""
    step = metre.bar / len(pattern)
    found = []
    for index in range(int(-(-start // step)), int(-(-(start + duration) // step))):
        rest = pattern[index % len(pattern) :]
        if rest[0] != ".":
            found.append((index * step, step * (1 + len(rest[1:]) - len(rest[1:].lstrip("."))), rest[0]))
    return found


def _patterns(name: str, score: Score, metre: Metre, table: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The patterns of a rhythm if they fit the metre, or else some that do."""
    if name == "air":
        return _AIR.get(metre.beats, ("1." * metre.beats, "1." * (metre.beats - 1) + "5.")) if table is GUITAR else (".",)
    patterns = table.get(name, ("",))
    if metre.compound:
        fitting = name if metre.beats == len(patterns[0]) else _COMPOUND_DEFAULTS.get(metre.beats)
        return table[fitting] if fitting else [each[:3] * (metre.beats // 3) for each in table["jig"]]
    if metre.beats == 3:
        return table["waltz"]
    if metre.beats not in (2, 4):
        return [each[0] + each[2] * (metre.beats - 1) for each in table["march"]]
    if len(patterns[0]) not in (4, 8):
        patterns = table["march"]
    # A bar of two pulses takes half of a pattern that is made for four.
    halved = len(patterns[0]) == 8 and metre.bar == 2 * pulse_of(score, metre)
    return [each[-4:] if table is FILLS else each[:4] for each in patterns] if halved else patterns
