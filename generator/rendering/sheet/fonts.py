"""The fonts for text on the sheet. They come with matplotlib, since a server may have no fonts installed."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import svg2png_py
from fontTools.ttLib import TTFont

from generator.rendering.result import RendererFault

FAMILY, _FALLBACK_FAMILY = "STIXGeneral", "DejaVu Sans"
_UPRIGHT, _ITALIC, _FALLBACK = "STIXGeneral.ttf", "STIXGeneralItalic.ttf", "DejaVuSans.ttf"
_FILES = (_UPRIGHT, "STIXGeneralBol.ttf", _ITALIC, "STIXGeneralBolIta.ttf", _FALLBACK)


@cache
def files() -> list[str]:
    """The paths of the fonts. Raises RendererFault if matplotlib is missing."""
    spec = importlib.util.find_spec("matplotlib")  # not imported: that takes half a second
    if spec is None or spec.origin is None:
        raise RendererFault("The fonts for sheet music are missing. Install matplotlib, which contains them.")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return [str(folder / name) for name in _FILES]


@cache
def database(*, system: bool) -> svg2png_py.FontDatabase:
    """The fonts, loaded for resvg; with the system's if `system`, which take long to search and differ between machines."""
    found = svg2png_py.FontDatabase()
    for file in files():
        found.load_font_file(file)
    if system:
        found.load_system_fonts()
    return found


def width(text: str, size: int, *, italic: bool = False) -> int:
    """The width of a line at a font size, in the unit of the size."""
    fonts = [_advances(_ITALIC if italic else _UPRIGHT), _advances(_FALLBACK)]
    return round(size * sum(next((font[each] for font in fonts if each in font), 1.0) for each in text))


def family(character: str) -> str:
    """The font family for a character: FAMILY, unless only the fallback has it."""
    return FAMILY if character in _advances(_UPRIGHT) or character not in _advances(_FALLBACK) else _FALLBACK_FAMILY


def missing(text: str) -> str:
    """The characters that none of the fonts has, in order."""
    fonts = (_advances(_UPRIGHT), _advances(_FALLBACK))
    return "".join(each for each in dict.fromkeys(text) if each.isprintable() and not any(each in font for font in fonts))


@cache
def _advances(name: str) -> dict[str, float]:
    """The advance width of each character, in ems."""
    font = TTFont(files()[_FILES.index(name)], lazy=True)
    em, advances = font["head"].unitsPerEm, font["hmtx"].metrics
    return {chr(code): advances[glyph][0] / em for code, glyph in font.getBestCmap().items()}
