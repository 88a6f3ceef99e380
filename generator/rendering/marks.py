"""Ornaments, articulations and chord symbols: from ABC's names to music21's objects."""

from __future__ import annotations

from collections.abc import Callable

from music21 import articulations, expressions, harmony, note, repeat
from music21.base import Music21Object

from generator.rendering.chords import parse_chord

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
    chord = parse_chord(text)
    if chord is None:
        words = expressions.TextExpression(text.lstrip("^_<>@"))
        words.placement = "above"
        return words
    return harmony.ChordSymbol(root=_spelt(chord.root), bass=_spelt(chord.bass) if chord.bass else None, kind=chord.kind)


def _spelt(name: str) -> str:
    """A pitch class as music21 spells it: B flat is `B-`."""
    return name.replace("b", "-")
