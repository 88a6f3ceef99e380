"""The order of playing, parts, and bars that do not add up, against cases worked out by hand."""

import pytest

from generator.notation.reader import read
from generator.notation.structure import FormError, illegal_bars, metres, parts, play_order, sections

HEADER = "M:2/4\nL:1/8\nK:C\n"


def order(music: str) -> str:
    """The bars as they are played, each by its only letter."""
    score = read(HEADER + music)
    return "".join(score.bars[index].notes[0].melody.letter for index in play_order(score.bars))


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
def test_order_of_playing(music, played):
    assert order(music) == played


def test_sections_cover_every_bar_once():
    score = read(HEADER + "A4|B4:|C4||D4|1E4:|2F4||G4|")
    assert [index for start, stop in sections(score.bars) for index in range(start, stop)] == list(range(len(score.bars)))


def test_parts_hold_body_and_endings():
    found = parts(read(HEADER + "|:A4|B4|1C4:|2D4||E4|F4:|G4||"))
    assert [(len(p.body), p.repeated, len(p.first), len(p.second)) for p in found] == [
        (2, True, 1, 1), (2, True, 0, 0), (1, False, 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("music", ["|:A4|1B4:|2C4:|3D4||", "|:A4::|", "|:A4|[1,3B4:|[2C4|]", "|:A4|1B4:|", "[1A4:|[2B4|]"])
def test_what_is_not_of_the_normal_form_has_no_parts(music):
    with pytest.raises(FormError):
        parts(read(HEADER + music))


@pytest.mark.parametrize(
    "music",
    [
        "A4|B4|C4|",
        "A|B4|C3:|",  # pick-up, and the last bar leaves room for it
        "|:A|B4|C3:|:D|E4|F3:|",
        "A|B4|1C3:|2C3||D|E4|F3:|",
        "A|B4|1C3:|2C4||",
        "A|B4|C4|",
        "A4|B4|C2|",
        "A2|B4|C2:|D2|E4|F2:|",
    ],
)
def test_bars_that_add_up(music):
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
def test_bars_that_do_not_add_up(music, wrong):
    assert [index for index, *_ in illegal_bars(read(HEADER + music))] == wrong


def test_free_metre_has_no_illegal_bars():
    assert illegal_bars(read("M:none\nL:1/8\nK:C\nA7|B3|C999|")) == []


def test_a_change_of_metre_holds_until_the_next():
    found = metres(read(HEADER + "A4|[M:3/4]B6|C6|[M:6/8]D6|"))
    assert [str(metre) for metre in found] == ["2/4", "3/4", "3/4", "6/8"]
