"""The order of playing, parts, and bars of the wrong length, for tunes with known results."""

from __future__ import annotations

import pytest

from generator.notation.reader import read
from generator.notation.structure import FormError, illegal_bars, metres, parts, play_order, sections

HEADER = "M:2/4\nL:1/8\nK:C\n"


def order(music: str) -> str:
    """The bars in the order of playing, each by the letter of its only note."""
    score = read(HEADER + music)
    return "".join(score.bars[index].notes[0].pitches[0].letter for index in play_order(score.bars))


@pytest.mark.parametrize(
    ("music", "played"),
    [
        ("A4|B4|C4|", "ABC"),
        ("|:A4|B4:|", "ABAB"),
        ("A4|B4:|", "ABAB"),
        ("A4|B4:|C4|D4:|", "ABABCDCD"),
        ("A4|B4||C4|D4:|", "ABCDCD"),
        ("|:A4|B4::C4|D4:|", "ABABCDCD"),
        ("A4|B4::C4|D4:|", "ABABCDCD"),
        ("A4:|:B4:||:C4:|", "AABBCC"),
        ("|:A4|1B4:|2C4||D4|", "ABACD"),
        ("|:A4|[1B4:|[2C4|]", "ABAC"),
        ("A4|1B4:|2C4:|", "ABAC"),
        ("|:A4|1B4:|2C4||\n|:D4|1E4:|2F4||", "ABACDEDF"),
        ("|:A4||B4:|C4|", "ABABC"),
        ("|:A4|B4||C4|D4||", "ABCD"),
        ("|:A4|1B4:|2C4:|3D4||E4|", "ABACADE"),
        ("|:A4|[1,3B4:|[2,4C4:|", "ABACABAC"),
        ("|:A4|[1-3B4:|[4C4|]", "ABABABAC"),
        ("|:A4::|", "AAA"),
        ("|:A4|1B4:|", "ABA"),
        ("A4|:B4:|C4|", "ABBC"),
        ("|:A4|B4|\n|:C4:|", "ABCC"),
        ("[|A4|B4|]", "AB"),
        ("|:A4|1B4:|2C4|D4|E4:|", "ABACDEDE"),
        ("A4|1B4|B4:|2C4|C4|D4:|", "ABBACCDD"),
        ("A4|1B4:|2C4|D4|1E4:|2F4|", "ABACDEDF"),
        ("A4|1B4:|2C4:|D4|1E4:|2F4:|", "ABACDEDF"),
        ("A4|1B4:|2C4|D4|E4|", "ABACDE"),
        ("A4|B4|]C4|D4:|", "ABCDCD"),
    ],
)
def test_bars_are_played_in_this_order(music: str, played: str) -> None:
    assert order(music) == played


def test_sections_cover_every_bar_once() -> None:
    score = read(HEADER + "A4|B4:|C4||D4|1E4:|2F4||G4|")
    assert [index for start, stop in sections(score.bars) for index in range(start, stop)] == list(range(len(score.bars)))


def test_a_part_has_a_body_and_endings() -> None:
    found = parts(read(HEADER + "|:A4|B4|1C4:|2D4||E4|F4:|G4||"))
    assert [(len(part.body), part.repeated, len(part.first), len(part.second)) for part in found] == [
        (2, True, 1, 1), (2, True, 0, 0), (1, False, 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("music", ["|:A4|1B4:|2C4:|3D4||", "|:A4::|", "|:A4|[1,3B4:|[2C4|]", "|:A4|1B4:|", "[1A4:|[2B4|]"])
def test_a_tune_with_other_repeats_has_no_parts(music: str) -> None:
    with pytest.raises(FormError):
        parts(read(HEADER + music))


@pytest.mark.parametrize(
    "music",
    [
        "A4|B4|C4|",
        "A|B4|C3:|",  # a pick-up, and a last bar that leaves room for it
        "|:A|B4|C3:|:D|E4|F3:|",
        "A|B4|1C3:|2C3||D|E4|F3:|",
        "A|B4|1C3:|2C4||",
        "A|B4|C4|",
        "A4|B4|C2|",
        "A2|B4|C2:|D2|E4|F2:|",
    ],
)
def test_full_bars_and_matching_pick_ups_are_legal(music: str) -> None:
    assert illegal_bars(read(HEADER + music)) == []


@pytest.mark.parametrize(
    ("music", "wrong"),
    [
        ("A4|B3|C4|", [1]),
        ("A4|B5|C4|", [1]),
        ("A5|B4|C4|", [0]),
        ("A4|B4|C5|", [2]),
        ("A4|B3:|C4|", [1]),
        ("A4|B4|1C3:|2C4||", [2]),
        ("|:A|B4|C4|D2:|", [3]),
        ("A4|B4|[M:3/4]C4|D6|", [2]),
    ],
)
def test_bars_of_the_wrong_length_are_found(music: str, wrong: list[int]) -> None:
    assert [index for index, *_ in illegal_bars(read(HEADER + music))] == wrong


def test_bars_in_free_metre_are_legal() -> None:
    assert illegal_bars(read("M:none\nL:1/8\nK:C\nA7|B3|C999|")) == []


def test_a_change_of_metre_applies_until_the_next() -> None:
    found = metres(read(HEADER + "A4|[M:3/4]B6|C6|[M:6/8]D6|"))
    assert [str(metre) for metre in found] == ["2/4", "3/4", "3/4", "6/8"]
