"""How often our reader and abc2midi play a tune alike, over every tune of the collections:

    .venv/bin/python -m tests.benchmarks.playback [--cache data/corpus] [--collection NAME] [--list FILE]
        [--abc2svg FOLDER --abcnotes FOLDER]

Compared are the onsets and pitches of every note as played: repeats and endings written out, ties joined, grace notes
and ornaments left out. Tunes in which abc2midi finds an error are not counted. Prints JSON; `--list` writes the tunes
that differ, with both readings where they part. abc2midi (package abcmidi) must be installed.

Of the tunes that differ, those are counted too that both other referees play as we do: `--abc2svg` is a folder in which
`npm install abc2svg` was run, `--abcnotes` one that `pip install --no-deps --target FOLDER abcnotes` filled. abcnotes is
asked for its likeliest reading where it finds repeats ambiguous, and is given the first voice alone, since it knows of one.
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
from tests.generator.notation.midi import played
from tests.generator.notation.played_notes import played_notes
from training.corpus.sources import RawTune, tunes

TOLERANCE = Fraction(1, 160)  # whole notes: abc2midi counts in ticks, and strikes the notes of a chord up to eleven ticks apart
_SYMBOL = re.compile(r'("[^"]*"|!\w+!|\[[A-Za-z]:[^\]]*\])|[~H-Wh-w]')  # ornaments and bowing
Notes = list[tuple[Fraction, int]]


def heard(text: str, folder: Path) -> Notes | None:
    """What abc2midi plays; None where it finds an error."""
    (folder / "tune.abc").write_text(_without_performance(text), encoding="utf-8")
    command = ["abc2midi", "tune.abc", "-NGRA", "-NGUI", "-NFNP", "-NFER", "-o", "tune.mid"]
    said = subprocess.run(command, cwd=folder, capture_output=True, timeout=60)
    if b"Error" in said.stdout + said.stderr or said.returncode:
        return None
    return [(onset, pitch) for onset, pitch, _ in played((folder / "tune.mid").read_bytes())]


def _without_performance(text: str) -> str:
    """The text without what makes abc2midi add notes, move them, or stumble, and is no note: ornaments, bowing, the swing of
    hornpipes, directives, and I: as old collections used it.
    """
    lines = []
    for line in text.splitlines():
        if re.match(r"[IRrWw]:|%%", line):
            continue
        music = not re.match(r"[A-Za-z]:(?![|:])", line)
        lines.append(_SYMBOL.sub(r"\1", line.removesuffix("!")) if music else line)
    return "\n".join([*lines, ""])


def ours(text: str) -> Notes | None:
    try:
        return [(note.onset, note.pitch) for note in played_notes(read(text))]
    except NotationError:
        return None


def difference(one: Notes, other: Notes) -> str | None:
    """Where two readings part, in words; None where they are equal."""
    one, other = _ordered(one), _ordered(other)
    if len(one) == len(other):
        for index, ((onset, pitch), (onset2, pitch2)) in enumerate(zip(one, other, strict=True)):
            if pitch != pitch2 or abs(onset - onset2) > TOLERANCE:
                return f"note {index}: {pitch} at {float(onset):.4f}, {pitch2} at {float(onset2):.4f}"
        return None
    common = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a[1] != b[1]), min(len(one), len(other)))
    return f"{len(one)} and {len(other)} notes, apart from note {common}"


def by_abc2svg(texts: list[str], folder: Path) -> list[Notes | None]:
    """What abc2svg plays, tune by tune; None where it gives up."""
    lines = "".join(json.dumps(_for_referees(text)) + "\n" for text in texts)
    script = Path(__file__).with_name("abc2svg.js")
    said = subprocess.run(["node", script, folder], input=lines, capture_output=True, text=True, check=True, timeout=600)
    return [
        notes and [(Fraction(onset / 4).limit_denominator(9600), pitch) for onset, pitch in notes]
        for notes in map(json.loads, said.stdout.splitlines())
    ]


def by_abcnotes(texts: list[str], folder: Path) -> list[Notes | None]:
    """What abcnotes plays, tune by tune; None where it gives up."""
    sys.path.insert(0, str(folder.resolve()))
    module = importlib.import_module("abcnotes")
    return [_by_abcnotes(module, _first_voice(_for_referees(text))) for text in texts]


def _by_abcnotes(module: ModuleType, text: str) -> Notes | None:
    try:
        tune = module.Tune(abc=text)
        bars = tune.expand_repeats(strict=False)
    except Exception:  # it raises whatever it stumbles over
        return None
    notes: Notes = []
    onset, chord = Fraction(0), None  # within a chord: the lengths of its notes
    tied: set[int] = set()
    going_on: set[int] = set()
    for token in (token for bar in bars for token in bar):
        if isinstance(token, module.ChordBracket):
            if token.notes:
                onset += chord[0] if chord else 0
                chord, tied, going_on = None, going_on, set()
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
                going_on.add(pitch)
            if chord is None:
                onset += _length(token.abs_duration)
                tied, going_on = going_on, set()
            else:
                chord.append(_length(token.abs_duration))
    return notes


def _first_voice(text: str) -> str:
    """Without the lines of other voices, and without V: fields."""
    first: str | None = None
    lines, heard, in_body = [], True, False
    for line in text.splitlines():
        if match := re.match(r"(?:V:|\[V:)\s*(\w+)[^\]]*\]?", line):
            first = first or match[1]
            heard = match[1] == first or not in_body
            line = "" if line.startswith("V:") else line[match.end() :].lstrip()
        if line and (heard or not in_body):
            lines.append(line)
        in_body = in_body or line.startswith("K:")
    return "\n".join([*lines, ""])


def _length(whole_notes: float) -> Fraction:
    return Fraction(whole_notes).limit_denominator(9600)


def _for_referees(text: str) -> str:
    """Without grace notes and ornaments, which they play, at 60 quarter notes a minute."""
    lines = (line for line in _without_performance(text).splitlines() if not line.startswith("Q:"))
    bare = "\n".join(re.sub(r'("[^"]*")|\{[^}]*\}|!\w+!', r"\1", line) for line in lines)
    return re.sub(r"^(X:.*)$", r"\1\nQ:1/4=60", bare, count=1, flags=re.MULTILINE) + "\n"


def _ordered(notes: Notes) -> Notes:
    """By pitch within a chord, whose notes abc2midi strikes a tick apart."""
    return sorted(notes, key=lambda note: (round(note[0] / TOLERANCE / 2), note[1]))


def compare(tune: RawTune) -> tuple[str, str]:
    """(verdict, detail): equal, differs, refused by us, or not counted."""
    with tempfile.TemporaryDirectory() as folder:
        theirs = heard(tune.text, Path(folder))
    if not theirs:
        return ("abc2midi finds an error" if theirs is None else "abc2midi reads no notes"), ""
    mine = ours(tune.text)
    if mine is None:
        return "refused by us", ""
    apart = difference(mine, theirs)
    return ("differs", apart) if apart else ("equal", "")


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
    apart = [index for index, (verdict, _) in enumerate(results) if verdict == "differs"]
    texts = [chosen[index].text for index in apart]
    agree: list[list[str]] = [[] for _ in apart]
    for name, play, folder in (("abc2svg", by_abc2svg, options.abc2svg), ("abcnotes", by_abcnotes, options.abcnotes)):
        for names, text, theirs in zip(agree, texts, play(texts, folder) if folder else [], strict=False):
            mine = ours(text)
            if mine and theirs and not difference(mine, theirs):
                names.append(name)
    for index, names in zip(apart, agree, strict=True):
        if names:
            results[index] = (" and ".join(names) + " as we do", results[index][1])
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
            "share equal to abc2midi or to two others": _share(count, count["equal"] + count["abc2svg and abcnotes as we do"]),
        }
        for name, count in counts.items()
    }
    print(json.dumps(report, indent=1))


def _share(count: Counter[str], good: int) -> float:
    counted = sum(number for verdict, number in count.items() if not verdict.startswith("abc2midi"))
    return round(good / counted, 5) if counted else 0.0


if __name__ == "__main__":
    main()
