"""Writes a score as MusicXML, with music21."""

from __future__ import annotations

from music21.musicxml.m21ToXml import GeneralObjectExporter

from generator.notation.score import Score
from generator.rendering.sheet.music21_score import to_music21


def write_musicxml(score: Score) -> bytes:
    exporter = GeneralObjectExporter(to_music21(score))
    exporter.makeNotation = False  # the measures are complete; music21 would first make a deep copy, which takes most of the time
    data: bytes = exporter.parse()
    return data
