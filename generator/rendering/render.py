"""Renders one tune in the calling process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generator.notation.score import Score
from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.midi import to_midi
from generator.rendering.audio.mp3 import DELAY_MS, encode_mp3
from generator.rendering.audio.sound_font import find_soundfont
from generator.rendering.audio.synthesis import synthesise
from generator.rendering.display_text import printable, rhythm_words
from generator.rendering.limits import check, check_midi
from generator.rendering.notices import playing_notices, sheet_notices
from generator.rendering.performance.arrangement import arrange, bars_as_played
from generator.rendering.result import Rendering, RenderingError
from generator.rendering.sheet.engraving import engrave, to_png
from generator.rendering.sheet.musicxml import write_musicxml
from generator.rendering.style import SESSION, Style
from generator.rendering.time_map import write_time_map

__all__ = ["Rendering", "RenderingError", "render"]


def render(score: Score, *, style: Style = SESSION, soundfont: Path | None = None) -> Rendering:
    """Engraves and plays a tune. Raises RenderingError."""
    check(score)
    font = find_soundfont(soundfont)
    tracks = arrange(score, style)
    midi = to_midi(score, tracks, bars_as_played(score, style))
    check_midi(midi)
    with ThreadPoolExecutor(max_workers=1) as executor:  # FluidSynth plays on another core while the sheet is engraved
        synthesis = executor.submit(synthesise, midi, font)
        musicxml = write_musicxml(score)
        svg = engrave(score, musicxml)
        png = to_png(svg)
        samples = synthesis.result()
    return Rendering(
        musicxml=musicxml,
        midi=midi,
        mp3=encode_mp3(samples, title=printable(score.title), comment=rhythm_words(score)),
        png=png,
        svg=svg.encode(),
        time_map=write_time_map(score, tracks[0].sounds, delay_ms=DELAY_MS),
        notices=sheet_notices(score) + playing_notices(score, style),
        duration_ms=round(len(samples) * 1000 / RATE),
    )
