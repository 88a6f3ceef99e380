"""Lyrics under the notes (`w:`).

A syllable stays in ABC's spelling: a `-` at its end joins it to the next one, `~` is a space. `_` holds the syllable before for
another note, `*` is a note without a syllable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from generator.notation.score import Bar, Note

NONE, HOLD, NEXT_BAR = "*", "_", "|"
MAX_VERSES = 8
_SYLLABLE = re.compile(r"(?:\\.|[^\s\\_*|-])+-?|[-_*|]")


def syllables(line: str) -> list[str]:
    """The syllables of a `w:` line, and NEXT_BAR where it goes on with the next bar."""
    return _SYLLABLE.findall(line)


def joins_next(syllable: str) -> bool:
    return syllable.endswith("-") and not syllable.endswith("\\-")


def plain(syllable: str) -> str:
    """The text of a syllable; empty for NONE, HOLD and a `-` alone, which continues a word."""
    if syllable in (NONE, HOLD):
        return ""
    text = syllable[:-1] if joins_next(syllable) else syllable
    return re.sub(r"\\(.)|~", lambda match: match[1] or " ", text)


class LyricReader:
    """Aligns `w:` lines with the notes of the line of music before them. Rests take no syllable."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], list[str]] = {}  # (bar, note in the bar) → a syllable of each verse
        self.line_start = (0, 0)  # bar and note at which the line of music begins
        self.verse = 0
        self.position, self.bar = 0, 0  # where the last line of lyrics ended

    def begin_line(self, bar: int, note: int) -> None:
        """A line of music begins with this note of this bar."""
        self.line_start, self.verse = (bar, note), 0

    def read(self, text: str, bars: Sequence[Sequence[Note]], *, continued: bool = False) -> bool:
        """Reads a `w:` line, or one that continues the last; `bars` are the notes from the bar where the line of music begins.

        Returns whether everything found its place.
        """
        first_bar, first_note = self.line_start
        places = [
            (bar, number)
            for bar, notes in enumerate(bars, first_bar)
            for number, note in enumerate(notes)
            if note.pitches and (bar, number) >= (first_bar, first_note)
        ]
        if not continued:
            self.verse += 1
            self.position, self.bar = 0, first_bar
        if self.verse > MAX_VERSES:
            return False
        for syllable in syllables(text):
            if syllable == NEXT_BAR:
                self.bar += 1
                while self.position < len(places) and places[self.position][0] < self.bar:
                    self.position += 1
                continue
            if self.position == len(places):
                return False
            place = places[self.position]
            self.position, self.bar = self.position + 1, place[0]
            if syllable != NONE:
                verses = self.found.setdefault(place, [])
                verses += [NONE] * (self.verse - 1 - len(verses))
                verses.append(syllable)
        return True

    def with_lyrics(self, bars: Sequence[Bar]) -> list[Bar]:
        sung = list(bars)
        for (bar, number), verses in self.found.items():
            notes = list(sung[bar].notes)
            notes[number] = replace(notes[number], lyrics=tuple(verses))
            sung[bar] = replace(sung[bar], notes=tuple(notes))
        return sung
