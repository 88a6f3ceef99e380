"""Requests for the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from generator.composer.candidates import ComposedTune
from generator.composer.composer import Composer
from generator.notation.writer import write
from generator.request import TuneRequest

MakeComposer = Callable[..., Composer]  # the fixture `small`: (slots, *, lanes)
REQUEST = TuneRequest.check(rhythm="reel", key="Ador", seed=41, temperature=1.3)
ONE = replace(REQUEST, candidates=1)
OTHERS = [
    TuneRequest.check(rhythm=rhythm, key=key, seed=seed, temperature=temperature)
    for seed, (rhythm, key, temperature) in enumerate(
        [("jig", "D", 0.5), ("waltz", None, 2.0), (None, "Gmix", 1.0), ("hornpipe", "Bb", 0.1), ("slip jig", "Em", 1.0)] * 3
    )
]


def abc(composed: ComposedTune) -> str:
    return write(composed.score)
