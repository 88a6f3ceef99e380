"""The head of the sheet: title, rhythm, tempo and composer, as SVG.

Verovio can write one too, but sets the tempo's note in a web font that no rasteriser reads, and lets long titles run off.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import verovio

from generator.notation.score import Score
from generator.notation.tempo import tempo
from generator.rendering.text import composer, printable, rhythm_words

_TITLE, _TEXT = 620, 400  # font sizes in the page's units, of which a staff is 720 high
_TITLE_LINE = 46  # characters
_GLYPHS = {Fraction(1): "ECA2", Fraction(1, 2): "ECA3", Fraction(1, 4): "ECA5", Fraction(1, 8): "ECA7", Fraction(1, 16): "ECA9"}
_DOT = "ECB7"


@dataclass(frozen=True, slots=True)
class Header:
    svg: str
    height: int  # in the page's units


def header(score: Score, width: int) -> Header:
    """The head of a page whose music is `width` units wide; its origin is the upper left corner of the music."""
    parts: list[str] = []
    height = 0
    title = printable(score.title)
    lines = -(-len(title) // _TITLE_LINE)
    for line in textwrap.wrap(title, -(-len(title) // max(lines, 1)) + 8):
        size = min(_TITLE, round(_TITLE * width / max(_width(line, _TITLE), 1)))
        height += round(1.1 * _TITLE)
        parts.append(_text(line, width // 2, height - 150, size, anchor="middle"))
    height += round(1.3 * _TEXT)
    base = height - 120
    if rhythm := rhythm_words(score):
        parts.append(_text(rhythm, 0, base, _TEXT, style="italic"))
    parts.append(_tempo(score, _width(rhythm, _TEXT) + 250 if rhythm else 0, base))
    if by := composer(score)[:60]:
        parts.append(_text(by, width, base, _TEXT, anchor="end"))
    return Header("".join(parts), height)


def _tempo(score: Score, x: int, base: int) -> str:
    beat, count = tempo(score)
    plain = next((length for length in (beat, beat * 2 / 3) if length in _GLYPHS), None)
    if plain is None:
        return ""
    parts = [_glyph(_GLYPHS[plain], x, base)]
    x += 230
    if plain != beat:
        parts.append(_glyph(_DOT, x - 30, base))
        x += 110
    return "".join(parts) + _text(f"= {count}", x, base, _TEXT)


def _text(text: str, x: int, y: int, size: int, *, anchor: str = "start", style: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}px" text-anchor="{anchor}" font-style="{style}">{escape(text)}</text>'


def _glyph(name: str, x: int, y: int) -> str:
    """A glyph of the music font, drawn as a path: its own font is not at hand where the sheet is shown."""
    scale = 1.1 * _TEXT / 1_000
    return f'<g transform="translate({x},{y}) scale({scale:g})">{_path(name)}</g>'


def _resources() -> Path:
    return Path(verovio.__file__).parent / "data"


@cache
def _path(name: str) -> str:
    path = ElementTree.parse(_resources() / "Leipzig" / f"{name}.xml").find("path")  # noqa: S314 — verovio's own file
    assert path is not None
    return f'<path transform="{path.get("transform")}" d="{path.get("d")}"/>'


@cache
def _advances() -> dict[str, float]:
    """How far each character moves on in Times, whose widths the fonts here share, in ems."""
    root = ElementTree.parse(_resources() / "text" / "Times.xml").getroot()  # noqa: S314 — verovio's own file
    em = float(root.get("units-per-em", "2048"))
    return {chr(int(glyph.get("c", "0"), 16)): float(glyph.get("h-a-x", em)) / em for glyph in root.iter("g")}


def _width(text: str, size: int) -> int:
    advances = _advances()
    return round(size * sum(advances.get(character, 1.0) for character in text))
