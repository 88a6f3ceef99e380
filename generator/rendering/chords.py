"""Chord symbols as people write them (`Am`, `D7`, `G/B`), and their pitch classes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generator.notation.keys import SEMITONES

# Matches any chord symbol, even one of an unknown kind, but no words: root, kind, bass.
SYMBOL = re.compile(r"([A-G][#b♯♭]?)((?:maj|min|dim|aug|sus|add|alt|omit|no|[mM\d+\-°ø()#b♯♭])*)(?:/([A-G][#b♯♭]?))?")
_PARTS = re.compile(r"([A-G])([#b♯♭]?)([^/]*)(?:/([A-G])([#b♯♭]?))?")
_KINDS = {
    "": "major", "maj": "major", "M": "major", "m": "minor", "min": "minor", "-": "minor",
    "7": "dominant-seventh", "maj7": "major-seventh", "M7": "major-seventh", "m7": "minor-seventh", "min7": "minor-seventh",
    "6": "major-sixth", "m6": "minor-sixth", "dim": "diminished", "o": "diminished", "°": "diminished",
    "dim7": "diminished-seventh", "aug": "augmented", "+": "augmented", "9": "dominant-ninth",
    "sus4": "suspended-fourth", "sus": "suspended-fourth", "sus2": "suspended-second", "5": "power",
}  # fmt: skip
# Semitones above the root, by the kinds of MusicXML and music21.
_TONES = {
    "major": (0, 4, 7), "minor": (0, 3, 7), "dominant-seventh": (0, 4, 7, 10), "major-seventh": (0, 4, 7, 11),
    "minor-seventh": (0, 3, 7, 10), "major-sixth": (0, 4, 7, 9), "minor-sixth": (0, 3, 7, 9), "diminished": (0, 3, 6),
    "diminished-seventh": (0, 3, 6, 9), "augmented": (0, 4, 8), "dominant-ninth": (0, 2, 4, 7, 10),
    "suspended-fourth": (0, 5, 7), "suspended-second": (0, 2, 7), "power": (0, 7),
}  # fmt: skip
_PLAIN = str.maketrans("♭♯", "b#")


@dataclass(frozen=True, slots=True)
class Chord:
    """A root (`Bb`), a kind as MusicXML names it, and a bass if it is not the root."""

    root: str
    kind: str = "major"
    bass: str = ""

    @property
    def root_class(self) -> int:
        """The root's semitones above C, 0 to 11."""
        return _pitch_class(self.root)

    @property
    def bass_class(self) -> int:
        return _pitch_class(self.bass or self.root)

    @property
    def tones(self) -> tuple[int, ...]:
        """The pitch classes of the chord, root first."""
        return tuple((self.root_class + tone) % 12 for tone in _TONES[self.kind])

    def __str__(self) -> str:
        suffix = next(text for text, kind in _KINDS.items() if kind == self.kind)
        return f"{self.root}{suffix}" + (f"/{self.bass}" if self.bass else "")


def parse_chord(text: str) -> Chord | None:
    """The chord of a symbol; None if the symbol is unknown."""
    match = _PARTS.fullmatch(text.translate(_PLAIN))
    kind = _KINDS.get(match[3]) if match else None
    if match is None or kind is None:
        return None
    return Chord(match[1] + match[2], kind, (match[4] or "") + (match[5] or ""))


def _pitch_class(name: str) -> int:
    return (SEMITONES[name[0]] + name.count("#") - name.count("b")) % 12
