"""The fonts of the sheet's lettering: they come with matplotlib, as a bare machine has none."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from generator.rendering.result import RendererFault

FAMILY, _SECOND = "STIXGeneral", "DejaVu Sans"
_UPRIGHT, _ITALIC, _REST = "STIXGeneral.ttf", "STIXGeneralItalic.ttf", "DejaVuSans.ttf"
_FILES = (_UPRIGHT, "STIXGeneralBol.ttf", _ITALIC, "STIXGeneralBolIta.ttf", _REST)


@cache
def files() -> list[str]:
    """The fonts' paths; raises RendererFault where matplotlib is missing."""
    found = importlib.util.find_spec("matplotlib")  # not imported: that takes half a second
    if found is None or found.origin is None:
        raise RendererFault("The fonts for sheet music are missing. Install matplotlib, which brings them.")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    return [str(folder / name) for name in _FILES]


def width(text: str, size: int, *, italic: bool = False) -> int:
    """How wide a line is at a size, in the size's units."""
    fonts = [_advances(_ITALIC if italic else _UPRIGHT), _advances(_REST)]
    return round(size * sum(next((font[each] for font in fonts if each in font), 1.0) for each in text))


def family(character: str) -> str:
    """The font for a character: the first of them unless only the second has it."""
    return FAMILY if character in _advances(_UPRIGHT) or character not in _advances(_REST) else _SECOND


def missing(text: str) -> str:
    """The characters, in order, that none of the fonts can draw."""
    held = (_advances(_UPRIGHT), _advances(_REST))
    return "".join(each for each in dict.fromkeys(text) if each.isprintable() and not any(each in font for font in held))


@cache
def _advances(name: str) -> dict[str, float]:
    """How far each character moves on, in ems."""
    font = TTFont(files()[_FILES.index(name)], lazy=True)
    em, advances = font["head"].unitsPerEm, font["hmtx"].metrics
    return {chr(code): advances[glyph][0] / em for code, glyph in font.getBestCmap().items()}
