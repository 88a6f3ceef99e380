"""The notes of a played tune, for tunes with known results and against abc2midi."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from generator.notation.reader import read
from generator.notation.transpose import sounding
from tests.benchmarks.playback import by_abc2midi, by_us, difference
from tests.generator.notation.midi import played, played_by_track
from tests.generator.notation.played_notes import played_notes

HEADER = "X:1\nM:2/4\nL:1/8\nK:C\n"


def sounds(music: str) -> list[tuple[Fraction | int, int, Fraction | int]]:
    """Onset, pitch and length of each note, in eighths."""
    return [(note.onset * 8, note.pitch, note.duration * 8) for note in played_notes(read(HEADER + music))]


def test_repeats_and_endings_are_played() -> None:
    assert [pitch for _, pitch, _ in sounds("|:A4|1 B4:|2 c4||d4:|")] == [69, 71, 69, 72, 74, 74]


def test_tied_notes_are_one_note() -> None:
    assert sounds("C2-C2-|C4|") == [(0, 60, 8)]
    assert sounds("C2-D2 C4|") == [(0, 60, 2), (2, 62, 2), (4, 60, 4)]
    assert sounds("[CE]2-[CG]2|") == [(0, 60, 4), (0, 64, 2), (2, 67, 2)]


def test_grace_notes_and_rests_are_not_played_notes() -> None:
    assert sounds("{dc}A2 z2|B4|") == [(0, 69, 2), (4, 71, 4)]


def test_parts_are_played_in_the_order_of_the_header_with_their_own_repeats() -> None:
    text = "X:1\nP:ABA\nM:2/4\nL:1/8\nK:C\nP:A\nA4:|\nP:B\nB4|c4:|\n"
    assert [note.pitch for note in played_notes(read(text))] == [69, 69, 71, 72, 71, 72, 69, 69]


def test_an_order_of_unknown_parts_is_ignored() -> None:
    assert [note.pitch for note in played_notes(read("X:1\nP:XY\nK:C\nP:A\nA4|\nP:B\nB4|\n"))] == [69, 71]


CASES = {
    "accidentals in all octaves": "^F2f2|F2=f2|",
    "a tie over the bar line": "^F4-|^F2F2|",
    "an accidental before a grace note": "{^g}A2G2|g4|",
    "tuplets": "(3ABc (3:2:2A2B|(5ABcde z|",
    "broken rhythm": "A>B c<d|A>>B c<<d|",
    "endings": "|:A4|1 B4:|2 c4||d4|",
    "parts": "P:A\nA4|\nP:B\nB4|c4|",
    "courtesy accidentals": "=F2F2|^F2^F2|F4|",
    "microtones": "^/c2_/B2|",
    "invisible rests": "A2x2|x4|X|B4|",
    "a whole bar's rest": "A4|Z2|B4|",
    "two voices": "[V:1]A4|B4|\n[V:2]C4|D4|\n[V:1]c4|",
}


needs_abc2midi = pytest.mark.skipif(
    shutil.which("abc2midi") is None, reason="abc2midi is not installed; only the tests above check the notes"
)


def check_against_abc2midi(text: str, folder: Path) -> None:
    theirs, mine = by_abc2midi(text, folder), by_us(text)
    assert theirs
    assert mine
    assert difference(mine, theirs) is None


@needs_abc2midi
@pytest.mark.parametrize("name", CASES)
def test_abc2midi_plays_the_same_notes(name: str, tmp_path: Path) -> None:
    text = HEADER.replace("M:", "P:ABA\nM:", 1) + CASES[name] + "\n" if name == "parts" else HEADER + CASES[name] + "\n"
    check_against_abc2midi(text, tmp_path)


@needs_abc2midi
@pytest.mark.parametrize(
    "fields",
    [
        "K:D transpose=-12", "K:Em transpose=3", "K:D octave=-1", "K:D octave=1 transpose=-12", "K:G alto", "K:Gm alto",
        "K:D treble-8", "K:D clef=treble+8", "K:D bass", "K:D clef=bass middle=d",
        "V:1 octave=-1\nK:D\nV:1", "K:D\nV:1 transpose=-12",
        "K:D octave=-1\nK:G",
    ],
)  # fmt: skip
def test_abc2midi_plays_the_same_octaves_and_transpositions(fields: str, tmp_path: Path) -> None:
    text = f"X:1\nM:2/4\nL:1/8\n{fields}\nDFA2|[K:C clef=bass]d4|^fc'2_b|\n"
    check_against_abc2midi(text, tmp_path)


@needs_abc2midi
@pytest.mark.parametrize(
    "voices",
    [
        "V:1\n|:D2A2|d4:|\nV:2 octave=-1\n|:D2D2|^F2F2:|",
        "V:1\nV:2 clef=bass transpose=-12\nV:1\nD2A2|\nV:2\n[DF]4|\nV:1\nd4|\nV:2\nF,4|",
        "[V:1]D2A2|Z|\n[V:2]z2A2|F4|\n[V:3 treble-8]D4|A4|\n[V:1]d4|\n[V:2]_e4|\n[V:3]e4|",
    ],
)  # fmt: skip
def test_abc2midi_plays_the_same_voices(voices: str, tmp_path: Path) -> None:
    text = f"X:1\nM:2/4\nL:1/8\nK:D\n{voices}\n"
    assert by_abc2midi(text, tmp_path)
    theirs = [[(onset, pitch) for onset, pitch, _ in track] for track in played_by_track((tmp_path / "tune.mid").read_bytes())]
    score = read(text, all_voices=True)
    mine = [[(note.onset, note.pitch) for note in played_notes(sounding(voice))] for voice in score.by_voice()]
    assert len(mine) == len(theirs) == 1 + len(score.voices)
    assert [difference(*pair) for pair in zip(mine, theirs, strict=True)] == [None] * len(mine)


@needs_abc2midi
def test_abc2midi_skips_the_same_text(tmp_path: Path) -> None:
    text = f"{HEADER}%%begintext\nA tune | c d e\nK:F\n%%endtext\nA2B2|\n%%begintext\nG4|\n%%endtext\nc4|\n"
    (tmp_path / "tune.abc").write_text(text, encoding="utf-8")
    subprocess.run(["abc2midi", "tune.abc", "-o", "tune.mid"], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert by_us(text) == [(Fraction(0), 69), (Fraction(1, 4), 71), (Fraction(1, 2), 72)]
    theirs = [(onset, pitch) for onset, pitch, _ in played((tmp_path / "tune.mid").read_bytes())]
    assert difference(by_us(text) or [], theirs) is None
