"""Rendering one tune into all formats."""

import io
import json

import pytest
from music21 import converter
from PIL import Image

from generator.notation.reader import read
from generator.notation.tempo import playing_time_s
from generator.rendering.audio.mp3 import DELAY_MS
from generator.rendering.limits import check
from generator.rendering.render import RenderingError, render
from generator.rendering.sheet.engraving import WIDTH
from tests.generator.rendering.mp3_reader import frames
from tests.generator.rendering.tunes import PLAIN, REEL


def test_every_format_is_complete_and_all_agree_on_the_duration() -> None:
    score = read(REEL)
    rendering = render(score)
    seconds = 2 * playing_time_s(score, [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10])  # it is short
    assert seconds * 1000 - 200 < rendering.duration_ms < seconds * 1000 + 3_000
    assert len(frames(rendering.mp3)) * 1152 / 44.1 == pytest.approx(rendering.duration_ms, abs=120)
    assert rendering.midi[:4] == b"MThd"
    assert converter.parseData(rendering.musicxml, format="musicxml").metadata.bestTitle == "Everything"
    assert Image.open(io.BytesIO(rendering.png)).width == WIDTH
    entries = json.loads(rendering.time_map)
    assert len({entry["bar"] for entry in entries}) == len(score.bars)
    assert DELAY_MS == entries[0]["onset_ms"] < entries[-1]["onset_ms"] < rendering.duration_ms
    assert rendering.svg.lstrip().startswith(b"<svg") and rendering.svg.rstrip().endswith(b"</svg>")


def test_files_are_far_below_discord_s_size_limit() -> None:
    rendering = render(read(PLAIN))
    assert max(len(rendering.mp3), len(rendering.png), len(rendering.svg)) < 1 << 20


def test_a_tune_without_notes_is_refused() -> None:
    with pytest.raises(RenderingError, match="no notes"):
        check(read("X:1\nM:4/4\nK:C\nz8|\n"))
