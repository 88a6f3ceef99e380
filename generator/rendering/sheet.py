"""MusicXML → SVG by verovio → PNG by resvg.

Both are as high as the tune needs. Lettering is set in fonts that come with matplotlib, which music21 brings along: a bare
machine has none, and a sheet looks the same everywhere.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import resvg_py
import verovio

from generator.notation.score import Score
from generator.rendering.header import header
from generator.rendering.layout import page_width
from generator.rendering.result import RendererFault, RenderingError
from generator.rendering.text import rhythm_words

WIDTH = 1_500  # pixels of the PNG
MAX_HEIGHT = 12_000  # pixels; more are scaled down
_MARGIN = 40  # verovio's units, of which a staff is 72 high
_FINE = 10  # units of the SVG in one of verovio's

_OPTIONS = {
    "adjustPageHeight": True,
    "breaks": "encoded",
    "footer": "none",
    "header": "none",
    "minLastJustification": 0.55,
    "pageHeight": 60_000,
    "pageMarginBottom": _MARGIN,
    "pageMarginLeft": _MARGIN,
    "pageMarginRight": _MARGIN,
    "smuflTextFont": "none",
    "spacingNonLinear": 0.55,
    "svgViewBox": True,
    "xmlIdChecksum": True,  # the same tune gives the same file
}
# What verovio sets in its music font inside text: the accidentals of chord symbols.
_SIGNS = {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯", "\ue260": "♭", "\ue261": "♮", "\ue262": "♯"}
_MUSIC_TEXT = re.compile(r'<tspan font-family="Leipzig" font-size="\d+px">([^<]*)</tspan>')
_LETTERING = ("STIXGeneral.ttf", "STIXGeneralBol.ttf", "STIXGeneralItalic.ttf", "STIXGeneralBolIta.ttf", "DejaVuSans.ttf")


def engrave(score: Score, musicxml: bytes) -> str:
    """The sheet as SVG; raises RenderingError when verovio cannot read what music21 wrote."""
    width = page_width(score)
    head = header(score, (width - 2 * _MARGIN) * _FINE)
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS | {"pageWidth": width, "pageMarginTop": min(_MARGIN + head.height // _FINE, 500)})
    if not toolkit.loadData(_for_the_page(score, musicxml)):
        raise RenderingError("The tune could not be engraved. Simplify its notation.")
    svg = _MUSIC_TEXT.sub(_as_text, toolkit.renderToSVG(1))
    origin = f'<g class="page-head" transform="translate({_MARGIN * _FINE},{_MARGIN * _FINE})">{head.svg}</g>'
    return svg.replace('<g class="page-margin"', origin + '<g class="page-margin"', 1)


def to_png(svg: str) -> bytes:
    """A picture of a sheet that `engrave` made, WIDTH pixels wide, on white. Never hand it anybody's SVG: it loads files."""
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    if box is None:
        raise RenderingError("The tune could not be engraved. Simplify its notation.")
    width, height = WIDTH, WIDTH * int(box[2]) / int(box[1])
    if height > MAX_HEIGHT:
        width = round(width * MAX_HEIGHT / height)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, background="#ffffff", width=width, skip_system_fonts=True, font_files=_fonts(),
            font_family="STIXGeneral", serif_family="STIXGeneral",
        )
    )  # fmt: skip


def _for_the_page(score: Score, musicxml: bytes) -> str:
    """Leaves out what the page's head shows, and changes of mode that leave the signature as it is."""
    root = ElementTree.fromstring(musicxml)  # noqa: S314 — written by us
    for dated in root.findall("identification"):
        root.remove(dated)  # verovio names the parts of its SVG after all that it reads
    rhythm = rhythm_words(score)
    fifths: str | None = None
    for measure in root.iter("measure"):
        for direction in measure.findall("direction"):
            if direction.find("direction-type/metronome") is not None or direction.findtext("direction-type/words") == rhythm:
                measure.remove(direction)
        for attributes in measure.findall("attributes"):
            for key in attributes.findall("key"):
                if key.findtext("fifths") is not None and key.findtext("fifths") == fifths:
                    attributes.remove(key)
                fifths = key.findtext("fifths")
    return ElementTree.tostring(root, encoding="unicode")


def _as_text(match: re.Match[str]) -> str:
    return f'<tspan font-size="405px">{"".join(_SIGNS.get(sign, "") for sign in match[1])}</tspan>'


@cache
def _fonts() -> list[str]:
    found = importlib.util.find_spec("matplotlib")  # not imported: that takes half a second
    if found is None or found.origin is None:
        raise RendererFault("The fonts for sheet music are missing. Install matplotlib, which brings them.")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    return [str(folder / name) for name in _LETTERING]
