"""Joins the notes of a bar by beams."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from music21 import beam, meter, note

from generator.notation.metres import Metre

# Caches music21's beams by the rhythm of a bar: they take it as long as everything else in a bar, and bars repeat rhythms.
_BEAMS: dict[tuple[Metre, Fraction, tuple[tuple[float | Fraction, str, bool], ...]], list[beam.Beams | None]] = {}
_MAX_CACHED = 4_096
_SYMBOLS = {"C": "common", "C|": "cut"}


def time_signature(metre: Metre) -> meter.TimeSignature:
    signature = meter.TimeSignature(str(metre))
    signature.symbol = _SYMBOLS.get(metre.symbol, "")
    return signature


def add_beams(notes: list[note.GeneralNote], length: Fraction, metre: Metre | None, missing: Fraction) -> None:
    """Joins notes by beams as the metre groups them; the quavers of 4/4 in fours.

    `length` is that of the bar, `missing` what a pick-up lacks at its start, both in whole notes.
    """
    metre = metre or Metre(4, 4)
    if length > metre.bar:
        metre = Metre(ceil(length * metre.unit), metre.unit)
    rhythm = (metre, missing, tuple((each.duration.quarterLength, each.duration.type, each.isRest) for each in notes))
    if rhythm not in _BEAMS:
        time = time_signature(metre)
        if metre == Metre(4, 4):
            time.beamSequence.load("2/4+2/4")
        if len(_BEAMS) >= _MAX_CACHED:
            _BEAMS.clear()
        _BEAMS[rhythm] = time.getBeams(notes, measureStartOffset=float(missing * 4))
    for each, beams in zip(notes, _BEAMS[rhythm], strict=True):
        if beams is not None and isinstance(each, note.NotRest):
            each.beams = beams
