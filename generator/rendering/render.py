"""One tune, rendered in this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generator.notation.score import Score
from generator.rendering.audio import RATE, encode_mp3, find_soundfont, synthesise
from generator.rendering.limits import check, check_midi
from generator.rendering.midi import write_midi
from generator.rendering.musicxml import write_musicxml
from generator.rendering.result import Rendering, RenderingError
from generator.rendering.sheet import engrave, to_png
from generator.rendering.style import SESSION, Style

__all__ = ["Rendering", "RenderingError", "render"]


def render(score: Score, *, style: Style = SESSION, soundfont: Path | None = None) -> Rendering:
    """Engraves and plays a tune; raises RenderingError with the sentence to show."""
    check(score)
    font = find_soundfont(soundfont)
    midi = write_midi(score, style)
    check_midi(midi)
    with ThreadPoolExecutor(max_workers=1) as band:  # FluidSynth plays, on another core, while the sheet is engraved
        playing = band.submit(synthesise, midi, font)
        musicxml = write_musicxml(score)
        svg = engrave(score, musicxml)
        png = to_png(svg)
        samples = playing.result()
    return Rendering(
        musicxml=musicxml,
        midi=midi,
        mp3=encode_mp3(samples),
        png=png,
        svg=svg.encode(),
        duration_ms=round(len(samples) * 1000 / RATE),
    )
