"""Reads the notes of a MIDI file, to compare what abc2midi plays with what was written."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction


def played(data: bytes) -> list[tuple[Fraction, int, Fraction]]:
    """(onset, pitch, length) of every note of the first track that has any, in whole notes, in order."""
    return next(iter(played_by_track(data)), [])


def played_by_track(data: bytes) -> list[list[tuple[Fraction, int, Fraction]]]:
    """(onset, pitch, length) of the notes of each track that has any, in whole notes, in order."""
    return [sorted(notes) for notes, _ in _tracks(data) if notes]


def sung(data: bytes) -> list[tuple[Fraction, str]]:
    """(onset in whole notes, text) of every syllable of a karaoke file of abc2midi, which has them as plain texts."""
    others = ("@KMIDI KARAOKE FILE", "note track", "notes/lyric track")
    return [syllable for _, texts in _tracks(data) for syllable in texts if syllable[1] not in others]


def _tracks(data: bytes) -> Iterator[tuple[list[tuple[Fraction, int, Fraction]], list[tuple[Fraction, str]]]]:
    division = int.from_bytes(data[12:14])
    at = 14
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8])
        yield _track(data[at + 8 : at + 8 + size], 4 * division)
        at += 8 + size


def _track(data: bytes, whole: int) -> tuple[list[tuple[Fraction, int, Fraction]], list[tuple[Fraction, str]]]:
    notes: list[tuple[Fraction, int, Fraction]] = []
    texts: list[tuple[Fraction, str]] = []
    sounding: dict[int, int] = {}
    ticks = at = status = 0

    def number() -> int:
        nonlocal at
        value = 0
        while True:
            byte = data[at]
            at += 1
            value = value << 7 | byte & 127
            if byte < 128:
                return value

    while at < len(data):
        ticks += number()
        if data[at] & 128:
            status = data[at]
            at += 1
        if status >= 240:
            kind = data[at] if status == 255 else 0
            at += status == 255
            size = number()
            if kind == 1:
                texts.append((Fraction(ticks, whole), data[at : at + size].decode()))
            at += size
            continue
        kind = status >> 4
        if kind in (8, 9):
            pitch = data[at]
            if kind == 9 and data[at + 1]:
                sounding[pitch] = ticks
            elif pitch in sounding:
                start = sounding.pop(pitch)
                notes.append((Fraction(start, whole), pitch, Fraction(ticks - start, whole)))
        at += 1 if kind in (12, 13) else 2
    return notes, texts
