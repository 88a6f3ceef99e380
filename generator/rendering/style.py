"""How a tune is to be played: on what, with or without backing, by a person or by the clock."""

from __future__ import annotations

from dataclasses import dataclass

from generator.request import TuneRequest


@dataclass(frozen=True, slots=True)
class Style:
    """An instrument of INSTRUMENTS (empty: the rhythm's own), and whether a backing plays along.

    Without `feel` every note is struck where it is written: no swing, no lilt, no ornaments, no grace notes. All that is
    left to chance comes from the seed.
    """

    instrument: str = ""
    backing: bool = True
    feel: bool = True
    seed: int = 0


SESSION = Style()
PLAIN = Style(backing=False, feel=False)


def style_of(request: TuneRequest) -> Style:
    """How somebody wants a tune played."""
    return Style(instrument=request.instrument, backing=request.backing, seed=request.seed)
