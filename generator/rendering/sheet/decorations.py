"""ABC's decorations (ornaments, articulations, dynamics, fingerings, navigation) and chord symbols as music21 objects."""

from __future__ import annotations

import re
from collections.abc import Callable

from music21 import articulations, dynamics, expressions, harmony, note, repeat
from music21.base import Music21Object

from generator.rendering.chords import SYMBOL, parse_chord

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
}


def _fermata(kind: str) -> expressions.Fermata:
    fermata = expressions.Fermata()
    fermata.type = kind
    return fermata


def _fine() -> repeat.Fine:
    fine = repeat.Fine()
    fine.setText("Fine")
    return fine


ROLLS = {"roll", "~"}  # MusicXML has no such sign: in it they are turns, on the sheet an arc
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
    "fermata": lambda: _fermata("upright"),
    "invertedfermata": lambda: _fermata("inverted"),
}
_NAVIGATION: dict[str, Callable[[], Music21Object]] = {
    "segno": repeat.Segno,
    "coda": repeat.Coda,
    "fine": _fine,
    "D.C.": repeat.DaCapo,
    "dacapo": repeat.DaCapo,
    "D.C.alfine": repeat.DaCapoAlFine,
    "D.C.alcoda": repeat.DaCapoAlCoda,
    "D.S.": repeat.DalSegno,
    "D.S.alfine": repeat.DalSegnoAlFine,
    "D.S.alcoda": repeat.DalSegnoAlCoda,
}
_DYNAMICS = {"pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz"}
_FINGERS = {"0", "1", "2", "3", "4", "5"}
DRAWN = {*_ARTICULATIONS, *_ORNAMENTS, *_NAVIGATION, *_DYNAMICS, *_FINGERS}  # every decoration that has a sign on the sheet


def decorate(element: note.GeneralNote, names: tuple[str, ...]) -> list[Music21Object]:
    """Attaches decorations to a note. Returns those that music21 places in the measure, before the note."""
    signs: list[Music21Object] = []
    for name in dict.fromkeys(names):
        if name in _ARTICULATIONS:
            element.articulations.append(_ARTICULATIONS[name]())
        elif name in _ORNAMENTS:
            element.expressions.append(_ORNAMENTS[name]())
        elif name in _FINGERS:
            element.articulations.append(articulations.Fingering(int(name)))
        elif name in _NAVIGATION:
            signs.append(_NAVIGATION[name]())
        elif name in _DYNAMICS:
            signs.append(dynamics.Dynamic(name))
    return signs


def chord_symbol(text: str) -> Music21Object:
    """A chord symbol (`Am`, `Bb7`, `D/F#`), or plain text above the staff if the text is not one."""
    match = SYMBOL.fullmatch(text)
    if match is None:
        words = expressions.TextExpression(text.lstrip("^_<>@"))
        words.placement = "above"
        return words
    known = parse_chord(text)
    bass = _music21_name(match[3]) if match[3] else None
    symbol = harmony.ChordSymbol(root=_music21_name(match[1]), bass=bass, kind=known.kind if known else "other")
    symbol.chordKindStr = match[2].replace("b", "♭").replace("#", "♯")  # the suffix as written
    return symbol


def _music21_name(name: str) -> str:
    """A pitch class in music21's spelling: B flat is `B-`."""
    return re.sub("[b♭]", "-", name).replace("♯", "#")
