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
from generator.rendering.performance.arrangement import arrange, bars_as_played, heard
from generator.rendering.result import Rendering, RenderingError
from generator.rendering.sheet.engraving import engrave, to_png
from generator.rendering.sheet.layout import NARROW_BARS
from generator.rendering.sheet.musicxml import write_musicxml
from generator.rendering.style import SESSION, Style
from generator.rendering.time_map import write_time_map
from generator.user_messages import UserMessage

__all__ = ["Rendering", "RenderingError", "render"]


def render(score: Score, *, style: Style = SESSION, soundfont: Path | None = None) -> Rendering:
    """Engraves and plays a tune. Raises RenderingError."""
    check(score)
    font = find_soundfont(soundfont)
    tracks = arrange(score, style)
    bars = bars_as_played(score, style)
    if not (played := heard(tracks, style)):
        raise RenderingError(UserMessage("The tune has no backing to be heard alone."))
    midi = to_midi(score, played, bars)
    check_midi(midi)
    with ThreadPoolExecutor(max_workers=1) as executor:  # FluidSynth plays on another core while the sheet is engraved
        synthesis = executor.submit(synthesise, midi, font)
        musicxml = write_musicxml(score)
        svg = engrave(score, musicxml)
        narrow_svg = engrave(score, musicxml, NARROW_BARS)
        png = to_png(svg)
        samples = synthesis.result()
    return Rendering(
        musicxml=musicxml,
        midi=midi,
        mp3=encode_mp3(samples, title=printable(score.title), comment=rhythm_words(score)),
        png=png,
        svg=svg.encode(),
        narrow_svg=narrow_svg.encode(),
        time_map=write_time_map(score, tracks[0].sounds, bars, delay_ms=DELAY_MS),
        notices=sheet_notices(score) + playing_notices(score, style),
        duration_ms=round(len(samples) * 1000 / RATE),
    )
