"""MusicXML → SVG by verovio → PNG by resvg.

The height of both fits the tune. In the SVG each written note, chord or rest is a group with the id `music21_score.note_id`, so
that a page can highlight it.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Container
from itertools import pairwise
from math import ceil
from xml.etree import ElementTree

import svg2png_py
import verovio
from PIL import Image

from generator.notation.lyrics import HOLD, joins_next, plain
from generator.notation.score import Note, Score
from generator.rendering.display_text import printable, rhythm_words
from generator.rendering.result import RenderingError
from generator.rendering.sheet import fonts
from generator.rendering.sheet.decorations import ROLLS
from generator.rendering.sheet.header import header, words_below
from generator.rendering.sheet.layout import BARS_PER_LINE, NARROWEST, line_starts, page_width
from generator.rendering.sheet.music21_score import note_id
from generator.user_messages import UserMessage

WIDTH = 1_200  # pixels of the PNG: more than twice the width at which Discord shows it, and a fifth faster to draw than 1,400
MAX_HEIGHT = 12_000  # pixels; higher pages are scaled down
_MARGIN = 40  # verovio's units; a staff is 72 high
_SVG_UNITS = 10  # units of the SVG in one of verovio's

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
    "xmlIdChecksum": True,  # makes the ids, and so the file, reproducible
}
# The accidentals of chord symbols, which verovio sets in its music font inside text.
_ACCIDENTALS = {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯", "\ue260": "♭", "\ue261": "♮", "\ue262": "♯"}
_MUSIC_TEXT = re.compile(r'<tspan font-family="Leipzig" font-size="\d+px">([^<]*)</tspan>')
_CHORD = re.compile(r'<g id="\w+" class="chord">(.*?)<g id="((?:v\d+)?b\d+n[\d-]+)" class="note">', re.DOTALL)
# Neither MusicXML nor verovio has the arc that stands for a roll in Irish music. In MusicXML a roll is a turn, as old tune books
# print it; for the sheet it becomes a haydn, a sign that nothing else uses, whose glyph is replaced.
_ROLL_GLYPH = re.compile(r'(<g id="E56F-\w+"><path [^>]*?d=")[^"]*')
_ROLL_ARC = "M0 -40C90 190 410 190 500 -40C400 104 100 104 0 -40z"
_ROLL_CLASS = ('class="mordent"><use xlink:href="#E56F', 'class="roll"><use xlink:href="#E56F')
# verovio's style sheet is replaced by attributes, because a page may forbid foreign styles (Content Security Policy).
_STYLE = re.compile(r"\s*<style.*?</style>", re.DOTALL)
_HIDDEN = re.compile(r'<g [^>]*class="[^"]*\bplaceholder\b[^"]*">\s*<ellipse[^>]*/>\s*</g>\s*')
_HEIGHT = re.compile(r'(viewBox="0 0 \d+ )(\d+)')
_WEB_FONTS = 'font-family="Times, serif"'  # verovio's, for browsers
_BOLD = re.compile(r'(class="(?:ending|fing|reh)\b[^"]*")')
_SLANTED = re.compile(r'(class="(?:dir|dynam|mNum)\b[^"]*")')


def engrave(score: Score, musicxml: bytes, bars_per_line: int = BARS_PER_LINE) -> str:
    """The sheet as SVG. Raises RenderingError if verovio cannot read the MusicXML."""
    width = page_width(score, bars_per_line)
    head = header(score, (width - 2 * _MARGIN) * _SVG_UNITS)
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS | {"pageWidth": width, "pageMarginTop": min(_MARGIN + head.height // _SVG_UNITS, 500)})
    if not toolkit.loadData(_for_verovio(score, musicxml, bars_per_line)):
        raise RenderingError(UserMessage("The tune could not be engraved. Simplify its notation."))
    if toolkit.getPageCount() > 1:
        raise RenderingError(UserMessage("The sheet would be too long. Shorten the tune, or leave out voices."))
    svg = _without_style_sheet(_MUSIC_TEXT.sub(_in_text_font, toolkit.renderToSVG(1)))
    svg = _ROLL_GLYPH.sub(rf"\1{_ROLL_ARC}", svg.replace(*_ROLL_CLASS))
    svg = _CHORD.sub(r'<g id="\2" class="chord">\1<g class="note">', svg)
    page_head = f'<g class="page-head" transform="translate({_MARGIN * _SVG_UNITS},{_MARGIN * _SVG_UNITS})">{head.svg}</g>'
    return _with_words(svg.replace('<g class="page-margin"', page_head + '<g class="page-margin"', 1), score, width)


def _with_words(svg: str, score: Score, width: int) -> str:
    """The sheet with the words after the tune below the music, on a longer page."""
    words = words_below(score, (width - 2 * _MARGIN) * _SVG_UNITS)
    if not words.height:
        return svg
    page, content = (int(height) for _, height in _HEIGHT.findall(svg)[:2])  # in pixels, and in the units of the content
    heights = iter([page + words.height // _SVG_UNITS, content + words.height])
    svg = _HEIGHT.sub(lambda match: f"{match[1]}{next(heights)}", svg, count=2)
    margin = _MARGIN * _SVG_UNITS
    block = f'<g class="page-words" transform="translate({margin},{content - margin})">{words.svg}</g>'
    return svg.replace('<g class="page-margin"', block + '<g class="page-margin"', 1)


def _without_style_sheet(svg: str) -> str:
    """Replaces the style sheet by attributes, and removes the elements that it hides."""
    svg = _HIDDEN.sub("", _STYLE.sub("", svg))
    svg = svg.replace(' stroke-width="', ' stroke="currentColor" stroke-width="')
    return _SLANTED.sub(r'\1 font-style="italic"', _BOLD.sub(r'\1 font-weight="bold"', svg))


def to_png(svg: str) -> bytes:
    """The PNG of a sheet from `engrave`, at most WIDTH pixels wide, on white.

    Never pass it SVG from users: resvg loads files that the SVG refers to.
    """
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    if box is None:
        raise RenderingError(UserMessage("The tune could not be engraved. Simplify its notation."))
    width = min(WIDTH, WIDTH * int(box[1]) / NARROWEST)  # a short tune gets a narrower picture, not larger notes
    height = width * int(box[2]) / int(box[1])
    width = round(width * min(1, MAX_HEIGHT / height))
    # Stretched by less than a pixel, so that the picture has no transparent edge.
    size = f'<svg width="{width}" height="{ceil(width * int(box[2]) / int(box[1]))}" preserveAspectRatio="none" '
    pixels, *shape = svg2png_py.svg_to_rgba(
        svg.replace("<svg ", size, 1).replace(_WEB_FONTS, f'font-family="{fonts.FAMILY}"'),
        fonts.database(system=bool(fonts.missing(svg))),
        bg_color=(255, 255, 255, 255),
    )
    # All is black on white, so that one channel is the picture. Run lengths compress it as well as deflate, in half the time.
    picture, png = Image.frombuffer("RGBA", tuple(shape), pixels, "raw", "RGBA", 0, 1).getchannel("R"), io.BytesIO()
    picture.save(png, "PNG", compress_type=zlib.Z_RLE)
    return png.getvalue()


def _for_verovio(score: Score, musicxml: bytes, bars_per_line: int) -> str:
    """The MusicXML with marked rolls and held syllables.

    It lacks what our header shows, and changes of key that keep the key signature.
    """
    root = ElementTree.fromstring(musicxml)  # noqa: S314 — written by us
    for identification in root.findall("identification"):
        root.remove(identification)  # it has a date, and verovio derives ids from everything that it reads
    words = {rhythm_words(score), printable(score.tempo_text)}
    for part in root.iter("part"):
        _remove_from_measures(part, words)
    if bars_per_line != BARS_PER_LINE and (first := root.find("part")) is not None:
        _break_lines(first, line_starts(score, bars_per_line))
    elements = {element.get("id"): element for element in root.iter("note")}
    for voice, voice_score in enumerate(score.by_voice()):
        notes = [
            (note, elements[note_id(bar, number, voice)])
            for bar, each in enumerate(voice_score.bars)
            for number, note in enumerate(each.notes)
        ]
        for note, element in notes:
            for turn in element.iter("turn") if ROLLS.intersection(note.decorations) else ():
                turn.tag = "haydn"
        for (note, element), (following, _) in pairwise(each for each in notes if each[0].pitches):
            _extend_syllables(note, element, following)
    return ElementTree.tostring(root, encoding="unicode")


def _break_lines(part: ElementTree.Element, starts: Container[int]) -> None:
    """Replaces the line breaks of a part: `starts` has the indices of the measures that begin a line."""
    for index, measure in enumerate(part.findall("measure")):
        for each in measure.findall("print"):
            measure.remove(each)
        if index in starts:
            measure.insert(0, ElementTree.Element("print", {"new-system": "yes"}))


def _extend_syllables(note: Note, element: ElementTree.Element, following: Note) -> None:
    """Adds the lines that hold a note's syllables for the following note, which music21 cannot write."""
    for verse, (syllable, held) in enumerate(zip(note.lyrics, following.lyrics, strict=False), 1):
        if held == HOLD and plain(syllable) and not joins_next(syllable):
            for lyric in element.findall(f"lyric[@number='{verse}']"):
                ElementTree.SubElement(lyric, "extend")


def _remove_from_measures(part: ElementTree.Element, words: Container[str]) -> None:
    """Removes the tempo, directions with these words, and changes of key that keep the key signature."""
    fifths: str | None = None
    for measure in part.iter("measure"):
        for direction in measure.findall("direction"):
            if direction.find("direction-type/metronome") is not None or direction.findtext("direction-type/words") in words:
                measure.remove(direction)
        for attributes in measure.findall("attributes"):
            for key in attributes.findall("key"):
                if key.findtext("fifths") is not None and key.findtext("fifths") == fifths:
                    attributes.remove(key)
                fifths = key.findtext("fifths")


def _in_text_font(match: re.Match[str]) -> str:
    return f'<tspan font-size="405px">{"".join(_ACCIDENTALS.get(sign, "") for sign in match[1])}</tspan>'
