"""Versions of a finished tune to practise with: in another key, on another instrument, or the melody or the backing alone.

A version has the notes, the ornaments and the order of the tune, so that its recording can replace the other while it plays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self, cast, get_args

from generator.notation.errors import NotationError
from generator.notation.keys import Key, transpose_tonic
from generator.notation.score import Score
from generator.notation.transpose import transpose
from generator.request import INSTRUMENTS
from generator.user_messages import UserMessage

Heard = Literal["all", "melody", "backing"]
HEARD = get_args(Heard)
MOST_SEMITONES = 11
_NAME = re.compile(r"version\.(?P<instrument>[a-z]*)\.(?P<semitones>-?\d{1,2})\.(?P<heard>[a-z]+)")


@dataclass(frozen=True, slots=True)
class Version:
    """`instrument` is empty for the tune's own; `heard` is who plays, as in `rendering.style`."""

    instrument: str = ""
    semitones: int = 0
    heard: Heard = "all"

    @property
    def name(self) -> str:
        """What the names of its files begin with: `version.flute.-2.melody`."""
        return f"version.{self.instrument}.{self.semitones}.{self.heard}"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files. Only a version in another key has a sheet of its own."""
        suffixes = ("mp3", "timemap.json", *(("abc", "svg", "narrow.svg") if self.semitones else ()))
        return tuple(f"{self.name}.{suffix}" for suffix in suffixes)

    @classmethod
    def check(cls, instrument: str, semitones: int, heard: str) -> Self:
        """Raises ValueError for a version that does not exist."""
        if (instrument and instrument not in INSTRUMENTS) or abs(semitones) > MOST_SEMITONES or heard not in HEARD:
            raise ValueError("no such version")
        return cls(instrument, semitones, cast(Heard, heard))

    @classmethod
    def named(cls, name: str) -> Self:
        """The version of a `name`. Raises ValueError."""
        if not (found := _NAME.fullmatch(name)):
            raise ValueError("no such version")
        return cls.check(found["instrument"], int(found["semitones"]), found["heard"])

    def score(self, score: Score) -> Score:
        """The tune in the key of this version. Raises NotationError if the tune fits in no octave of it."""
        if not self.semitones:
            return score
        try:
            key = Key(transpose_tonic(score.key.pitch_class + self.semitones, score.key.mode), score.key.mode, score.key.extra)
        except ValueError:
            raise NotationError(UserMessage("The tune can't be written in this key.")) from None
        return transpose(score, key)
