"""One tune, rendered in this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generator.notation.score import Score
from generator.rendering.arrangement import arrange
from generator.rendering.audio import find_soundfont, synthesise
from generator.rendering.leftout import left_out
from generator.rendering.limits import check, check_midi
from generator.rendering.mastering import RATE
from generator.rendering.midi import to_midi
from generator.rendering.mp3 import DELAY_MS, encode_mp3
from generator.rendering.musicxml import write_musicxml
from generator.rendering.result import Rendering, RenderingError
from generator.rendering.sheet import engrave, to_png
from generator.rendering.style import SESSION, Style
from generator.rendering.text import printable, rhythm_words
from generator.rendering.timemap import write_timemap

__all__ = ["Rendering", "RenderingError", "render"]


def render(score: Score, *, style: Style = SESSION, soundfont: Path | None = None) -> Rendering:
    """Engraves and plays a tune; raises RenderingError with the sentence to show."""
    check(score)
    font = find_soundfont(soundfont)
    tracks = arrange(score, style)
    midi = to_midi(score, tracks)
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
        mp3=encode_mp3(samples, title=printable(score.title), comment=rhythm_words(score)),
        png=png,
        svg=svg.encode(),
        timemap=write_timemap(score, tracks[0].sounds, delay_ms=DELAY_MS),
        left_out=left_out(score),
        duration_ms=round(len(samples) * 1000 / RATE),
    )
