"""Whether the melody of our MIDI files is what the notation's own playback says, over every tune of the collections:

    .venv/bin/python -m tests.benchmarks.midi [--cache data/corpus] [--list FILE]

Compared are the onsets, in ticks, and pitches of every note, backing, feel and grace notes left out; the MIDI file is read
back by the tests' own parser. Prints JSON: by collection how many tunes are equal, and how many were not rendered, which the
reader or the limits refused. `--list` writes those that differ. Exits with 1 where fewer than 99.5 % are equal.
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

AT_LEAST = 0.995
Notes = list[tuple[int, int]]


def verdict(text: str) -> tuple[str, str]:
    """(verdict, detail) on one tune."""
    try:
        score = read(text)
        check(score)
    except (NotationError, RenderingError) as error:
        return "refused by the " + ("reader" if isinstance(error, NotationError) else "limits"), str(error)
    data = write_midi(score, PLAIN)
    whole = 4 * int.from_bytes(data[12:14])  # ticks
    expected = sorted((round(note.onset * whole), note.pitch) for note in played_notes(score))
    heard = sorted((round(onset * whole), pitch) for onset, pitch, _ in played(data))
    return ("equal", "") if heard == expected else ("differs", _difference(heard, expected))


def _difference(heard: Notes, expected: Notes) -> str:
    missing, added = sorted(set(expected) - set(heard)), sorted(set(heard) - set(expected))
    return f"{len(heard)} notes for {len(expected)}; at tick, pitch: missing {missing[:3]}, added {added[:3]}"


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
    sys.exit(any(_share(count) < AT_LEAST for count in counts.values()))


def _share(count: Counter[str]) -> float:
    return round(count["equal"] / (count["equal"] + count["differs"]), 5)


if __name__ == "__main__":
    main()
