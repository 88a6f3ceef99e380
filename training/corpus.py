"""Builds the corpus: every tune read, judged, given its rhythm, its family and its side of the split.

A family joins tunes that share much of their melody, whatever key or book they stand in; a family never has members on
both sides of the split, so that what is measured on held-out tunes is not memory.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from generator.notation.errors import NotationError
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.tokens import NotEncodable, encode
from training.sources import RawTune

Split = Literal["train", "validation", "test"]

RUN = 11  # notes in the runs that show kinship
KINSHIP = 0.4  # share of the shorter tune's runs that makes two tunes one family
HELD_OUT = 0.05  # of the families, for validation and again for test


@dataclass(frozen=True, slots=True)
class Entry:
    """One tune as the model learns it."""

    id: str  # collection and number
    title: str
    rhythm: str
    family: str
    split: Split
    tokens: list[str]


@dataclass(frozen=True, slots=True)
class Corpus:
    entries: list[Entry]
    verdicts: Counter[str]  # "used", or why a tune was left out

    def split(self, name: Split) -> list[Entry]:
        return [entry for entry in self.entries if entry.split == name]

    def manifest(self) -> dict[str, Any]:
        """What the corpus consists of, and a digest that two builds share only if they are the same."""
        digest = hashlib.sha256("\n".join(" ".join([e.id, e.split, *e.tokens]) for e in self.entries).encode()).hexdigest()
        return {
            "tunes": len(self.entries),
            "families": len({entry.family for entry in self.entries}),
            "tokens": sum(len(entry.tokens) for entry in self.entries),
            "split": dict(Counter(entry.split for entry in self.entries)),
            "rhythms": dict(Counter(entry.rhythm or "unknown" for entry in self.entries).most_common()),
            "verdicts": dict(self.verdicts.most_common()),
            "sha256": digest,
        }

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(asdict(entry), ensure_ascii=False) for entry in self.entries)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def build(raw: Iterable[RawTune]) -> Corpus:
    verdicts: Counter[str] = Counter()
    read_tunes: list[tuple[str, Score, list[str]]] = []
    seen: set[tuple[str, ...]] = set()
    for number, tune in enumerate(raw, 1):
        try:
            score = prepare(tune, read(tune.text))
            tokens = encode(score)
        except NotationError:
            verdicts["cannot be read"] += 1
            continue
        except NotEncodable as error:
            verdicts[re.sub(r"\d[\d/]*", "…", str(error))] += 1
            continue
        body = tuple(tokens[4:])
        if body in seen:
            verdicts["the same tune again"] += 1
            continue
        if not 30 <= len(tokens) <= 1200:
            verdicts["a fragment, or longer than 1,200 tokens"] += 1
            continue
        seen.add(body)
        verdicts["used"] += 1
        read_tunes.append((f"{tune.collection}:{number}", score, tokens))
    families = find_families([[_semitones(score), identity] for identity, score, _ in read_tunes])
    entries = [
        Entry(identity, score.title, score.rhythm, family, split_of(family), tokens)
        for (identity, score, tokens), family in zip(read_tunes, families, strict=True)
    ]
    return Corpus(entries, verdicts)


def split_of(family: str) -> Split:
    """The side of the split, from the family's name alone: it stays where it is when tunes are added."""
    share = int.from_bytes(hashlib.sha256(family.encode()).digest()[:4]) / 2**32
    return "test" if share < HELD_OUT else "validation" if share < 2 * HELD_OUT else "train"


def prepare(tune: RawTune, score: Score) -> Score:
    """The score with the rhythm that the tune is in, and reels and hornpipes of 2/4 in the usual 4/4."""
    rhythm = infer_rhythm(tune, score)
    score = replace(score, rhythm=rhythm)
    return augment(score) if _written_small(rhythm, score) else score


def infer_rhythm(tune: RawTune, score: Score) -> str:
    """The rhythm from `R:`, the collection's own marks, the title or the metre; empty where none of them tells."""
    named = rhythm_named(score.rhythm) if score.rhythm else None
    if named is None and (mark := re.search(r"id:\s*\w+-([a-z]+)-\d", tune.text)):
        named = rhythm_named({"slipjig": "slip jig", "ocarolan": "air"}.get(mark[1], mark[1]))
    if named is None:
        words = score.title.lower()
        names = sorted([*RHYTHMS, "quick step", "quickstep", "slipjig", "lament"], key=len, reverse=True)
        named = next((rhythm_named(name) for name in names if re.search(rf"\b{name}\b", words)), None)
    if named is None and tune.collection == "oneills1850":
        named = rhythm_named(_oneill(score.reference, score.metre))
    if named is None and score.metre == Metre(9, 8):
        named = RHYTHMS["slip jig"]
    if named is None or score.metre is None:
        return ""
    fits = any(score.metre.bar == usual.bar for usual in named.metres) or _written_small(named.name, score)
    return named.name if fits else ""


def _written_small(rhythm: str, score: Score) -> bool:
    """Whether it is a reel or hornpipe in 2/4, as old books write them in notes half as long."""
    return rhythm in ("reel", "hornpipe") and score.metre == Metre(2, 4)


def _oneill(number: int, metre: Metre | None) -> str:
    """The section of O'Neill's book that a tune's number falls into."""
    if metre == Metre(9, 8):
        return "slip jig"
    sections = ((650, "air"), (1115, "jig"), (1175, ""), (1555, "reel"), (1799, "hornpipe"), (1850, "march"))
    return next((name for last, name in sections if number <= last), "")


def augment(score: Score) -> Score:
    """The score in notes twice as long, 2/4 becoming 4/4: collections write the same reel either way."""
    bars = tuple(replace(bar, notes=tuple(replace(note, duration=note.duration * 2) for note in bar.notes)) for bar in score.bars)
    return replace(score, bars=bars, metre=Metre(4, 4), unit=Fraction(1, 8))


def _semitones(score: Score) -> list[int]:
    """The melody's intervals in semitones, repeats not written out."""
    pitches = [pitch.midi for note in score.notes() if (pitch := note.melody)]
    return [after - before for before, after in pairwise(pitches)]


def find_families(tunes: Sequence[Sequence[Any]]) -> list[str]:
    """For each (intervals, name) the name of its family: the smallest of its members'."""
    holders: dict[tuple[int, ...], list[int]] = defaultdict(list)
    sizes = []
    for index, (intervals, _) in enumerate(tunes):
        runs = {tuple(intervals[at : at + RUN - 1]) for at in range(len(intervals) - RUN + 2)}
        sizes.append(len(runs))
        for run in runs:
            holders[run].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for members in holders.values():
        if 1 < len(members) <= 60:  # a run that stands everywhere (a long scale) says nothing of kinship
            shared.update((a, b) for at, a in enumerate(members) for b in members[at + 1 :])
    parent = list(range(len(tunes)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for (a, b), count in shared.items():
        if count >= KINSHIP * max(1, min(sizes[a], sizes[b])):
            parent[max(root(a), root(b))] = min(root(a), root(b))
    return [str(tunes[root(index)][1]) for index in range(len(tunes))]
