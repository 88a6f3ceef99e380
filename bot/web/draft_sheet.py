"""A light drawing of a tune that is being written: clef, key, notes with stems and beams, bar lines.

The sheet that is kept comes from the worker. This one takes about a millisecond, so that it can be drawn again with each bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from itertools import islice, pairwise

from generator.notation.keys import Key
from generator.notation.score import Bar, Note, Pitch, Score

SPACE = 8.0  # between two lines of the stave
TOP, ROW = 5 * SPACE, 13.5 * SPACE  # from the top of a row to its stave; the height of a row
WIDTHS = {2: 420.0, 4: 840.0}  # by bars in a line
MOST_BARS = 200
_INK, _HEAD = "#2a2520", SPACE * 0.62
_BOTTOM, _MIDDLE = Pitch("E", 4).staff, Pitch("B", 4).staff  # lines of the stave
_CLEF_WIDTH, _SIGN_WIDTH, _PAD = 30.0, 9.0, 14.0
_SHARPS = [Pitch(name[0], int(name[1])).staff for name in ("F5", "C5", "G5", "D5", "A4", "E5", "B4")]
_FLATS = [Pitch(name[0], int(name[1])).staff for name in ("B4", "E5", "A4", "D5", "G4", "C5", "F4")]
_SIGNS = {-2: "♭♭", -1: "♭", 0: "♮", 1: "♯", 2: "♯♯"}
_CLEF = "M0 3C-7 3-7-7 0-8C9-9 12 5 3 9C-9 13-17 1-9-11C-4-18 6-23 6-33C6-41 0-41-2-32C-4-20 3 4 6 19C7 28-5 29-6 21"  # our own


@dataclass(slots=True)
class _Drawing:
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, width: float = 1.0) -> None:
        self.parts.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke-width="{width:g}"/>')

    def box(self, x: float, y: float, width: float, height: float) -> None:
        """Where a bar is, for scripts."""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self.parts.append(f'<rect class="bar" {place} fill="none" stroke="none"/>')

    def sign(self, x: float, y: float, text: str) -> None:
        self.parts.append(f'<text x="{x:.1f}" y="{y + 5:.1f}" font-size="17" text-anchor="middle" stroke="none">{text}</text>')

    def head(self, x: float, y: float, *, hollow: bool) -> None:
        inside = ' fill="#fffdf8" stroke-width="1.6"' if hollow else ""
        self.parts.append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{_HEAD:.1f}" ry="{_HEAD * 0.75:.1f}"'
            f' transform="rotate(-20 {x:.1f} {y:.1f})"{inside}/>'
        )

    def dot(self, x: float, y: float) -> None:
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.7" stroke="none"/>')


def draw(score: Score, bars_in_line: int = 4, lines: int | None = None) -> str:
    """The score as SVG, with 2 or 4 bars in a line, or its first `lines`. Bars beyond MOST_BARS are left out."""
    width = WIDTHS[bars_in_line]
    rows = list(islice(_rows(score, bars_in_line), lines)) or [[]]
    drawing = _Drawing()
    for index, row in enumerate(rows):
        _draw_row(drawing, score, row, index * ROW + TOP, width, bars_in_line)
    height = len(rows) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
        f' fill="{_INK}" stroke="{_INK}" font-family="DejaVu Sans, sans-serif"><title>{escape(score.title)}</title>'
        f"{''.join(drawing.parts)}</svg>"
    )


def _rows(score: Score, bars_in_line: int) -> Iterator[list[tuple[Bar, float]]]:
    """The bars of each line, with their widths as shares of a full bar."""
    row: list[tuple[Bar, float]] = []
    full = score.metre.bar if score.metre else Fraction(1)
    filled = 0.0
    for bar in score.bars[:MOST_BARS]:
        share = min(max(float(bar.duration / full), 0.3), 2.0)
        if row and filled + share > bars_in_line + 0.5:
            yield row
            row, filled = [], 0.0
        row.append((bar, share))
        filled += share
    if row:
        yield row


def _draw_row(
    drawing: _Drawing, score: Score, row: Sequence[tuple[Bar, float]], top: float, width: float, bars_in_line: int
) -> None:
    bottom = top + 4 * SPACE
    for line in range(5):
        drawing.line(0, top + line * SPACE, width, top + line * SPACE, 0.7)
    drawing.parts.append(
        f'<path d="{_CLEF}" transform="translate(16 {bottom - SPACE:.1f}) scale(.95)" fill="none" stroke-width="2"/>'
    )
    x = _CLEF_WIDTH
    for staff, text in _key_signs(score.key):
        drawing.sign(x + _SIGN_WIDTH / 2, _y(staff, bottom), text)
        x += _SIGN_WIDTH
    filled = sum(share for _, share in row)
    unit = (width - x) / max(filled, bars_in_line)
    for bar, share in row:
        end = x + share * unit
        drawing.box(x, top - 4 * SPACE, end - x, 12 * SPACE)
        _draw_bar(drawing, score, bar, x, end, bottom)
        _draw_bar_line(drawing, bar, x, end, top, bottom)
        x = end


def _key_signs(key: Key) -> list[tuple[int, str]]:
    altered = [alter for alter in key.signature.values() if alter]
    places = _SHARPS if sum(altered) > 0 else _FLATS
    return [(place, _SIGNS[1 if sum(altered) > 0 else -1]) for place in places[: len(altered)]]


def _draw_bar_line(drawing: _Drawing, bar: Bar, x: float, end: float, top: float, bottom: float) -> None:
    if bar.repeat_start:
        drawing.line(x + 1.5, top, x + 1.5, bottom, 3)
        drawing.line(x + 5, top, x + 5, bottom)
    for at, repeated in ((x + 9, bar.repeat_start), (end - 9, bool(bar.repeat_end))):
        if repeated:
            drawing.dot(at, bottom - 1.5 * SPACE)
            drawing.dot(at, bottom - 2.5 * SPACE)
    if bar.line or bar.repeat_end:
        heavy = bool(bar.repeat_end) or bar.line == "|]"
        drawing.line(end - (5 if heavy else 0.5), top, end - (5 if heavy else 0.5), bottom)
        if heavy or bar.line == "||":
            drawing.line(end - 1.5, top, end - 1.5, bottom, 3 if heavy else 1)


def _y(staff: int, bottom: float) -> float:
    return bottom - (staff - _BOTTOM) * SPACE / 2


def _draw_bar(drawing: _Drawing, score: Score, bar: Bar, start: float, end: float, bottom: float) -> None:
    room = end - start - 2 * _PAD
    offset, in_force = Fraction(0), dict[tuple[str, int], int]()
    beam: list[tuple[float, int, int]] = []  # x, staff position and number of beams of notes under one beam
    beat = (
        (score.metre.bar / 2 if not score.metre.compound and score.metre.bar == 1 else score.metre.beat) if score.metre else None
    )
    if bar.repeat_start:
        start, room = start + SPACE, room - SPACE
    for note in bar.notes:
        x = start + _PAD + room * float(offset / max(bar.duration, Fraction(1, 64)))
        beams = _beams(note)
        if beam and (not beams or note.rest or (beat and offset % beat == 0)):
            _draw_stems(drawing, beam, bottom)
            beam = []
        if note.rest:
            if not note.invisible:
                _draw_rest(drawing, x, bottom)
        else:
            _draw_heads(drawing, score, note, x, bottom, in_force)
            if beams:
                beam.append((x, note.pitches[-1].staff, beams))
            elif note.nominal < 1:
                _draw_stems(drawing, [(x, note.pitches[-1].staff, 0)], bottom)
        offset += note.duration
    if beam:
        _draw_stems(drawing, beam, bottom)


def _beams(note: Note) -> int:
    """Beams or flags: 1 for a quaver, 2 for a semiquaver."""
    return sum(note.nominal < least for least in (Fraction(1, 4), Fraction(1, 8), Fraction(1, 16)))


def _draw_rest(drawing: _Drawing, x: float, bottom: float) -> None:
    y = bottom - 3 * SPACE
    drawing.parts.append(f'<path d="M{x - 2:.1f} {y:.1f}l5 6l-4 4l5 6q-6-2-4 4" fill="none" stroke-width="2"/>')


def _draw_heads(
    drawing: _Drawing, score: Score, note: Note, x: float, bottom: float, in_force: dict[tuple[str, int], int]
) -> None:
    dotted = note.nominal.numerator == 3
    for pitch in note.pitches:
        y, place = _y(pitch.staff, bottom), (pitch.letter, pitch.octave)
        if pitch.alter != in_force.get(place, score.key.signature[pitch.letter]):
            in_force[place] = pitch.alter
            drawing.sign(x - 1.7 * _SIGN_WIDTH, y, _SIGNS[pitch.alter])
        for line in (*range(_BOTTOM - 2, pitch.staff - 1, -2), *range(_BOTTOM + 10, pitch.staff + 1, 2)):
            drawing.line(x - 1.6 * _HEAD, _y(line, bottom), x + 1.6 * _HEAD, _y(line, bottom))
        drawing.head(x, y, hollow=note.nominal >= Fraction(1, 2))
        if dotted:
            drawing.dot(x + 1.8 * _HEAD, y - (SPACE / 2 if (pitch.staff - _BOTTOM) % 2 == 0 else 0))


def _draw_stems(drawing: _Drawing, notes: Sequence[tuple[float, int, int]], bottom: float) -> None:
    """The stems of one note or of several under a beam, and the beams or flags."""
    up = sum(staff for _, staff, _ in notes) / len(notes) < _MIDDLE
    side = _HEAD * 0.93 if up else -_HEAD * 0.93
    ys = [_y(staff, bottom) for _, staff, _ in notes]
    tip = (min(ys) - 3.2 * SPACE) if up else (max(ys) + 3.2 * SPACE)
    step = SPACE * 0.75 if up else -SPACE * 0.75
    for (x, _, _), y in zip(notes, ys, strict=True):
        drawing.line(x + side, y, x + side, tip, 1.2)
    if len(notes) == 1:
        x, _, flags = notes[0]
        for flag in range(flags):
            y = tip + flag * step
            drawing.parts.append(
                f'<path d="M{x + side:.1f} {y:.1f}q{SPACE:g} {step:.1f} {0.7 * SPACE:.1f} {2.4 * step:.1f}"'
                ' fill="none" stroke-width="1.8"/>'
            )
        return
    for level in range(max(beams for _, _, beams in notes)):
        y = tip + level * step
        for (x1, _, beams1), (x2, _, beams2) in pairwise(notes):
            if beams1 > level and beams2 > level:
                drawing.line(x1 + side - 0.5, y, x2 + side + 0.5, y, 3.5)
        for index, (x, _, beams) in enumerate(notes):
            alone = beams > level and not any(
                0 <= near < len(notes) and notes[near][2] > level for near in (index - 1, index + 1)
            )
            if alone:
                inward = SPACE if index < len(notes) - 1 else -SPACE
                drawing.line(x + side, y, x + side + inward, y, 3.5)
