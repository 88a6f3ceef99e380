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
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.score import Score
from generator.notation.tokens import NotEncodable, decode
from training.corpus.repairs import encode_mended, read_mended
from training.corpus.sources import RawTune

Split = Literal["train", "validation", "test"]

RUN = 11  # notes in the runs that show kinship
KINSHIP = 0.4  # share of the shorter tune's runs that makes two tunes one family
VERDICTS = "verdicts.jsonl"  # beside the file of the tunes
HELD_OUT = 0.05  # of the families, for validation and again for test


@dataclass(frozen=True, slots=True)
class Entry:
    """One tune as the model learns it."""

    id: str  # collection and number
    title: str
    rhythm: str
    key: str  # as ABC writes it: Ador
    metre: str  # 6/8
    family: str
    split: Split
    tokens: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one tune of the collections."""

    id: str
    title: str
    verdict: Literal["used", "repaired", "rejected"]
    reason: str = ""  # what was repaired, or why it was rejected, in words that many tunes share
    detail: str = ""  # the same of this tune: the place, the lengths, the other tune


@dataclass(frozen=True, slots=True)
class Corpus:
    entries: list[Entry]
    verdicts: list[Verdict] = field(default_factory=list)  # of every tune that was looked at

    def split(self, name: Split) -> list[Entry]:
        return [entry for entry in self.entries if entry.split == name]

    def of(self, collections: Sequence[str]) -> Corpus:
        """The tunes of these collections, on the sides of the split where they are; of all where none is named.

        Raises ValueError for a collection of which there is nothing.
        """
        if not collections:
            return self
        known = sorted({collection_of(entry.id) for entry in self.entries})
        for name in collections:
            if name not in known:
                raise ValueError(f"There is no collection {name}. There are: {', '.join(known)}.")

        entries = [entry for entry in self.entries if collection_of(entry.id) in collections]
        return Corpus(entries, [judged for judged in self.verdicts if collection_of(judged.id) in collections])

    def manifest(self) -> dict[str, Any]:
        """What the corpus consists of, and a digest that two builds share only if they are the same."""
        lines = (" ".join([e.id, e.title, e.split, e.key, e.metre, *e.tokens]) for e in self.entries)
        return {
            "tunes": len(self.entries),
            "families": len({entry.family for entry in self.entries}),
            "tokens": sum(len(entry.tokens) for entry in self.entries),
            "split": dict(Counter(entry.split for entry in self.entries)),
            "rhythms": dict(Counter(entry.rhythm or "unknown" for entry in self.entries).most_common()),
            "verdicts": dict(Counter(judged.verdict for judged in self.verdicts).most_common()),
            "repairs": self.reasons("repaired"),
            "rejections": self.reasons("rejected"),
            "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        }

    def reasons(self, verdict: Literal["repaired", "rejected"]) -> dict[str, int]:
        """How many tunes were repaired or rejected for what, the most frequent first."""
        return dict(Counter(judged.reason for judged in self.verdicts if judged.verdict == verdict).most_common())

    @classmethod
    def load(cls, path: Path) -> Corpus:
        """Reads what `save` wrote; raises ValueError where there is none."""
        try:
            entries = [Entry(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
            lines = path.with_name(VERDICTS).read_text(encoding="utf-8").splitlines()
            return cls(entries, [Verdict(**json.loads(line)) for line in lines])
        except (OSError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no corpus of this version. Run tunesmith corpus.") from error

    def save(self, path: Path) -> None:
        """Writes the tunes to `path` and their verdicts beside it, a line of JSON each."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, rows in ((path, self.entries), (path.with_name(VERDICTS), self.verdicts)):
            lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
            fresh = target.with_name(target.name + ".new")
            fresh.write_text("".join(lines), encoding="utf-8")
            fresh.replace(target)  # somebody may be reading the old one


@dataclass(frozen=True, slots=True)
class _Readable:
    """A tune that can be encoded, before it is compared with the others."""

    number: int
    id: str
    score: Score
    tokens: list[str]
    mends: list[str]


def collection_of(identity: str) -> str:
    """The collection in a tune's id; one's own folder, whatever file in it."""
    folder, slash, _ = identity.partition("/")
    return folder + slash if slash else identity.rpartition(":")[0]


def build(raw: Iterable[RawTune]) -> Corpus:
    """Judges every tune. A repaired one neither takes the place of one that was sound nor gives a family its name."""
    verdicts: dict[int, Verdict] = {}
    readable: list[_Readable] = []
    for number, tune in enumerate(raw, 1):
        identity = tune.id or f"{tune.collection}:{number}"
        title = _title(tune.text)
        try:
            score, slips = read_mended(tune.text)
            tokens, score, mends = encode_mended(prepare(tune, score))
        except NotationError as error:
            verdicts[number] = Verdict(identity, title, "rejected", "cannot be read", str(error))
            continue
        except NotEncodable as error:
            verdicts[number] = Verdict(identity, title, "rejected", _reason(str(error)), str(error))
            continue
        if 30 <= len(tokens) <= 1200:
            readable.append(_Readable(number, identity, score, tokens, slips + mends))
        else:
            reason = "a fragment, or longer than 1,200 tokens"
            verdicts[number] = Verdict(identity, title, "rejected", reason, f"{len(tokens)} tokens")
    chosen: list[_Readable] = []
    seen: dict[tuple[str, ...], str] = {}
    for candidate in sorted(readable, key=lambda found: bool(found.mends)):
        first = seen.setdefault(tuple(candidate.tokens[4:]), candidate.id)
        if first != candidate.id:
            again = Verdict(candidate.id, candidate.score.title, "rejected", "the same tune again", f"as {first}")
            verdicts[candidate.number] = again
            continue
        verdict = Verdict(candidate.id, candidate.score.title, "used")
        if candidate.mends:
            verdict = replace(verdict, verdict="repaired", reason=candidate.mends[-1], detail=", ".join(candidate.mends))
        verdicts[candidate.number] = verdict
        chosen.append(candidate)
    families = find_families([[_semitones(member.score), member.id] for member in chosen])
    entries = {
        member.number: Entry(
            id=member.id,
            title=member.score.title,
            rhythm=member.score.rhythm,
            key=member.score.key.abc,
            metre=str(member.score.metre),
            family=family,
            split=split_of(family),
            tokens=member.tokens,
        )
        for member, family in zip(chosen, families, strict=True)
    }
    return Corpus([entries[number] for number in sorted(entries)], [verdicts[number] for number in sorted(verdicts)])


def _title(text: str) -> str:
    match = re.search(r"^T:(.*)", text, re.MULTILINE)
    return match[1].strip() if match else ""


def _reason(message: str) -> str:
    """What a NotEncodable names, without the figures and names of the single tune."""
    for begin, reason in _REASONS.items():
        if message.startswith(begin):
            return reason
    return message


_REASONS = {
    "a bar of ": "a bar that does not add up",
    "a note of ": "a note of a length without a token",
    "a pick-up of ": "a pick-up of a length without a token",
    "the key ": "a mode other than major, minor, dorian and mixolydian",
    "the metre ": "a metre without a token",
    "the note ": "a note too high, too low or too much altered",
}


def score_of(entry: Entry, key: Key | None = None) -> Score:
    """The tune as the model knows it, in its own key or another of the same mode: no ornaments, chords or grace notes."""
    score = decode(entry.tokens, key or Key.parse(entry.key), metre_named(entry.metre))
    return replace(score, title=entry.title, rhythm=entry.rhythm)


def metre_named(text: str) -> Metre:
    """The metre of an entry; raises ValueError where it is free, which no entry's is."""
    if (metre := Metre.parse(text)) is None:
        raise ValueError("An entry's metre cannot be free.")
    return metre


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
