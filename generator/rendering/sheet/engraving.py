"""MusicXML → SVG by verovio → PNG by resvg.

Both are as high as the tune needs. In the SVG each written note, chord or rest is a group whose id is `music21_score.note_id`'s,
so that a page can light it up.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

import resvg_py
import verovio

from generator.notation.score import Score
from generator.rendering.display_text import rhythm_words
from generator.rendering.result import RenderingError
from generator.rendering.sheet import fonts
from generator.rendering.sheet.header import header
from generator.rendering.sheet.layout import NARROWEST, page_width
from generator.user_messages import UserMessage

WIDTH = 1_200  # pixels of the PNG: more than twice what Discord shows of it, and a fifth faster than 1,400
MAX_HEIGHT = 12_000  # pixels; more are scaled down
_MARGIN = 40  # verovio's units, of which a staff is 72 high
_FINE = 10  # units of the SVG in one of verovio's

_OPTIONS = {
    "adjustPageHeight": True,
    "breaks": "encoded",
    "footer": "none",
    "header": "none",
    "minLastJustification": 0.45,
    "pageHeight": 60_000,
    "pageMarginBottom": _MARGIN,
    "pageMarginLeft": _MARGIN,
    "pageMarginRight": _MARGIN,
    "smuflTextFont": "none",
    "spacingNonLinear": 0.55,
    "spacingStaff": 8,
    "svgFormatRaw": True,
    "svgViewBox": True,
    "tupletAngledOnBeams": True,
    "xmlIdChecksum": True,  # the same tune gives the same file
}
# What verovio sets in its music font inside text: the accidentals of chord symbols.
_SIGNS = {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯", "\ue260": "♭", "\ue261": "♮", "\ue262": "♯"}
_MUSIC_TEXT = re.compile(r'<tspan font-family="Leipzig" font-size="\d+px">([^<]*)</tspan>')
_CHORD = re.compile(r'<g id="\w+" class="chord">(.*?)<g id="(b\d+n[\d-]+)" class="note">', re.DOTALL)
# Pages that allow no styles but their own show a sheet as well: verovio's are written out as attributes.
_STYLE = re.compile(r"\s*<style.*?</style>", re.DOTALL)
_HIDDEN = re.compile(r'<g [^>]*class="[^"]*\bplaceholder\b[^"]*">\s*<ellipse[^>]*/>\s*</g>\s*')
_BOLD = re.compile(r'(class="(?:ending|fing|reh)\b[^"]*")')
_SLANTED = re.compile(r'(class="(?:dir|dynam|mNum)\b[^"]*")')


def engrave(score: Score, musicxml: bytes) -> str:
    """The sheet as SVG; raises RenderingError when verovio cannot read what music21 wrote."""
    width = page_width(score)
    head = header(score, (width - 2 * _MARGIN) * _FINE)
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS | {"pageWidth": width, "pageMarginTop": min(_MARGIN + head.height // _FINE, 500)})
    if not toolkit.loadData(_for_the_page(score, musicxml)):
        raise RenderingError(UserMessage("The tune could not be engraved. Simplify its notation."))
    svg = _plain(_MUSIC_TEXT.sub(_as_text, toolkit.renderToSVG(1)))
    svg = _CHORD.sub(r'<g id="\2" class="chord">\1<g class="note">', svg)
    origin = f'<g class="page-head" transform="translate({_MARGIN * _FINE},{_MARGIN * _FINE})">{head.svg}</g>'
    return svg.replace('<g class="page-margin"', origin + '<g class="page-margin"', 1)


def _plain(svg: str) -> str:
    """The sheet without a style sheet, and without the signs that it hides."""
    svg = _HIDDEN.sub("", _STYLE.sub("", svg))
    svg = svg.replace(' stroke-width="', ' stroke="currentColor" stroke-width="')
    return _SLANTED.sub(r'\1 font-style="italic"', _BOLD.sub(r'\1 font-weight="bold"', svg))


def to_png(svg: str) -> bytes:
    """A picture of a sheet that `engrave` made, at most WIDTH pixels wide, on white. Not for anybody's SVG: it loads files."""
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    if box is None:
        raise RenderingError(UserMessage("The tune could not be engraved. Simplify its notation."))
    width = min(WIDTH, WIDTH * int(box[1]) / NARROWEST)  # a tune of a bar or two is no larger than the others
    height = width * int(box[2]) / int(box[1])
    width = round(width * min(1, MAX_HEIGHT / height))
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, background="#ffffff", width=width, font_files=fonts.files(),
            # Searching the system takes long, and gives other letters on other machines.
            skip_system_fonts=not fonts.missing(svg), font_family=fonts.FAMILY, serif_family=fonts.FAMILY,
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
