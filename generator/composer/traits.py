"""The traits of a tune: what ranking and the judge measure of it, as numbers in groups.

None depends on the key, on how repeats are written or on the header. Nor is there one for how much a tune shares with known
tunes: a composer must not be drawn towards copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean

from generator.composer.music import Music, Sound, bar_at

STEP_CLASSES = (-99, -8, -5, -3, 0, 1, 3, 5, 8, 99)  # lower bounds of the classes of intervals, in semitones
LENGTHS = (6, 12, 18, 24, 36, 48, 72, 96)  # ticks
LEAP = 5  # semitones: more than a major third
STEP = 2  # semitones
LAST_BARS = 4

Group = dict[str, float]


def traits_of(music: Music) -> dict[str, Group]:
    """Group → trait → value."""
    sounds = [sound for part in music for bar in part for sound in bar]
    return {
        "melody": _melody(sounds),
        "lengths": _lengths(music, sounds),
        "repetition": _repetition(music),
        "form": _form(music),
    }


def bar_lengths(part: Sequence[Sequence[Sound]]) -> list[str]:
    """The lengths of the notes of each bar in ticks, `z` before those of rests."""
    return [" ".join(f"{'z' if sound.degree is None else ''}{sound.ticks}" for sound in bar) for bar in part]


def _melody(sounds: Sequence[Sound]) -> Group:
    heard = [sound for sound in sounds if sound.degree is not None]
    pitches = [sound.midi for sound in heard]
    steps = [after - before for before, after in pairwise(pitches)]
    classes = Counter(sum(step >= bound for bound in STEP_CLASSES) for step in steps)
    firsts = [sound for sound in heard if sound.offset == 0]
    altered = [index for index, sound in enumerate(heard) if sound.alter]
    resolved = sum(index + 1 < len(heard) and abs(heard[index + 1].midi - heard[index].midi) <= STEP for index in altered)
    turns = sum((before > 0) != (after > 0) for before, after in pairwise([step for step in steps if step]))
    total = max(len(steps), 1)
    return {
        **{f"steps {kind}": classes[kind] / total for kind in range(1, len(STEP_CLASSES))},
        **{f"degree {degree}": share for degree, share in enumerate(_degrees(heard))},
        **{f"bar begins on {degree}": share for degree, share in enumerate(_degrees(firsts))},
        "altered": len(altered) / max(len(heard), 1),
        "altered and not resolved": (len(altered) - resolved) / max(len(heard), 1),
        "turns": turns / total,
        "leap after leap": sum(abs(a) >= LEAP and abs(b) >= LEAP for a, b in pairwise(steps)) / total,
        "range": float(max(pitches, default=0) - min(pitches, default=0)),
        "highest": float(max(pitches, default=0)),
        "lowest": float(min(pitches, default=0)),
        "height": mean(map(float, pitches)),
    }


def _degrees(sounds: Sequence[Sound]) -> list[float]:
    """The share of each degree of the scale, in any octave."""
    counts = Counter(sound.degree % 7 for sound in sounds if sound.degree is not None)
    return [counts[degree] / max(len(sounds), 1) for degree in range(7)]


def _lengths(music: Music, sounds: Sequence[Sound]) -> Group:
    total = max(len(sounds), 1)
    bars = [lengths for part in music for lengths in bar_lengths(part)]
    counts = Counter(sound.ticks for sound in sounds)
    return {
        **{f"length {ticks}": counts[ticks] / total for ticks in LENGTHS},
        "triplets": sum(sound.triplet for sound in sounds) / total,
        "rests": sum(sound.degree is None for sound in sounds) / total,
        "bars of equal notes": sum(len({sound.ticks for sound in bar}) == 1 for part in music for bar in part)
        / max(len(bars), 1),
        "notes a bar": len(sounds) / max(len(bars), 1),
        "bar lengths": len(set(bars)) / max(len(bars), 1),
        "most frequent bar lengths": max(Counter(bars).values(), default=0) / max(len(bars), 1),
    }


def _repetition(music: Music) -> Group:
    bars = [tuple((sound.midi, sound.degree is None, sound.ticks) for sound in bar) for part in music for bar in part]
    folded = [tuple((midi % 12, rest, ticks) for midi, rest, ticks in bar) for bar in bars]
    contours = [tuple(b[0] - a[0] for a, b in pairwise(bar)) for bar in bars]
    slips = later = 0
    known: tuple[set[object], set[object], set[object]] = set(), set(), set()
    for bar, octaveless, contour in zip(bars, folded, contours, strict=True):
        if bar not in known[0]:
            slips += octaveless in known[1]
            later += contour in known[2]
        for seen, form in zip(known, (bar, octaveless, contour), strict=True):
            seen.add(form)
    back = {
        f"same as {bars_back} before": _alike(
            (bar_at(music, number, index - bars_back), bar)
            for number, part in enumerate(music)
            for index, bar in enumerate(part)
            if index >= bars_back
        )
        for bars_back in (1, 2, 4, 8)
    }
    return {
        **back,
        "distinct bars": len(set(bars)) / max(len(bars), 1),
        "octave slips": slips / max(len(bars), 1),
        "sequences": later / max(len(bars), 1),
        "parts begin alike": _alike((bar_at(music, 0, index), bar_at(music, 1, index)) for index in range(LAST_BARS)),
        "parts end alike": _alike((_from_end(music, 0, back), _from_end(music, 1, back)) for back in range(1, LAST_BARS + 1)),
    }


def _from_end(music: Music, part: int, back: int) -> list[Sound]:
    return bar_at(music, part, len(music[part]) - back) if part < len(music) else []


def _alike(pairs: Iterable[tuple[Sequence[Sound], Sequence[Sound]]]) -> float:
    """The share of the notes of the second bars that are also in the first ones, at the same offset."""
    alike = notes = 0
    for one, other in pairs:
        known = {(sound.offset, sound.midi) for sound in one if sound.degree is not None}
        alike += sum((sound.offset, sound.midi) in known for sound in other if sound.degree is not None)
        notes += sum(sound.degree is not None for sound in other)
    return alike / max(notes, 1)


def _form(music: Music) -> Group:
    heard = [[sound for bar in part for sound in bar if sound.degree is not None] for part in music]
    heights = [mean(float(sound.midi) for sound in part) for part in heard]
    last, first = [part[-1] for part in heard if part], [part[0] for part in heard if part]
    return {
        "second part higher": heights[1] - heights[0] if len(heights) > 1 else 0.0,
        "parts end on the tonic": _degrees(last)[0],
        "parts end with 7-1": mean(float(_rises_to_tonic(part)) for part in heard if part),
        "last bar alike": float(_last_bars_alike(music, 1)),
        "last two bars alike": float(_last_bars_alike(music, 2)),
        "last note": mean(float(sound.ticks) for sound in last),
        "begins on the tonic": _degrees(first)[0],
        "notes of the last bars": mean(float(len(part[-1])) for part in music),
        "bars of the first part": float(len(music[0])) if music else 0.0,
        "parts": float(len(music)),
    }


def _rises_to_tonic(part: Sequence[Sound]) -> bool:
    degrees = [sound.degree for sound in part[-2:] if sound.degree is not None]
    return len(degrees) == 2 and degrees[1] - degrees[0] == 1 and degrees[1] % 7 == 0


def _last_bars_alike(music: Music, bars: int) -> bool:
    """Whether the first two parts have the same notes at the same offsets in their last bars, of this number."""
    if len(music) < 2 or min(map(len, music[:2])) < bars:
        return False
    one, other = ([[(sound.offset, sound.degree, sound.alter) for sound in bar] for bar in part[-bars:]] for part in music[:2])
    return one == other


def mean(values: Iterable[float]) -> float:
    """0 for no values."""
    found = list(values)
    return fmean(found) if found else 0.0
