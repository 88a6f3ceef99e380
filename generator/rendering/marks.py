"""Ornaments, articulations and chord symbols: from ABC's names to music21's objects."""

from __future__ import annotations

import re
from collections.abc import Callable

from music21 import articulations, expressions, harmony, note, repeat
from music21.base import Music21Object

_ARTICULATIONS: dict[str, Callable[[], articulations.Articulation]] = {
    "staccato": articulations.Staccato,
    "tenuto": articulations.Tenuto,
    "accent": articulations.Accent,
    "emphasis": articulations.Accent,
    ">": articulations.Accent,
    "wedge": articulations.Staccatissimo,
    "marcato": articulations.StrongAccent,
    "^": articulations.StrongAccent,
    "upbow": articulations.UpBow,
    "downbow": articulations.DownBow,
    "breath": articulations.BreathMark,
    "open": articulations.OpenString,
    "snap": articulations.SnapPizzicato,
}


def _upright(fermata: expressions.Fermata) -> expressions.Fermata:
    fermata.type = "upright"
    return fermata


# A turn is the sign that tune books print for a roll.
_ORNAMENTS: dict[str, Callable[[], expressions.Expression]] = {
    "roll": expressions.Turn,
    "~": expressions.Turn,
    "turn": expressions.Turn,
    "invertedturn": expressions.InvertedTurn,
    "trill": expressions.Trill,
    "lowermordent": expressions.Mordent,
    "mordent": expressions.Mordent,
    "uppermordent": expressions.InvertedMordent,
    "pralltriller": expressions.InvertedMordent,
    "fermata": lambda: _upright(expressions.Fermata()),
}
_SIGNS: dict[str, Callable[[], Music21Object]] = {
    "segno": repeat.Segno,
    "coda": repeat.Coda,
    "fine": repeat.Fine,
    "D.C.": repeat.DaCapo,
    "D.S.": repeat.DalSegno,
}

_CHORD = re.compile(r"([A-G])([#b♯♭]?)([^/]*)(?:/([A-G])([#b♯♭]?))?")
_KINDS = {
    "": "major", "maj": "major", "M": "major", "m": "minor", "min": "minor", "-": "minor",
    "7": "dominant-seventh", "maj7": "major-seventh", "M7": "major-seventh", "m7": "minor-seventh", "min7": "minor-seventh",
    "6": "major-sixth", "m6": "minor-sixth", "dim": "diminished", "o": "diminished", "°": "diminished",
    "dim7": "diminished-seventh", "aug": "augmented", "+": "augmented", "9": "dominant-ninth",
    "sus4": "suspended-fourth", "sus": "suspended-fourth", "sus2": "suspended-second", "5": "power",
}  # fmt: skip


def decorate(element: note.GeneralNote, names: tuple[str, ...]) -> list[Music21Object]:
    """Puts on a note what music21 has of ABC's decorations; gives back the signs that stand in the measure before it."""
    signs: list[Music21Object] = []
    for name in dict.fromkeys(names):
        if name in _ARTICULATIONS:
            element.articulations.append(_ARTICULATIONS[name]())
        elif name in _ORNAMENTS:
            element.expressions.append(_ORNAMENTS[name]())
        elif name in _SIGNS:
            signs.append(_SIGNS[name]())
    return signs


def chord_symbol(text: str) -> Music21Object:
    """A chord symbol where the text is one (`Am`, `Bb7`, `D/F#`), else the text itself, to stand above the staff."""
    match = _CHORD.fullmatch(text)
    kind = _KINDS.get(match[3]) if match else None
    if match is None or kind is None:
        words = expressions.TextExpression(text.lstrip("^_<>@"))
        words.placement = "above"
        return words
    bass = _spelt(match[4], match[5]) if match[4] else None
    return harmony.ChordSymbol(root=_spelt(match[1], match[2]), bass=bass, kind=kind)


def _spelt(letter: str, accidental: str | None) -> str:
    """A pitch class as music21 spells it: B flat is `B-`."""
    return letter + {"b": "-", "♭": "-", "#": "#", "♯": "#"}.get(accidental or "", "")
