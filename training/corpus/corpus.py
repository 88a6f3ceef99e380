"""The corpus: tunes as tokens with their split, and a verdict for every tune of the collections."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tokens import decode

Split = Literal["train", "validation", "test"]

VERDICTS = "verdicts.jsonl"  # file beside corpus.jsonl


@dataclass(frozen=True, slots=True)
class Entry:
    """A tune of the corpus."""

    id: str  # collection and number, such as oneills1850:123
    title: str
    rhythm: str
    key: str  # in ABC notation, such as Ador
    metre: str  # such as 6/8
    family: str
    split: Split
    tokens: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a tune of a collection is used, and why not."""

    id: str
    title: str
    verdict: Literal["used", "repaired", "rejected"]
    reason: str = ""  # the repair or the cause of the rejection, as a category
    detail: str = ""  # details for this tune


@dataclass(frozen=True, slots=True)
class Corpus:
    entries: list[Entry]
    verdicts: list[Verdict] = field(default_factory=list)  # for every tune of the collections

    def split(self, name: Split) -> list[Entry]:
        return [entry for entry in self.entries if entry.split == name]

    def of(self, collections: Sequence[str]) -> Corpus:
        """The part of the corpus from these collections, with the same splits; the whole corpus if none is given.

        Raises ValueError for a collection without tunes.
        """
        if not collections:
            return self
        known = sorted({collection_of(entry.id) for entry in self.entries})
        for name in collections:
            if name not in known:
                raise ValueError(f"There is no collection {name}. The collections are {', '.join(known)}.")
        entries = [entry for entry in self.entries if collection_of(entry.id) in collections]
        return Corpus(entries, [verdict for verdict in self.verdicts if collection_of(verdict.id) in collections])

    def manifest(self) -> dict[str, Any]:
        """Figures about the corpus and a digest of its contents."""
        lines = (" ".join([e.id, e.title, e.split, e.key, e.metre, *e.tokens]) for e in self.entries)
        return {
            "tunes": len(self.entries),
            "families": len({entry.family for entry in self.entries}),
            "tokens": sum(len(entry.tokens) for entry in self.entries),
            "split": dict(Counter(entry.split for entry in self.entries)),
            "rhythms": dict(Counter(entry.rhythm or "unknown" for entry in self.entries).most_common()),
            "verdicts": dict(Counter(verdict.verdict for verdict in self.verdicts).most_common()),
            "repairs": self.reasons("repaired"),
            "rejections": self.reasons("rejected"),
            "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        }

    def reasons(self, verdict: Literal["repaired", "rejected"]) -> dict[str, int]:
        """Number of tunes for each reason, the most frequent first."""
        return dict(Counter(each.reason for each in self.verdicts if each.verdict == verdict).most_common())

    @classmethod
    def load(cls, path: Path) -> Corpus:
        """Reads the files that `save` wrote; raises ValueError if they are missing or of another version."""
        try:
            entries = [Entry(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
            lines = path.with_name(VERDICTS).read_text(encoding="utf-8").splitlines()
            return cls(entries, [Verdict(**json.loads(line)) for line in lines])
        except (OSError, TypeError, ValueError) as error:
            raise ValueError(f"{path} contains no corpus of this version. Run tunesmith corpus.") from error

    def save(self, path: Path) -> None:
        """Writes the entries to `path` and the verdicts beside it, as JSON lines."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, rows in ((path, self.entries), (path.with_name(VERDICTS), self.verdicts)):
            lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
            temporary = target.with_name(target.name + ".new")
            temporary.write_text("".join(lines), encoding="utf-8")
            temporary.replace(target)  # another process may be reading the old file


def collection_of(entry_id: str) -> str:
    """The collection in an entry's id; for a folder of your own files, the folder."""
    folder, slash, _ = entry_id.partition("/")
    return folder + slash if slash else entry_id.rpartition(":")[0]


def score_of(entry: Entry, key: Key | None = None) -> Score:
    """The score of an entry, in its own key or in another key of the same mode. It has no ornaments, chords or grace notes."""
    score = decode(entry.tokens, key or Key.parse(entry.key), parse_metre(entry.metre))
    return replace(score, title=entry.title, rhythm=entry.rhythm)


def parse_metre(text: str) -> Metre:
    """Parses the metre of an entry; raises ValueError for free metre."""
    if (metre := Metre.parse(text)) is None:
        raise ValueError("An entry's metre cannot be free.")
    return metre
