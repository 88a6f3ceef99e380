"""Compares the melody of our MIDI files with the score's `played_notes`, for every tune of the collections:

    .venv/bin/python -m tests.benchmarks.midi [--cache data/corpus] [--list FILE]

Compares the onset (in ticks) and pitch of every note, without backing, feel and grace notes; the tests' own parser reads the
MIDI files. Prints JSON: for each collection the number of equal tunes, and of those that the reader or the limits refused.
`--list` writes the tunes that differ or were refused. Exits with 1 if fewer than 99.5 % are equal.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from generator.notation.errors import NotationError
from generator.notation.reader import read
from generator.rendering.audio.midi import write_midi
from generator.rendering.limits import check
from generator.rendering.result import RenderingError
from generator.rendering.style import PLAIN
from tests.generator.notation.midi import played
from tests.generator.notation.played_notes import played_notes
from training.corpus.sources import tunes

MIN_SHARE = 0.995
Notes = list[tuple[int, int]]


def verdict(text: str) -> tuple[str, str]:
    """(verdict, detail) for one tune."""
    try:
        score = read(text)
        check(score)
    except (NotationError, RenderingError) as error:
        return "refused by the " + ("reader" if isinstance(error, NotationError) else "limits"), str(error)
    data = write_midi(score, PLAIN)
    ticks_per_whole_note = 4 * int.from_bytes(data[12:14])
    expected = sorted((round(note.onset * ticks_per_whole_note), note.pitch) for note in played_notes(score))
    found = sorted((round(onset * ticks_per_whole_note), pitch) for onset, pitch, _ in played(data))
    return ("equal", "") if found == expected else ("differs", _difference(found, expected))


def _difference(found: Notes, expected: Notes) -> str:
    missing, added = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    return f"{len(found)} notes instead of {len(expected)}; (tick, pitch) missing {missing[:3]}, added {added[:3]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path("data/corpus"))
    parser.add_argument("--list", type=Path)
    options = parser.parse_args()
    counts: dict[str, Counter[str]] = {}
    listed = []
    for tune in tunes(options.cache):
        found, detail = verdict(tune.text)
        for name in (tune.collection, "all"):
            counts.setdefault(name, Counter())[found] += 1
        if found != "equal":
            listed.append(f"### {tune.collection}: {found} ({detail})\n{tune.text.rstrip()}\n")
    if options.list:
        options.list.write_text("\n".join(listed), encoding="utf-8")
    report = {name: dict(count) | {"share equal": _share(count)} for name, count in counts.items()}
    print(json.dumps(report, indent=1))
    sys.exit(any(_share(count) < MIN_SHARE for count in counts.values()))


def _share(count: Counter[str]) -> float:
    return round(count["equal"] / (count["equal"] + count["differs"]), 5)


if __name__ == "__main__":
    main()
