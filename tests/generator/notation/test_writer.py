"""Our reader and abc2midi read what the writer writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.score import Bar, Note, Pitch, Score
from generator.notation.writer import write, write_length
from tests.generator.notation.midi import played
from tests.generator.notation.played_notes import played_notes
from tests.generator.notation.scores import scores
from tests.patience import HANG_S

REEL = "X:1\nT:Wet Boots\nM:4/4\nL:1/8\nK:Ador\n"
TUNES = {
    "repeats": REEL + "|:A2cA eAcA|B2GB dBGB:|\n|:a2ea c'aea|g4 z4:|",
    "endings": REEL + "E2|:A2cA eAcA|1 B2GB d2E2:|2 B2GB d4||\n|:a2ea a2ea|1 g4 z4:|2 g8|]",
    "three endings": REEL + "|:A8|1 B8:|2 c8:|3 d8|]",
    "accidentals": REEL + "^c=c_c^^c|^fF=ff F_BB=B|[K:D]cfCF [K:Eb]BeAa|",
    "broken and tuplets": REEL + "A>BG<E (3ABc d>e|A2>B2 G>>E D<<E|(3A/B/c/d (3efg a>z z<a|",
    "ties": REEL + "A8-|A4 B4-|B2A2- A2 (3G2A2-A2|",
    "chords": REEL + "[Ace]4 [GB]2 [GB]2|[A2e2] [A-e-]2 [Ae]4|",
    "jig in a low key": "X:1\nT:Damp Turf\nM:6/8\nL:1/8\nK:Bb\nF|BdB FDB,|CEA, B,2:|",
    "sixteenths": "X:1\nT:Kettle Drum\nM:2/4\nL:1/16\nK:F#m\nA4 c3e|f2>e2 c/d/efg|a8|",
    "change of metre": "X:1\nT:Odd\nM:3/4\nL:1/8\nK:G\nG2A2B2|[M:6/8]GAB cde|[M:9/8]f3g3a3|",
}


@settings(max_examples=150, deadline=None)
@given(scores())
def test_a_written_score_reads_back_as_the_same(score: Score) -> None:
    text = write(score)
    again = read(text)
    assert again.bars == score.bars
    assert again == score
    assert write(again) == text


@pytest.mark.parametrize("name", TUNES)
def test_writing_is_the_inverse_of_reading(name: str) -> None:
    score = read(TUNES[name])
    assert read(write(score)) == score


@pytest.mark.parametrize(
    ("units", "text"), [("1", ""), ("2", "2"), ("1/2", "/"), ("1/4", "/4"), ("3/2", "3/2"), ("3/4", "3/4"), ("15/8", "15/8")]
)
def test_a_length_is_written_in_unit_note_lengths(units: str, text: str) -> None:
    assert write_length(Fraction(units)) == text


def test_only_the_music_is_written_without_the_header() -> None:
    assert write(read("X:1\nT:x\nM:6/8\nL:1/8\nK:D\nDFA dfa|"), header=False) == "DFA dfa|"


def test_notes_are_beamed_by_the_beat_and_lines_have_four_bars() -> None:
    text = write(read("X:1\nT:x\nM:6/8\nL:1/8\nK:D\n" + "A|" + "DFAdfa|" * 5))
    assert text.endswith("A|DFA dfa|DFA dfa|DFA dfa|DFA dfa|\nDFA dfa|\n")


def test_dotted_pairs_are_written_in_broken_rhythm() -> None:
    assert "A>BG>A F<D" in write(read(REEL + "A3/2B/G3/2A/ F/D3/2 z2|"))


def test_a_percent_sign_in_a_title_is_escaped() -> None:
    bar = Bar((Note((Pitch("A", 4),), Fraction(1, 8)),))
    score = Score((bar,), Key("D"), Metre(2, 4), title="50% off % K:Eb")
    assert read(write(score)) == score


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed; only our reader checks the writer")
@pytest.mark.parametrize("name", TUNES)
def test_abc2midi_plays_what_was_written(name: str, tmp_path: Path) -> None:
    score = read(TUNES[name])
    (tmp_path / "tune.abc").write_text(write(score), encoding="utf-8")
    result = subprocess.run(
        ["abc2midi", "tune.abc", "-o", "tune.mid"], cwd=tmp_path, capture_output=True, text=True, timeout=HANG_S
    )
    assert not re.search("error", result.stdout + result.stderr, re.IGNORECASE), result.stdout
    midi_notes = played((tmp_path / "tune.mid").read_bytes())
    expected = [(note.onset, note.pitch, note.duration) for note in played_notes(score)]
    assert [pitch for _, pitch, _ in midi_notes] == [pitch for _, pitch, _ in expected]
    tolerance = Fraction(1, 64)  # abc2midi shortens notes a little, spreads chords and rounds to its ticks
    for (start, _, length), (expected_start, _, expected_length) in zip(midi_notes, expected, strict=True):
        assert abs(start - expected_start) < tolerance
        assert abs(length - expected_length) < 4 * tolerance
