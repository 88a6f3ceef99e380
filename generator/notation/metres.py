"""Metres, and the rhythms (reel, jig ...) with their metres and tempi."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from generator.notation.errors import NotationError
from generator.user_messages import UserMessage


@dataclass(frozen=True)
class Metre:
    """A time signature: 4/4, 6/8 ... `C` is 4/4 and `C|` 2/2, drawn with a sign instead of numbers."""

    beats: int
    unit: int
    symbol: str = field(default="", compare=False)  # "C" or "C|" if it is written so

    @property
    def bar(self) -> Fraction:
        """The length of a full bar in whole notes."""
        return Fraction(self.beats, self.unit)

    @property
    def compound(self) -> bool:
        return self.unit >= 8 and self.beats % 3 == 0

    @property
    def beat(self) -> Fraction:
        """The length of a beat in whole notes: one beamed group, one tap of the foot."""
        return Fraction(3, self.unit) if self.compound else Fraction(1, self.unit)

    def interchangeable(self, other: Metre) -> bool:
        """Whether a tune can be written in either: 4/4 and 2/2 can, 3/4 and 6/8 have different beats."""
        return self.bar == other.bar and self.compound == other.compound

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"

    @property
    def abc(self) -> str:
        """The value of an `M:` field."""
        return self.symbol or str(self)

    @classmethod
    def parse(cls, text: str) -> Metre | None:
        """Reads `4/4`, `C`, `C|`, `2+3/8`, and the `2` of old books, which is 2/2. Raises NotationError.

        Free metre (`none` or an empty text) is None.
        """
        value = text.strip()
        if value.lower() in ("", "none", "free"):
            return None
        if value in ("C", "c"):
            return cls(4, 4, "C")
        if value in ("C|", "c|"):
            return cls(2, 2, "C|")
        if value == "2":
            return cls(2, 2)
        match = re.fullmatch(r"\(?(\d{1,2}(?:\s*\+\s*\d{1,2})*)\)?\s*/\s*(\d{1,2})", value)
        if match:
            beats, unit = sum(int(part) for part in match[1].split("+")), int(match[2])
            if 1 <= beats <= 32 and unit in (1, 2, 4, 8, 16, 32):
                return cls(beats, unit)
        raise NotationError(UserMessage("“{text}” is not a metre. Write it like 4/4, 6/8 or C|.", text=text[:20]), text=text)


@dataclass(frozen=True)
class Rhythm:
    """A type of tune, with its metres (the main one first) and the tempo of a session."""

    name: str
    metres: tuple[Metre, ...]
    beat: Fraction  # the note length that `beats_per_minute` counts, in whole notes
    beats_per_minute: int
    aliases: tuple[str, ...] = ()  # other names that collections use

    @property
    def default_metres(self) -> tuple[Metre, ...]:
        """The metres to choose from if the request names none: all of those of marches and airs, else the main one."""
        return self.metres if self.name in ("march", "air") else self.metres[:1]

    def fits(self, metre: Metre) -> bool:
        """Whether tunes of this rhythm are written in the metre."""
        return any(metre.interchangeable(each) for each in self.metres)

    def tempo(self, metre: Metre | None) -> tuple[Fraction, int]:
        """The beat in whole notes and the beats a minute in this metre."""
        main = self.metres[0]
        if metre and self.name == "march":
            return (metre.beat if metre.compound else self.beat), self.beats_per_minute
        if metre and not main.compound and metre.bar * 2 == main.bar:
            return self.beat / 2, self.beats_per_minute  # old books write reels in 2/4 with notes half as long
        return self.beat, self.beats_per_minute


def _metres(*texts: str) -> tuple[Metre, ...]:
    return tuple(metre for text in texts if (metre := Metre.parse(text)))


# Tempi of Irish sessions and dancers, a little slower than in competitions.
RHYTHMS = {
    rhythm.name: rhythm
    for rhythm in (
        Rhythm("reel", _metres("4/4", "2/2"), Fraction(1, 2), 104),
        Rhythm("jig", _metres("6/8", "12/8"), Fraction(3, 8), 112, ("double jig", "single jig")),
        Rhythm("slip jig", _metres("9/8"), Fraction(3, 8), 112, ("slipjig", "hop jig")),
        Rhythm("hornpipe", _metres("4/4", "2/2"), Fraction(1, 4), 152, ("clog",)),
        Rhythm("polka", _metres("2/4"), Fraction(1, 4), 126),
        Rhythm("slide", _metres("6/8", "12/8"), Fraction(3, 8), 126),
        Rhythm("waltz", _metres("3/4"), Fraction(1, 4), 132),
        Rhythm("march", _metres("4/4", "2/4", "6/8", "2/2"), Fraction(1, 4), 108, ("quickstep", "quick step")),
        Rhythm("strathspey", _metres("4/4", "2/2"), Fraction(1, 4), 116, ("highland fling", "fling", "highland")),
        Rhythm("air", _metres("3/4", "4/4", "6/8"), Fraction(1, 4), 72, ("slow air", "lament", "song")),
    )
}


def rhythm_named(text: str) -> Rhythm | None:
    """The rhythm that a user or an `R:` field names, in the singular or plural; None for other text."""
    name = " ".join(text.lower().replace("-", " ").split())
    names = {name, name.removesuffix("s"), name.removesuffix("es")}
    return next((rhythm for rhythm in RHYTHMS.values() if names & {rhythm.name, *rhythm.aliases}), None)
