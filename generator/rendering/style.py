"""The playing style: on which instrument, with or without backing, with human feel or in strict time."""

from __future__ import annotations

from dataclasses import dataclass

from generator.request import TuneRequest
from generator.versions import Heard


@dataclass(frozen=True, slots=True)
class Style:
    """How a tune is played.

    `instrument` is a name in INSTRUMENTS; if it is empty, the rhythm's default instrument plays.

    `times` is how often the whole tune is played; None: twice if it is short, else once.

    Without `feel` every note sounds exactly where it is written: no swing, lilt, ornaments or grace notes. `seed` decides
    everything random.

    `heard` leaves out players without changing what the others play: "melody" is the tune with its further voices and drones,
    "backing" is guitar and bodhrán.
    """

    instrument: str = ""
    backing: bool = True
    times: int | None = None
    feel: bool = True
    seed: int = 0
    heard: Heard = "all"


SESSION = Style()  # the default, as musicians play in a session
PLAIN = Style(backing=False, times=1, feel=False)


def style_of(request: TuneRequest) -> Style:
    """The playing style that a request asks for."""
    return Style(instrument=request.instrument, backing=request.backing, times=request.times, seed=request.seed)
