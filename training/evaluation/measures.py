"""What is measured of one tune: whether it is well made, is what was asked for, can be played, and recalls itself.

Each measure of a tune is a pair (how much, out of how much), so that a table adds both up over many tunes: 1 of 1 where
the tune ends on its tonic, 30 of 32 bars that add up, 0 of 0 where the question does not arise.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Bar, Pitch, Score
from generator.notation.structure import FormError, Part, illegal_bars, parts, play_order
from generator.notation.tokens import plain

if TYPE_CHECKING:
    from training.baselines.forms import Header

Ratio = tuple[float, float]

DANCES = ("reel", "jig", "slip jig", "hornpipe", "polka", "slide", "waltz", "strathspey")  # marches and airs are no dances
PART_BARS = 8
FIDDLE = range(55, 84)  # MIDI: the open G to the B of the first position
WHISTLE = range(62, 84)  # a D whistle's two octaves, as they are written: an octave below where they sound
ODD_BARS = 0.1  # of the bars may be wrong in a tune that is still in its metre
BETTER_FIT = 0.02  # share of the notes by which another scale must fit better to make a tune be in another key


def understood(text: str) -> Score | None:
    """The tune in a text; None where our reader finds none."""
    try:
        return read(text)
    except NotationError:
        return None


def melody(score: Score) -> list[Pitch]:
    """The notes that sound, as they are written: repeats not played, ties joined, rests left out."""
    found: list[Pitch] = []
    tied = False
    for note in score.notes():
        pitch = note.melody
        if pitch and not (tied and found[-1].midi == pitch.midi):
            found.append(pitch)
        tied = note.tie and pitch is not None
    return found


def intervals(pitches: Sequence[Pitch]) -> list[int]:
    """The steps of a melody in semitones, the same in every key."""
    return [after.midi - before.midi for before, after in pairwise(pitches)]


def judge(score: Score | None, wish: Header) -> dict[str, Ratio]:
    """Every measure that the tune alone answers. A text that cannot be read fails what it could have passed."""
    if score is None:
        failed = dict.fromkeys(
            ("readable", "bars_legal", "repeats_resolve", "ends_on_tonic", "metre", "key_written", "key"), (0.0, 1.0)
        )
        return failed | {"aabb": (0.0, float(wish.rhythm in DANCES)), "fiddle": (0.0, 1.0), "whistle": (0.0, 1.0)}
    asked = Key.parse(wish.key)
    wrong = {index for index, *_ in illegal_bars(score)}
    bars = len(score.bars)
    notes = melody(score)
    layout = _parts(score)
    lengths = [bars_of(part, score.metre) for part in layout or ()]
    written = score.key == asked
    return {
        "readable": (1.0, 1.0),
        "bars_legal": _share(not wrong),
        "legal_bars": (float(bars - len(wrong)), float(bars)),
        "repeats_resolve": _share(layout is not None and closed(score.bars)),
        "ends_on_tonic": _share(ends_on_tonic(score)),
        "aabb": _share(is_aabb(layout or (), score.metre)) if wish.rhythm in DANCES else (0.0, 0.0),
        "parts_of_8": (float(lengths.count(PART_BARS)), float(len(lengths))),
        "metre": _share(same_metre(score.metre, wish.metre) and len(wrong) <= ODD_BARS * bars),
        "key_written": _share(written),
        "key": _share(written and fits_key(notes, asked)),
        "notes_in_scale": in_scale(notes, asked),
        "fiddle": _share(all(pitch.midi in FIDDLE for pitch in notes)),
        "whistle": _share(all(pitch.midi in WHISTLE for pitch in notes)),
        "recall_bars": _sum(recalled_bars(part, score.metre) for part in layout or ()),
        "recall_notes": _sum(recall(part, score.metre) for part in layout or ()),
        "endings_alike": endings_alike(layout or (), score.metre),
        "bars": (float(sum(lengths) if layout else bars), 1.0),
        "notes": (float(len(notes)), 1.0),
    }


def _share(holds: bool) -> Ratio:
    return float(holds), 1.0


def _sum(ratios: Iterable[Ratio]) -> Ratio:
    pairs = list(ratios)
    return sum(much for much, _ in pairs), sum(of for _, of in pairs)


# form


def _parts(score: Score) -> list[Part] | None:
    """The parts, a pick-up before the first `|:` left out; None where repeats or endings go wrong."""
    try:
        found = parts(score)
    except FormError:
        return None
    return [part for part in found if not _lone_pick_up(part, score.metre)]


def _lone_pick_up(part: Part, metre: Metre | None) -> bool:
    return metre is not None and len(part.body) == 1 and not part.repeated and part.body[0].duration < metre.bar


def closed(bars: Sequence[Bar]) -> bool:
    """Whether every `|:` is closed by a `:|` before the next, and every first ending ends in one."""
    is_open = first_ending = False
    for bar in bars:
        if (bar.repeat_start and is_open) or (first_ending and bar.endings == (2,)):
            return False
        is_open = is_open or bar.repeat_start
        first_ending = first_ending or 1 in bar.endings
        if bar.repeat_end:
            is_open = first_ending = False
    return not is_open and not first_ending


def ends_on_tonic(score: Score) -> bool:
    """Whether the last note that is played is the tonic, in any octave."""
    last = next((pitch for index in reversed(play_order(score.bars)) for note in reversed(score.bars[index].notes)
                 if (pitch := note.melody)), None)  # fmt: skip
    return last is not None and last.midi % 12 == score.key.pitch_class


def once(part: Part, metre: Metre | None) -> tuple[Bar, ...]:
    """The bars of a part as they are played the first time, without its pick-up."""
    bars = part.body + part.first
    pick_up = metre is not None and len(bars) > 1 and bars[0].duration < metre.bar
    return bars[1:] if pick_up else bars


def bars_of(part: Part, metre: Metre | None) -> int:
    return len(once(part, metre))


def is_aabb(layout: Sequence[Part], metre: Metre | None) -> bool:
    """Two parts of eight bars, each played twice."""
    return len(layout) == 2 and all(part.repeated and bars_of(part, metre) == PART_BARS for part in layout)


def same_metre(metre: Metre | None, asked: str) -> bool:
    """Whether a tune is in the metre that was asked for; 2/2 and 4/4 are the same."""
    wanted = Metre.parse(asked)
    return metre is not None and wanted is not None and plain(metre) == plain(wanted)


# key


def in_scale(notes: Sequence[Pitch], key: Key) -> Ratio:
    """How many of the notes belong to the key's scale."""
    scale = {(key.pitch_class + step) % 12 for step in _steps(key)}
    return float(sum(note.midi % 12 in scale for note in notes)), float(len(notes))


def fits_key(notes: Sequence[Pitch], key: Key) -> bool:
    """Whether no other diatonic scale holds noticeably more of the notes than the key's own."""
    if not notes:
        return False
    classes = Counter(note.midi % 12 for note in notes)
    own = [(key.pitch_class + step) % 12 for step in _steps(key)]
    held = [sum(classes[(pitch + up) % 12] for pitch in own) for up in range(12)]
    return held[0] >= max(held) - BETTER_FIT * len(notes)


def _steps(key: Key) -> list[int]:
    """The key's scale in semitones above its tonic."""
    base = Pitch(key.tonic[0], 4).staff
    tonic = Pitch.at(base, key.signature[key.tonic[0]]).midi
    return [Pitch.at(base + step, key.signature[Pitch.at(base + step).letter]).midi - tonic for step in range(7)]


# repetition


def _places(bar: Bar) -> set[tuple[Fraction, int]]:
    """Where in the bar which pitch begins."""
    found, at = set(), Fraction(0)
    for note in bar.notes:
        if note.melody:
            found.add((at, note.melody.midi))
        at += note.duration
    return found


def _halves(part: Part, metre: Metre | None) -> Iterator[tuple[set[tuple[Fraction, int]], set[tuple[Fraction, int]]]]:
    bars = once(part, metre)
    if len(bars) >= PART_BARS:
        for early, late in zip(bars[:4], bars[4:8], strict=True):
            yield _places(early), _places(late)


def recall(part: Part, metre: Metre | None) -> Ratio:
    """How many notes of bars 5 to 8 stand at the same place of bars 1 to 4."""
    pairs = list(_halves(part, metre))
    return float(sum(len(early & late) for early, late in pairs)), float(sum(len(late) for _, late in pairs))


def recalled_bars(part: Part, metre: Metre | None) -> Ratio:
    """How many of bars 5 to 8 are those of 1 to 4, note for note."""
    pairs = list(_halves(part, metre))
    return float(sum(early == late for early, late in pairs)), float(len(pairs))


def endings_alike(layout: Sequence[Part], metre: Metre | None) -> Ratio:
    """How many notes of the last four bars of the second part stand at the same place in those of the first."""
    both = [once(part, metre) for part in layout[:2]]
    if len(both) < 2 or any(len(bars) != PART_BARS for bars in both):
        return 0.0, 0.0
    pairs = [(_places(early), _places(late)) for early, late in zip(both[0][4:], both[1][4:], strict=True)]
    return float(sum(len(early & late) for early, late in pairs)), float(sum(len(late) for _, late in pairs))


# abc2midi

# It says so of hornpipes in 2/2, as O'Neill's book has them: of what it knows to swing, not of the tune.
_NO_FAULT = b"Hornpipe must be in 2/4 or 4/4 time"


def abc2midi_passes(texts: Sequence[str], program: str) -> list[bool]:
    """For each text whether abc2midi plays it without an error or a warning."""

    def passes(text: str) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "tune.abc").write_text(text, encoding="utf-8")
            try:
                run = subprocess.run([program, "tune.abc", "-o", "tune.mid"], cwd=folder, capture_output=True, timeout=10)
            except subprocess.TimeoutExpired:
                return False
            said = (run.stdout + run.stderr).splitlines()
            complaints = [line for line in said if re.search(rb"error|warning", line, re.IGNORECASE) and _NO_FAULT not in line]
            return run.returncode == 0 and not complaints and (Path(folder) / "tune.mid").exists()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(passes, texts))
