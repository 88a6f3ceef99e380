"""Lyrics under the notes and after the tune."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from generator.notation.lyrics import MAX_VERSES, joins_next, plain
from generator.notation.reader import read
from generator.notation.writer import write
from tests.generator.notation.midi import sung

LEFT_OUT = "I left out lyrics (w:) for which there are no notes, or that are too many verses."


def verses(text: str) -> list[str]:
    """The lyrics of each note, with a stroke between verses and a space between notes."""
    score = read("X:1\nM:2/4\nL:1/8\nK:C\n" + text)
    assert read(write(score)) == score
    return " ".join("/".join(note.lyrics) or "." for note in score.notes()).split(" ")


@pytest.mark.parametrize(
    ("music", "found"),
    [
        ("C2D2|E4|\nw:one two three", "one two three"), ("C2D2|E4|\nw:mer-ry men", "mer- ry men"),
        ("C2z2|D2E2|\nw:one two", "one . two ."), ("C2D2|E2F2|\nw:one_ * two", "one _ . two"),
        ("C2D2|E2F2|\nw:one|two", "one . two ."), ("CDEF|G4|A4|\nw:a b||c", "a b . . . c"),
        ("C2D2|\nE2F2|\nw:one two", ". . one two"), ("C2D2|\\\nE2F2|\nw:one two three", "one two three ."),
        ("C2D2|\nw:one two\nw:uno dos\nE4|\nw:three", "one/uno two/dos three"), ("C2D2|\nw:*two\nw:uno", "*/uno two"),
        ("C2D2|E4|\nw:one\n+:two three", "one two three"), ("[CE]2{d}D2|\nw:a~b c\\-d", "a~b c\\-d"),
        ("[V:1]C2D2|\nV:2\nE4|\nw:other", ". ."), ("C2-C2|\nw:one - two", "one -"),
    ],
)  # fmt: skip
def test_syllables_are_aligned_with_notes(music: str, found: str) -> None:
    assert verses(music) == found.split(" ")


@pytest.mark.parametrize("lyrics", ["w:one two three", "w:a\n" * (MAX_VERSES + 1)])
def test_lyrics_without_a_place_are_named(lyrics: str) -> None:
    assert read(f"K:C\nCD|\n{lyrics}").notices == (LEFT_OUT,)


@pytest.mark.parametrize(
    ("syllable", "text", "joined"),
    [
        ("mer-", "mer", True), ("a~b", "a b", False), ("c\\-", "c-", False), ("_", "", False), ("*", "", False), ("-", "", True),
        ("50\\%", "50%", False),
    ],
)  # fmt: skip
def test_a_syllable_has_a_text_and_may_go_on(syllable: str, text: str, joined: bool) -> None:
    assert (plain(syllable), joins_next(syllable)) == (text, joined)


def test_the_words_after_the_tune_are_kept() -> None:
    score = read("X:1\nW:One\nK:C\nCD|\nW:\nW:Two\n")
    assert score.fields == (("W", "One"), ("W", ""), ("W", "Two"))
    assert read(write(score)) == score


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed; only the tests above check the lyrics")
@pytest.mark.parametrize(
    "music",
    [
        "C2z2|D2E2|\nw:one mer-ry\nF4|\nw:day", "EFGA|B4|c4|\nw:a_ b|c|d", "CDEF|\nw:a * b~c d",
        "CD|EF|G4|\nw:a||b", "C2D2|E4|\nw:one\n+:two three",
    ],
)  # fmt: skip
def test_abc2midi_sings_the_same_syllables_at_the_same_notes(music: str, tmp_path: Path) -> None:
    text = f"X:1\nM:2/4\nL:1/8\nK:C\n{music}\n"
    (tmp_path / "tune.abc").write_text(text, encoding="utf-8")
    subprocess.run(["abc2midi", "tune.abc", "-o", "tune.mid"], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    theirs = [(round(onset * 8), each.strip("/\\ ")) for onset, each in sung((tmp_path / "tune.mid").read_bytes())]
    mine, onset = [], Fraction(0)
    for note in read(text).notes():
        mine += [(round(onset * 8), plain(syllable)) for syllable in note.lyrics if plain(syllable)]
        onset += note.duration
    assert mine == [pair for pair in theirs if pair[1]]
