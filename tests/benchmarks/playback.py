"""Compares the notes that our reader and abc2midi play, for every tune of the collections:

    .venv/bin/python -m tests.benchmarks.playback [--cache data/corpus] [--collection NAME] [--list FILE]
        [--abc2svg FOLDER --abcnotes FOLDER]

"Equal" means that the onset and pitch of every note as played are equal: repeats and endings played out, ties joined, without
grace notes and ornaments. Tunes in which abc2midi finds an error are not counted. Prints JSON; `--list` writes the tunes that
differ, with their first difference. abc2midi (package abcmidi) must be installed.

For tunes that differ, two other programs can decide: `--abc2svg` is a folder in which `npm install abc2svg` was run,
`--abcnotes` one that `pip install --no-deps --target FOLDER abcnotes` filled. abcnotes gives its most likely reading of
ambiguous repeats, and gets only the first voice, since it supports one.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import ModuleType

from generator.notation.errors import NotationError
from generator.notation.reader import read
from generator.notation.transpose import sounding
from tests.generator.notation.midi import played
from tests.generator.notation.played_notes import played_notes
from training.corpus.sources import RawTune, tunes

TOLERANCE = Fraction(1, 160)  # whole notes: abc2midi counts in ticks, and spreads the notes of a chord by up to eleven ticks
_SYMBOL = re.compile(r'("[^"]*"|!\w+!|\[[A-Za-z]:[^\]]*\])|[~H-Wh-w]')  # ornaments and bowing
Notes = list[tuple[Fraction, int]]
BOTH_AGREE = "abc2svg and abcnotes play as we do"  # a verdict


def by_abc2midi(text: str, folder: Path) -> Notes | None:
    """What abc2midi plays; None if it finds an error."""
    (folder / "tune.abc").write_text(_without_performance(text), encoding="utf-8")
    command = ["abc2midi", "tune.abc", "-NGRA", "-NGUI", "-NFNP", "-NFER", "-o", "tune.mid"]
    result = subprocess.run(command, cwd=folder, capture_output=True, timeout=60)
    if b"Error" in result.stdout + result.stderr or result.returncode:
        return None
    return [(onset, pitch) for onset, pitch, _ in played((folder / "tune.mid").read_bytes())]


def _without_performance(text: str) -> str:
    """The text without what is not a note but makes abc2midi add or move notes, or fail: ornaments, bowing, the swing of
    hornpipes, directives, and old collections' I: fields.
    """
    lines = []
    for line in text.splitlines():
        if re.match(r"[IRrWw]:|%%", line):
            continue
        music = not re.match(r"[A-Za-z]:(?![|:])", line)
        lines.append(_SYMBOL.sub(r"\1", line.removesuffix("!")) if music else line)
    return "\n".join([*lines, ""])


def by_us(text: str) -> Notes | None:
    """What our reader plays; None if it refuses the text."""
    try:
        return [(note.onset, note.pitch) for note in played_notes(sounding(read(text)))]
    except NotationError:
        return None


def difference(one: Notes, other: Notes) -> str | None:
    """The first difference of two readings, in words; None if they are equal."""
    one, other = _ordered(one), _ordered(other)
    if len(one) == len(other):
        for index, ((onset, pitch), (onset2, pitch2)) in enumerate(zip(one, other, strict=True)):
            if pitch != pitch2 or abs(onset - onset2) > TOLERANCE:
                return f"note {index}: {pitch} at {float(onset):.4f}, {pitch2} at {float(onset2):.4f}"
        return None
    common = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a[1] != b[1]), min(len(one), len(other)))
    return f"{len(one)} and {len(other)} notes, different from note {common}"


def by_abc2svg(texts: list[str], folder: Path) -> list[Notes | None]:
    """What abc2svg plays, for each text; None if it fails."""
    lines = "".join(json.dumps(_plain_text(text)) + "\n" for text in texts)
    script = Path(__file__).with_name("abc2svg.js")
    result = subprocess.run(["node", script, folder], input=lines, capture_output=True, text=True, check=True, timeout=600)
    return [
        notes and [(Fraction(onset / 4).limit_denominator(9600), pitch) for onset, pitch in notes]
        for notes in map(json.loads, result.stdout.splitlines())
    ]


def by_abcnotes(texts: list[str], folder: Path) -> list[Notes | None]:
    """What abcnotes plays, for each text; None if it fails."""
    sys.path.insert(0, str(folder.resolve()))
    module = importlib.import_module("abcnotes")
    return [_by_abcnotes(module, _first_voice(_plain_text(text))) for text in texts]


def _by_abcnotes(module: ModuleType, text: str) -> Notes | None:
    try:
        tune = module.Tune(abc=text)
        bars = tune.expand_repeats(strict=False)
    except Exception:  # it raises exceptions of many kinds
        return None
    notes: Notes = []
    onset = Fraction(0)
    chord: list[Fraction] | None = None  # inside a chord: the durations of its notes
    tied: set[int] = set()  # pitches tied from the note before
    tied_on: set[int] = set()  # pitches tied to the next note
    for token in (token for bar in bars for token in bar):
        if isinstance(token, module.ChordBracket):
            if token.notes:
                onset += chord[0] if chord else 0
                chord, tied, tied_on = None, tied_on, set()
            else:
                chord = []
        elif isinstance(token, module.Rest):
            onset += _length(token.abs_duration)
            tied = set()
        elif isinstance(token, module.Note) and not token.grace:
            pitch = token.pitch.abs_value + 60
            if pitch not in tied:
                notes.append((onset, pitch))
            if token.tie:
                tied_on.add(pitch)
            if chord is None:
                onset += _length(token.abs_duration)
                tied, tied_on = tied_on, set()
            else:
                chord.append(_length(token.abs_duration))
    return notes


def _first_voice(text: str) -> str:
    """The text without the lines of other voices, and without V: fields."""
    first: str | None = None
    lines, in_first_voice, in_body = [], True, False
    for line in text.splitlines():
        if match := re.match(r"(?:V:|\[V:)\s*(\w+)[^\]]*\]?", line):
            first = first or match[1]
            in_first_voice = match[1] == first or not in_body
            line = "" if line.startswith("V:") else line[match.end() :].lstrip()
        if line and (in_first_voice or not in_body):
            lines.append(line)
        in_body = in_body or line.startswith("K:")
    return "\n".join([*lines, ""])


def _length(whole_notes: float) -> Fraction:
    return Fraction(whole_notes).limit_denominator(9600)


def _plain_text(text: str) -> str:
    """The text at 60 quarter notes a minute, without grace notes and ornaments, which the other programs would play."""
    lines = (line for line in _without_performance(text).splitlines() if not line.startswith("Q:"))
    bare = "\n".join(re.sub(r'("[^"]*")|\{[^}]*\}|!\w+!', r"\1", line) for line in lines)
    return re.sub(r"^(X:.*)$", r"\1\nQ:1/4=60", bare, count=1, flags=re.MULTILINE) + "\n"


def _ordered(notes: Notes) -> Notes:
    """The notes of a chord in order of pitch, because abc2midi spreads them by ticks."""
    return sorted(notes, key=lambda note: (round(note[0] / TOLERANCE / 2), note[1]))


def compare(tune: RawTune) -> tuple[str, str]:
    """(verdict, detail); verdicts are `equal`, `differs`, `refused by us`, and those that are not counted."""
    with tempfile.TemporaryDirectory() as folder:
        theirs = by_abc2midi(tune.text, Path(folder))
    if not theirs:
        return ("abc2midi finds an error" if theirs is None else "abc2midi reads no notes"), ""
    ours = by_us(tune.text)
    if ours is None:
        return "refused by us", ""
    first_difference = difference(ours, theirs)
    return ("differs", first_difference) if first_difference else ("equal", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path("data/corpus"))
    parser.add_argument("--collection")
    parser.add_argument("--list", type=Path)
    parser.add_argument("--abc2svg", type=Path)
    parser.add_argument("--abcnotes", type=Path)
    options = parser.parse_args()
    chosen = [tune for tune in tunes(options.cache) if options.collection in (None, tune.collection)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compare, chosen))
    different = [index for index, (verdict, _) in enumerate(results) if verdict == "differs"]
    texts = [chosen[index].text for index in different]
    agreeing: list[list[str]] = [[] for _ in different]  # programs that play the tune as we do
    for name, play, folder in (("abc2svg", by_abc2svg, options.abc2svg), ("abcnotes", by_abcnotes, options.abcnotes)):
        for names, text, theirs in zip(agreeing, texts, play(texts, folder) if folder else [], strict=False):
            ours = by_us(text)
            if ours and theirs and not difference(ours, theirs):
                names.append(name)
    for index, names in zip(different, agreeing, strict=True):
        if names:
            results[index] = (" and ".join(names) + " play as we do", results[index][1])
    counts: dict[str, Counter[str]] = {}
    listed = []
    for tune, (verdict, detail) in zip(chosen, results, strict=True):
        for name in (tune.collection, "all"):
            counts.setdefault(name, Counter())[verdict] += 1
        if verdict != "equal" and not verdict.startswith("abc2midi"):
            number = tune.text.partition("\n")[0].strip()
            listed.append(f"### {tune.collection} {number}: {verdict} ({detail})\n{tune.text.rstrip()}\n")
    if options.list:
        options.list.write_text("\n".join(listed), encoding="utf-8")
    report = {
        name: dict(count)
        | {
            "share equal": _share(count, count["equal"]),
            "share equal to abc2midi or to both others": _share(count, count["equal"] + count[BOTH_AGREE]),
        }
        for name, count in counts.items()
    }
    print(json.dumps(report, indent=1))


def _share(count: Counter[str], good: int) -> float:
    counted = sum(number for verdict, number in count.items() if not verdict.startswith("abc2midi"))
    return round(good / counted, 5) if counted else 0.0


if __name__ == "__main__":
    main()
