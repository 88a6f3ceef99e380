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
from generator.rendering.performance.arrangement import arrange
from generator.rendering.performance.arrangement import heard as heard_tracks
from generator.rendering.render import RenderingError, render
from generator.rendering.sheet.engraving import WIDTH
from generator.rendering.style import Style
from generator.versions import HEARD
from tests.generator.rendering.mp3_reader import frames
from tests.generator.rendering.tunes import PLAIN, REEL


def test_every_format_is_complete_and_all_agree_on_the_duration() -> None:
    score = read(REEL)
    rendering = render(score)
    seconds = 2 * playing_time_s(score, [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10])  # it is short
    assert seconds * 1000 - 200 < rendering.duration_ms < seconds * 1000 + 3_000
    assert len(frames(rendering.mp3)) * 1152 / 32 == pytest.approx(rendering.duration_ms, abs=120)
    assert rendering.midi[:4] == b"MThd"
    assert converter.parseData(rendering.musicxml, format="musicxml").metadata.bestTitle == "Everything"
    assert Image.open(io.BytesIO(rendering.png)).width == WIDTH
    time_map = json.loads(rendering.time_map)
    entries, bars = time_map["notes"], time_map["bars"]
    assert (bars[0]["onset_ms"], bars[1]["onset_ms"]) == (DELAY_MS, bars[0]["end_ms"])
    assert len({entry["bar"] for entry in entries}) == len(score.bars)
    assert DELAY_MS == entries[0]["onset_ms"] < entries[-1]["onset_ms"] < rendering.duration_ms
    for svg in (rendering.svg, rendering.narrow_svg):
        assert svg.lstrip().startswith(b"<svg") and svg.rstrip().endswith(b"</svg>")
    assert rendering.narrow_svg.count(b'class="system"') > rendering.svg.count(b'class="system"')


def test_files_are_far_below_discord_s_size_limit() -> None:
    rendering = render(read(PLAIN))
    assert max(len(rendering.mp3), len(rendering.png), len(rendering.svg)) < 1 << 20


def test_melody_and_backing_can_be_heard_alone_in_the_same_time() -> None:
    score = read(PLAIN)
    whole, melody, backing = (render(score, style=Style(heard=heard)) for heard in HEARD)
    assert whole.time_map == melody.time_map == backing.time_map
    assert len({rendering.mp3 for rendering in (whole, melody, backing)}) == 3
    tracks = arrange(score)
    names = [{track.name for track in heard_tracks(tracks, Style(heard=heard))} for heard in HEARD]
    assert names[0] == names[1] | names[2] and not names[1] & names[2] and names[2] == {"Guitar", "Bodhrán"}
    with pytest.raises(RenderingError, match="no backing"):
        render(score, style=Style(backing=False, heard="backing"))


def test_a_tune_without_notes_is_refused() -> None:
    with pytest.raises(RenderingError, match="no notes"):
        check(read("X:1\nM:4/4\nK:C\nz8|\n"))
