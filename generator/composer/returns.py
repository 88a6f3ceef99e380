"""What the model is told about a tune's form before it writes it: its parts, which bars return earlier ones, and its lifts.

Bars are counted through the tune: those of the first part, then those of the second … Pick-ups and second endings don't count.
Training takes the outline of each tune from its tokens, composing draws one (see form_table).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

from generator.composer.arrays import Int16Array
from generator.composer.token_kinds import TOKEN_KINDS, TOKEN_TICKS, Kind
from generator.notation.tokens import INDEX, bars_per_part, is_melody, pitch_parts

# How much of an earlier bar returns in a bar. 0 is unknown.
NOTHING, SOME, MOST, ALL = 1, 2, 3, 4
SOME_SHARE, MOST_SHARE = 0.5, 0.7  # of a bar's notes, at the same bar offset with the same pitch; for ALL also the durations
# What returns a bar later, if most of it returns. 0 is unknown.
NEVER, IN_ITS_PART, IN_A_LATER_PART, AT_THE_END = 1, 2, 3, 4
# How much higher a part lies than the first one, in degrees of the scale: the mean pitches are compared. Class 0: unknown.
LIFTS = (-1.0, 1.0, 2.5)  # the bounds between lower, level, higher and much higher

_KIND_AND_TICKS = dict(zip(INDEX, zip(TOKEN_KINDS.tolist(), TOKEN_TICKS.tolist(), strict=True), strict=True))
_ENDS = {Kind.OPEN, Kind.OPEN_REPEATED, Kind.BAR, Kind.FIRST, Kind.SECOND, Kind.REPEAT, Kind.CLOSE}  # of bars

Notes = dict[int, tuple[str, int]]  # of a bar: bar offset in ticks → pitch token and duration in ticks


@dataclass(frozen=True, slots=True)
class Outline:
    """A tune's form as the model reads it. Everything may be unknown, which empty sequences say."""

    layout: Sequence[int] = ()  # the bars of each part
    returns: Sequence[tuple[int, int]] = ()  # for each bar: how much of which earlier bar returns in it (-1: of none)
    lifts: Sequence[int] = ()  # for each part: see lift_class; 0 for the first
    # Bars that are known before the tune is written. The model reads them as bars that return whole, so it sees them coming.
    given: Mapping[int, Notes] = field(default_factory=dict)

    def planned(self) -> Int16Array:
        """For each bar: how much of an earlier bar returns in it, which one does, and what returns it later: (bars, 3)."""
        found = np.zeros((max(len(self.returns), *(bar + 1 for bar in self.given), 0), 3), np.int16)
        ends = list(accumulate(self.layout))
        part_of = [part for part, bars in enumerate(self.layout) for _ in range(bars)]
        for bar, (likeness, source) in enumerate(self.returns):
            found[bar, 0], found[bar, 1] = likeness, max(source, 0)
            if likeness and found[bar, 2] == 0:
                found[bar, 2] = NEVER
            if likeness >= MOST and 0 <= source < bar < len(part_of):
                later = AT_THE_END if bar + 1 == ends[-1] else IN_A_LATER_PART
                own = part_of[source] == part_of[bar] and later != AT_THE_END
                found[source, 2] = max(found[source, 2], IN_ITS_PART if own else later)
        for bar in self.given:
            found[bar, 0], found[bar, 1] = ALL, bar
        return found


UNKNOWN = Outline()


def lift_class(lift: float) -> int:
    """The class of a lift in degrees of the scale."""
    return 1 + sum(lift >= bound for bound in LIFTS)


def outline_of(tokens: Sequence[str]) -> Outline:
    """The outline of a whole tune."""
    layout = bars_per_part(tokens)
    degrees: list[list[int]] = [[] for _ in layout]
    for part, _, notes, _ in _bars(tokens):
        degrees[part] += [pitch_parts(pitch)[0] for pitch, _ in notes.values() if is_melody(pitch)]
    means = [sum(each) / len(each) if each else None for each in degrees]
    lifts = [
        0 if part == 0 or mean is None or means[0] is None else lift_class(mean - means[0]) for part, mean in enumerate(means)
    ]
    return Outline(layout, _returns_of(tokens, layout), lifts)


def _returns_of(tokens: Sequence[str], layout: Sequence[int]) -> list[tuple[int, int]]:
    """How much of which earlier bar returns in each bar, see Outline."""
    starts = [0, *accumulate(layout)]
    contents: dict[int, Notes] = {}
    returns: list[tuple[int, int]] = []
    for part, bar, notes, second_ending in _bars(tokens):
        at = starts[part] + bar
        if bar >= 0 and not second_ending and at >= len(returns):
            returns += [(0, -1)] * (at - len(returns))
            returns.append(_return(at, part, bar, notes, contents, starts))
        contents.setdefault(at, {}).update(notes)
    return returns


def unplanned_returns(planned: Sequence[tuple[int, int]], tokens: Sequence[str]) -> int:
    """How many bars of a whole tune return an earlier one whole against the plan, or don't although they are to.

    planned: as in Outline; bars that are unknown there don't count.
    """
    written = _returns_of(tokens, bars_per_part(tokens)) if planned else ()  # an opening has no plan
    return sum(
        (wanted == ALL) != (found == ALL) for (wanted, _), (found, _) in zip(planned, written, strict=False) if wanted and found
    )


def notes_of_bars(tokens: Sequence[str], numbers: Collection[int]) -> dict[int, Notes]:
    """The notes of those bars of a whole tune that have one of the numbers (see bar_numbers) and are counted here."""
    starts = [0, *accumulate(bars_per_part(tokens))]
    return {
        starts[part] + bar: notes
        for number, (part, bar, notes, second_ending) in enumerate(_bars(tokens), 1)
        if number in numbers and bar >= 0 and not second_ending
    }


def _bars(tokens: Sequence[str]) -> Iterator[tuple[int, int, Notes, bool]]:
    """The part, the number in the part (-1: a pick-up), the notes, and whether it is in a second ending, of each bar."""
    part, bar, ending_bar, bar_ticks = -1, 0, 0, 0
    offset = duration = 0
    second = False
    notes: Notes = {}
    for token in tokens:
        kind, ticks = _KIND_AND_TICKS[token]
        if kind >= Kind.REST:
            notes[offset] = token, duration
            offset += duration
        elif kind >= Kind.DURATION:
            duration = ticks
        elif kind == Kind.METRE:
            bar_ticks = ticks
        elif kind == Kind.PICK_UP:
            bar, offset = -1, bar_ticks - ticks
        elif kind in _ENDS:
            if notes:
                yield part, bar, notes, second
                notes = {}
            offset = 0
            if kind in (Kind.OPEN, Kind.OPEN_REPEATED):
                part, bar, second = part + 1, 0, False
            elif kind == Kind.BAR:
                bar += 1
            elif kind == Kind.FIRST:
                bar += 1
                ending_bar = bar
            elif kind == Kind.SECOND:
                bar, second = ending_bar, True


def _return(at: int, part: int, bar: int, notes: Notes, contents: dict[int, Notes], starts: Sequence[int]) -> tuple[int, int]:
    """How much of which earlier bar returns in the bar `at`."""
    bars = starts[part + 1] - starts[part]
    own = [at - back for back in (4, 8, 2, 1) if bar - back >= 0]
    of_first = [starts[1] - (bars - bar), bar] if part else []
    of_previous = [starts[part] - (bars - bar), starts[part - 1] + bar] if part > 1 else []
    beginnings, endings = [*own, *reversed(of_first), *reversed(of_previous)], [*of_first, *own, *of_previous]
    aligned = [source for source in (endings if bars - bar <= 4 else beginnings) if 0 <= source < at]
    best, found = 0.0, -1
    for source in aligned:
        alike = _alike(notes, contents.get(source, {}))
        if alike > best:
            best, found = alike, source
    if best <= 1.0:  # no bar is the same: look at all others
        found, best = next(((source, 2.0) for source in range(at) if _returns(notes, contents.get(source, {}))), (found, best))
    if best < SOME_SHARE:
        return NOTHING, -1
    return (ALL if best > 1.0 else MOST if best >= MOST_SHARE else SOME), found


def _returns(notes: Notes, earlier: Notes) -> bool:
    """Whether an earlier bar has all notes of a bar."""
    return bool(notes) and notes.items() <= earlier.items()


def _alike(notes: Notes, earlier: Notes) -> float:
    """The share of the notes that an earlier bar has at the same bar offset with the same pitch; 2 if the durations are too."""
    if not notes:
        return 0.0
    if _returns(notes, earlier):
        return 2.0
    alike = sum(offset in earlier and earlier[offset][0] == pitch for offset, (pitch, _) in notes.items())
    return alike / len(notes) if alike > 1 or alike == len(notes) else 0.0  # a single note may be alike by chance
