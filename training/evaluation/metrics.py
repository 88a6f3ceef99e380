"""Metrics of a single tune: whether it is well-formed, matches the request, is playable, and repeats itself.

Each metric is a pair (amount, total), so that both can be summed over many tunes: 1 of 1 if the tune ends on its tonic, 30 of
32 complete bars, 0 of 0 if the metric doesn't apply.
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
from generator.notation.instruments import RANGES
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Bar, Pitch, Score
from generator.notation.structure import illegal_bars
from generator.notation.tokens import token_metre

if TYPE_CHECKING:
    from training.baselines.tokenizers import Header

MAX_WRONG_SHARE = 0.1  # share of the bars that may be incomplete in a tune that counts as in its metre
BETTER_FIT = 0.02  # by which share of the notes another scale must fit better for the tune to count as in another key


def read_or_none(text: str) -> Score | None:
    """Parses a tune; None if our reader can't."""
    try:
        return read(text)
    except NotationError:
        return None


def measure_tune(score: Score | None, request: Header) -> dict[str, Ratio]:
    """All metrics that depend on the tune alone. An unreadable tune fails all that apply to it."""
    if score is None:
        failed = dict.fromkeys(
            ("readable", "bars_legal", "repeats_resolve", "ends_on_tonic", "metre", "key_written", "key"), (0.0, 1.0)
        )
        return failed | {"fiddle": (0.0, 1.0), "whistle": (0.0, 1.0)}
    requested = Key.parse(request.key)
    wrong = {index for index, *_ in illegal_bars(score)}
    bars = len(score.bars)
    notes = melody(score)
    layout = layout_of(score)
    lengths = [bars_of(part, score.metre) for part in layout or ()]
    written = score.key == requested
    return {
        "readable": (1.0, 1.0),
        "bars_legal": _flag(not wrong),
        "legal_bars": (float(bars - len(wrong)), float(bars)),
        "repeats_resolve": _flag(layout is not None and repeats_match(score.bars)),
        "ends_on_tonic": _flag(ends_on_tonic(score)),
        "metre": _flag(same_metre(score.metre, request.metre) and len(wrong) <= MAX_WRONG_SHARE * bars),
        "key_written": _flag(written),
        "key": _flag(written and fits_key(notes, requested)),
        "notes_in_scale": in_scale(notes, requested),
        "fiddle": _flag(in_range(notes, "fiddle")),
        "whistle": _flag(in_range(notes, "whistle")),
        "recall_bars": _sum(recalled_bars(part, score.metre) for part in layout or ()),
        "recall_notes": _sum(recall(part, score.metre) for part in layout or ()),
        "endings_alike": endings_alike(layout or (), score.metre),
        "bars": (float(sum(lengths) if layout else bars), 1.0),
        "notes": (float(len(notes)), 1.0),
    }


def _flag(holds: bool) -> Ratio:
    return float(holds), 1.0


def _sum(ratios: Iterable[Ratio]) -> Ratio:
    pairs = list(ratios)
    return sum(amount for amount, _ in pairs), sum(total for _, total in pairs)


# form


def repeats_match(bars: Sequence[Bar]) -> bool:
    """Whether every `|:` is closed by a `:|` before the next one, and every first ending ends with one."""
    is_open = first_ending = False
    for bar in bars:
        if (bar.repeat_start and is_open) or (first_ending and bar.endings == (2,)):
            return False
        is_open = is_open or bar.repeat_start
        first_ending = first_ending or 1 in bar.endings
        if bar.repeat_end:
            is_open = first_ending = False
    return not is_open and not first_ending


def same_metre(metre: Metre | None, requested: str) -> bool:
    """Whether a tune is in the requested metre; 2/2 and 4/4 count as the same."""
    wanted = Metre.parse(requested)
    return metre is not None and wanted is not None and token_metre(metre) == token_metre(wanted)


# playable


def in_range(notes: Sequence[Pitch], instrument: str) -> bool:
    """Whether all notes are within the range of an instrument of RANGES, as written. Whether it has each of them is not asked."""
    return all(RANGES[instrument].lowest <= pitch.midi <= RANGES[instrument].highest for pitch in notes)


# key


def fits_key(notes: Sequence[Pitch], key: Key) -> bool:
    """Whether no other diatonic scale contains noticeably more of the notes than the key's own."""
    if not notes:
        return False
    classes = Counter(note.midi % 12 for note in notes)
    own = [(key.pitch_class + step) % 12 for step in scale(key)]
    notes_in_scales = [sum(classes[(pitch + up) % 12] for pitch in own) for up in range(12)]
    return notes_in_scales[0] >= max(notes_in_scales) - BETTER_FIT * len(notes)


# abc2midi

# A warning about hornpipes in 2/2, as in O'Neill's book: a limit of abc2midi, not an error of the tune.
_IGNORED_WARNING = b"Hornpipe must be in 2/4 or 4/4 time"


def abc2midi_accepts(texts: Sequence[str], program: str) -> list[bool]:
    """For each tune, whether abc2midi converts it without an error or warning."""

    def accepts(text: str) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "tune.abc").write_text(text, encoding="utf-8")
            try:
                run = subprocess.run([program, "tune.abc", "-o", "tune.mid"], cwd=folder, capture_output=True, timeout=10)
            except subprocess.TimeoutExpired:
                return False
            output = (run.stdout + run.stderr).splitlines()
            problems = [line for line in output if re.search(rb"error|warning", line, re.IGNORECASE)]
            return (
                run.returncode == 0
                and all(_IGNORED_WARNING in line for line in problems)
                and (Path(folder) / "tune.mid").exists()
            )

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(accepts, texts))
