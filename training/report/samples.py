"""Samples of a model for its report: tunes at several temperatures with sheet music and sound."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import lameenc
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from generator.composer.candidates import ComposedTune
from generator.composer.composer import Composer
from generator.composer.weights import Weights
from generator.notation.keys import Key
from generator.notation.score import Score
from generator.notation.writer import write
from generator.request import TuneRequest
from training.report import figures

Render = Callable[[Score], tuple[str, NDArray[np.int16], int]]  # sheet music as SVG, stereo samples and their rate in Hz
TEMPERATURES = (0.5, 0.8, 1.0, 1.2)
REQUESTS = ({"rhythm": "reel", "key": "D", "seed": 1}, {"rhythm": "jig", "key": "Ador", "seed": 2})  # for each temperature
SAMPLES = len(TEMPERATURES) * len(REQUESTS)
_BIT_RATE = 40  # kbit/s, mono: enough for a single flute


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    seed: int
    bits: float
    abc: str
    sheet: Markup
    sound: str  # data URI


def compose_samples(weights: Weights, render: Render, on_progress: Callable[[], None]) -> list[tuple[float, list[Sample]]]:
    """Composes each request at each temperature. The tunes are not selected."""
    requests = [TuneRequest.check(**request, temperature=temperature) for temperature in TEMPERATURES for request in REQUESTS]
    composer = Composer(weights, slots=len(requests))
    try:
        tunes = composer.compose(requests)
    finally:
        composer.close()
    groups: dict[float, list[Sample]] = {}
    for index, (request, tune) in enumerate(zip(requests, tunes, strict=True)):
        groups.setdefault(request.temperature, []).append(_sample(index, request, tune, render))
        on_progress()
    return list(groups.items())


def _sample(index: int, request: TuneRequest, tune: ComposedTune, render: Render) -> Sample:
    key = Key.parse(request.key or "")
    name = f"{(request.rhythm or 'tune').capitalize()} in {key}"
    sheet, samples, rate = render(tune.score)
    title = name[0].lower() + name[1:]
    description = f"Sheet music of the {title}, temperature {request.temperature:g}; the ABC below contains the same notes."
    svg = Markup(figures.inline_svg(sheet, f"tune-{index}", description))  # noqa: S704 — the renderer escapes all text
    return Sample(name, request.seed, tune.bits_per_token, write(tune.score), svg, _mp3(samples, rate))


def _mp3(samples: NDArray[np.int16], rate: int) -> str:
    """Encodes samples of shape (frames, 2) as a small mono MP3 in a data URI."""
    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(rate)
    encoder.set_bit_rate(_BIT_RATE)
    encoder.set_quality(5)
    encoder.silence()
    mono = samples.mean(axis=1).astype("<i2")
    mp3 = bytes(encoder.encode(mono.tobytes())) + bytes(encoder.flush())
    return "data:audio/mpeg;base64," + base64.b64encode(mp3).decode()
