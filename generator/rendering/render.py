"""Renders one tune in the calling process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generator.notation.score import Score
from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.midi import halves, to_midi
from generator.rendering.audio.mp3 import DELAY_MS, encode_mp3
from generator.rendering.audio.sound_font import find_soundfont
from generator.rendering.audio.synthesis import synthesise
from generator.rendering.display_text import printable, rhythm_words
from generator.rendering.limits import check, check_midi
from generator.rendering.notices import playing_notices, sheet_notices
from generator.rendering.performance.arrangement import arrange, bars_as_played, heard
from generator.rendering.result import Recording, Rendering, RenderingError, Sheet
from generator.rendering.sheet.engraving import engrave, to_png
from generator.rendering.sheet.layout import NARROW_BARS
from generator.rendering.sheet.musicxml import write_musicxml
from generator.rendering.style import SESSION, Style
from generator.rendering.time_map import write_time_map
from generator.user_messages import UserMessage

__all__ = ["Rendering", "RenderingError", "draw", "play", "render"]


def render(score: Score, *, style: Style = SESSION, soundfont: Path | None = None) -> Rendering:
    """Engraves and plays a tune. Raises RenderingError."""
    with ThreadPoolExecutor(max_workers=1) as executor:  # the tune is played on another core while the sheet is engraved
        recording = executor.submit(play, score, style=style, soundfont=soundfont)
        return Rendering.of(draw(score), recording.result())


def draw(score: Score) -> Sheet:
    """Engraves a tune. Raises RenderingError."""
    check(score)
    musicxml = write_musicxml(score)
    svg = engrave(score, musicxml)
    return Sheet(
        musicxml=musicxml,
        png=to_png(svg),
        svg=svg.encode(),
        narrow_svg=engrave(score, musicxml, NARROW_BARS).encode(),
        notices=sheet_notices(score),
    )


def play(score: Score, *, style: Style = SESSION, soundfont: Path | None = None) -> Recording:
    """Plays a tune. Raises RenderingError."""
    check(score)
    font = find_soundfont(soundfont)
    tracks = arrange(score, style)
    bars = bars_as_played(score, style)
    if not (played := heard(tracks, style)):
        raise RenderingError(UserMessage("The tune has no backing to be heard alone."))
    midi = to_midi(score, played, bars)
    check_midi(midi)
    with ThreadPoolExecutor(max_workers=1) as executor:
        synthesised = executor.submit(synthesise, halves(score, played, bars), font)
        time_map = write_time_map(score, tracks[0].sounds, bars, delay_ms=DELAY_MS)
        samples = synthesised.result()
    return Recording(
        midi=midi,
        mp3=encode_mp3(samples, title=printable(score.title), comment=rhythm_words(score)),
        time_map=time_map,
        notices=playing_notices(score, style),
        duration_ms=round(len(samples) * 1000 / RATE),
    )
