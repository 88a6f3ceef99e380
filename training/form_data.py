"""The table of forms, measured on the training tunes: `python -m training.form_data`, a few seconds.

See generator.composer.form_table. It holds no notes: only how many parts tunes have, how long they are, and what returns.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from generator.composer import form_table
from generator.composer.form import PartForm
from generator.composer.form_table import FormTable, form_name, returns_name
from generator.composer.returns import ALL, Outline, outline_of
from generator.composer.weights import SHIPPED
from generator.notation.tokens import OPEN, OPEN_REPEATED, token_metre
from training.corpus.corpus import Corpus, Entry, parse_metre

PART_BARS = 4, 32  # fewest and most bars of a part; other parts are mostly mistakes of the collections
MOST_PARTS = 8
EVEN = 2  # parts of an odd number of bars are mostly mistakes too


def form_of(entry: Entry, outline: Outline) -> tuple[PartForm, ...]:
    """The parts of a tune. Parts in which all bars of an earlier one return have its letter."""
    starts = [0, *accumulate(outline.layout)]
    repeats = [token == OPEN_REPEATED for token in entry.tokens if token in (OPEN, OPEN_REPEATED)]
    found: list[PartForm] = []
    for index, (bars, twice) in enumerate(zip(outline.layout, repeats, strict=True)):
        own = list(outline.returns[starts[index] : starts[index + 1]])
        same = next(
            (
                earlier
                for earlier in range(index)
                if own == [(ALL, starts[earlier] + bar) for bar in range(bars)] and outline.layout[earlier] == bars
            ),
            None,
        )
        letter = found[same].letter if same is not None else chr(ord("A") + len({part.letter for part in found}))
        found.append(PartForm(bars, twice, letter))
    return tuple(found)


def is_usual(parts: Sequence[PartForm]) -> bool:
    """Whether a form is one to compose in."""
    fewest, most = PART_BARS
    return 0 < len(parts) <= MOST_PARTS and all(fewest <= part.bars <= most and part.bars % EVEN == 0 for part in parts)


def form_table_of(entries: Iterable[Entry]) -> FormTable:
    """Counts the forms, returns and lifts of tunes."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    returns: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    lifts: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        outline = outline_of(entry.tokens)
        parts = form_of(entry, outline)
        if not is_usual(parts):
            continue
        metre = str(token_metre(parse_metre(entry.metre)))
        starts = [0, *accumulate(outline.layout)]
        for group in (*([f"{entry.rhythm} {metre}"] if entry.rhythm else []), metre, ""):
            forms[group][form_name(parts)] += 1
            for index, part in enumerate(parts):
                if part.letter in {earlier.letter for earlier in parts[:index]}:
                    continue
                name = f"{part.bars} after {parts[0].bars}" if index else str(part.bars)
                own = outline.returns[starts[index] : starts[index + 1]]
                returns[group][name][returns_name(own, index, starts)] += 1
                if index and outline.lifts[index]:
                    lifts[group][str(outline.lifts[index])] += 1
    return FormTable(
        {group: _sorted(counts) for group, counts in sorted(forms.items())},
        {group: {name: _sorted(counts) for name, counts in sorted(rows.items())} for group, rows in sorted(returns.items())},
        {group: _sorted(counts) for group, counts in sorted(lifts.items())},
    )


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda row: (-row[1], row[0])))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.form_data", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder with the weights; the file is written there")
    options = parser.parse_args()
    form_table_of(Corpus.load(options.corpus).split("train")).save(options.model / form_table.FILE)


if __name__ == "__main__":
    main()
