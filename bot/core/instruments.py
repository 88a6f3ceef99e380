"""The menu of instruments on which a finished tune can be played again."""

from __future__ import annotations

from collections.abc import Callable

from bot.core import derive
from bot.core.submission import Derived
from bot.core.texts import variations as texts
from generator.request import INSTRUMENTS
from storage.tunes import Tune

DEFAULT, WITHOUT_BACKING = "default", " without backing"  # parts of the choices' values


def choices(translate: Callable[[str], str]) -> dict[str, str]:
    """Value → label. A choice is an instrument with or without backing, so nothing has to be remembered between two choices."""
    found: dict[str, str] = {}
    for value, name in {DEFAULT: texts.DEFAULT_INSTRUMENT, **{name: name for name in INSTRUMENTS}}.items():
        found[value] = translate(name)
        found[value + WITHOUT_BACKING] = translate(texts.without_backing(name))
    return found


def play_on(choice: str) -> Callable[[Tune], Derived]:
    """What makes the request for a choice from a tune. It raises RequestError if there is no such instrument."""
    name = choice.removesuffix(WITHOUT_BACKING)
    instrument, backing = "" if name == DEFAULT else name, not choice.endswith(WITHOUT_BACKING)
    return lambda tune: derive.play_on(tune, instrument, backing=backing)
