"""What is measured of one tune: whether it is well made, is what was asked for, can be played, and recalls itself.

Each measure of a tune is a pair (how much, out of how much), so that a table adds both up over many tunes: 1 of 1 where
the tune ends on its tonic, 30 of 32 bars that add up, 0 of 0 where the question does not arise.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from generator.composer.measures import (
    PART_BARS,
    Ratio,
    bars_of,
    endings_alike,
    ends_on_tonic,
    in_scale,
    layout_of,
    melody,
    recall,
    recalled_bars,
    scale,
)
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Bar, Pitch, Score
from generator.notation.structure import Part, illegal_bars
from generator.notation.tokens import token_metre

if TYPE_CHECKING:
    from training.baselines.forms import Header

DANCES = ("reel", "jig", "slip jig", "hornpipe", "polka", "slide", "waltz", "strathspey")  # marches and airs are no dances
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
    layout = layout_of(score)
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


def is_aabb(layout: Sequence[Part], metre: Metre | None) -> bool:
    """Two parts of eight bars, each played twice."""
    return len(layout) == 2 and all(part.repeated and bars_of(part, metre) == PART_BARS for part in layout)


def same_metre(metre: Metre | None, asked: str) -> bool:
    """Whether a tune is in the metre that was asked for; 2/2 and 4/4 are the same."""
    wanted = Metre.parse(asked)
    return metre is not None and wanted is not None and token_metre(metre) == token_metre(wanted)


# key


def fits_key(notes: Sequence[Pitch], key: Key) -> bool:
    """Whether no other diatonic scale holds noticeably more of the notes than the key's own."""
    if not notes:
        return False
    classes = Counter(note.midi % 12 for note in notes)
    own = [(key.pitch_class + step) % 12 for step in scale(key)]
    held = [sum(classes[(pitch + up) % 12] for pitch in own) for up in range(12)]
    return held[0] >= max(held) - BETTER_FIT * len(notes)


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
