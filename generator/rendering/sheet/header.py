"""The text around the music as SVG: titles, rhythm, key, tempo and composer above it, the words after the tune below.

Verovio can write a header too, but it sets the tempo's note in a web font that no rasteriser reads, and wraps no titles.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import verovio

from generator.notation.keys import Key
from generator.notation.score import Score
from generator.notation.tempo import tempo
from generator.rendering.display_text import composer, printable, rhythm_words, subtitles, words_after_the_tune
from generator.rendering.sheet import fonts

_TITLE, _SUBTITLE, _TEXT = 620, 460, 400  # font sizes in the page's units; a staff is 720 units high
_GAP = 300  # between the items of a line
_FOOT = 190  # from the last line to the music, where the bracket of an ending may reach up
_GLYPHS = {Fraction(1): "ECA2", Fraction(1, 2): "ECA3", Fraction(1, 4): "ECA5", Fraction(1, 8): "ECA7", Fraction(1, 16): "ECA9"}
_DOT = "ECB7"
_SIGNS = {-2: "𝄫", -1: "♭", 0: "♮", 1: "♯", 2: "𝄪"}
_WORDS = 480  # from one line of the words after the tune to the next
MAX_SUBTITLES = 3
MAX_WORDS = 60  # lines
MAX_ORDER = 24  # letters in the order of the parts; a longer one does not fit


@dataclass(frozen=True, slots=True)
class TextBlock:
    svg: str
    height: int  # in the page's units


def header(score: Score, width: int) -> TextBlock:
    """The header of a page whose music is `width` units wide. Its origin is the upper left corner of the music."""
    lines: list[str] = []
    height = 0
    for line in _wrap(printable(score.title), width):
        size = min(_TITLE, round(_TITLE * width / max(fonts.width(line, _TITLE), 1)))
        height += round(1.1 * _TITLE)
        lines.append(_text(line, width // 2, height - 150, size, anchor="middle"))
    for line in subtitles(score)[:MAX_SUBTITLES]:
        size = min(_SUBTITLE, round(_SUBTITLE * width / max(fonts.width(line, _SUBTITLE), 1)))
        height += round(1.15 * _SUBTITLE)
        lines.append(_text(line, width // 2, height - 150, size, anchor="middle"))
    facts, end = _facts(score)
    name = composer(score)[:60]
    if name and end + _GAP + fonts.width(name, _TEXT) > width:
        height += round(1.3 * _TEXT)
        lines.append(_right_aligned(name, width, height - 120))
        name = ""
    height += round(1.3 * _TEXT)
    scale = min(1, width / end)
    lines.append(f'<g transform="translate(0,{height - 120}) scale({scale:.3g})">{facts}</g>')
    if name:
        lines.append(_right_aligned(name, width, height - 120))
    return TextBlock("".join(lines), height - 120 + _FOOT)


def words_below(score: Score, width: int) -> TextBlock:
    """The words after the tune (`W:`), for below music that is `width` units wide. Empty if there are none."""
    lines = words_after_the_tune(score)[:MAX_WORDS]
    shown = [_text(line, 0, (number + 1) * _WORDS, _fitting(line, width)) for number, line in enumerate(lines) if line]
    return TextBlock("".join(shown), _WORDS * (len(lines) + 1) if shown else 0)


def _fitting(text: str, width: int) -> int:
    """The font size at which a line of text fits."""
    return min(_TEXT, round(_TEXT * width / max(fonts.width(text, _TEXT), 1)))


def key_name(key: Key) -> str:
    """`B♭ major`, `E dorian`, `D major with G♯`."""
    name = f"{key.tonic.replace('b', '♭').replace('#', '♯')} {key.mode}"
    return f"{name} with {' '.join(letter + _SIGNS[alter] for letter, alter in key.extra)}" if key.extra else name


def _wrap(title: str, width: int) -> list[str]:
    """The title in as few lines as possible, of about equal width."""
    words = title.split()
    count = max(1, -(-fonts.width(title, _TITLE) // width))
    lines: list[str] = []
    while words:
        target = fonts.width(" ".join(words), _TITLE) / max(count - len(lines), 1)
        taken = 1
        while taken < len(words) and fonts.width(" ".join(words[: taken + 1]), _TITLE) <= min(1.08 * target, width):
            taken += 1
        lines.append(" ".join(words[:taken]))
        words = words[taken:]
    return lines


def _facts(score: Score) -> tuple[str, int]:
    """Rhythm, key, tempo and the order of the parts on one base line, and the x position where they end."""
    parts: list[str] = []
    x = 0
    if rhythm := rhythm_words(score):
        length = fonts.width(rhythm, _TEXT, italic=True)
        parts.append(_text(rhythm, x, 0, _TEXT, style="italic", length=length))
        x += length + _GAP
    name = key_name(score.key)
    length = fonts.width(name, _TEXT)
    parts.append(_text(name, x, 0, _TEXT, length=length))
    x += length + _GAP
    if text := printable(score.tempo_text):
        length = round(1.1 * fonts.width(text, _TEXT))  # bold
        parts.append(_text(text, x, 0, _TEXT, weight="bold", length=length))
        x += length + _GAP // 2
    beat, count = tempo(score)
    undotted = next((value for value in (beat, beat * 2 / 3) if value in _GLYPHS), None)
    words = f"= {count}" if undotted else f"{beat} = {count}"
    if undotted:
        parts.append(_glyph(_GLYPHS[undotted], x))
        x += 230
        if undotted != beat:
            parts.append(_glyph(_DOT, x - 30))
            x += 110
    length = fonts.width(words, _TEXT)
    parts.append(_text(words, x, 0, _TEXT, length=length))
    x += length
    if 0 < len(score.order) <= MAX_ORDER:
        parts.append(_text(score.order, x + _GAP, 0, _TEXT, weight="bold"))
        x += _GAP + round(1.1 * fonts.width(score.order, _TEXT))
    return "".join(parts), x


def _right_aligned(text: str, width: int, y: int) -> str:
    """A line that ends at the right margin, in smaller letters if it would not fit."""
    return _text(text, width, y, _fitting(text, width), anchor="end")


def _text(
    text: str, x: int, y: int, size: int, *, anchor: str = "start", style: str = "normal", weight: str = "normal", length: int = 0
) -> str:
    """A text element. `length` fixes its length in any font: a browser without ours may take a wider one."""
    fitted = f' textLength="{length}" lengthAdjust="spacingAndGlyphs"' if length else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}px" text-anchor="{anchor}" font-style="{style}" font-weight="{weight}"{fitted}>'
        f"{_spans(text)}</text>"
    )


def _spans(text: str) -> str:
    """The text, with the fallback font named where the first lacks a character: rasterisers may not search for one."""
    runs = ((family, escape("".join(run))) for family, run in groupby(text, fonts.family))
    return "".join(run if family == fonts.FAMILY else f'<tspan font-family="{family}">{run}</tspan>' for family, run in runs)


def _glyph(name: str, x: int) -> str:
    """A glyph of the music font as a path, because the sheet is shown without that font."""
    scale = 1.1 * _TEXT / 1_000
    return f'<g transform="translate({x},0) scale({scale:g})">{_path(name)}</g>'


@cache
def _path(name: str) -> str:
    file = Path(verovio.__file__).parent / "data" / "Leipzig" / f"{name}.xml"
    path = ElementTree.parse(file).find("path")  # noqa: S314 — verovio's own file
    assert path is not None
    return f'<path transform="{path.get("transform")}" d="{path.get("d")}"/>'
