"""Bar lines, repeats and endings."""

from __future__ import annotations

from fractions import Fraction

import pytest

from generator.notation.reader import read
from tests.generator.notation.excerpts import EIGHTH, read_error

BarSigns = tuple[bool, int, tuple[int, ...], str]


def bar_signs(music: str) -> list[BarSigns]:
    """Repeat start, repeat end, endings and bar line of each bar."""
    return [(bar.repeat_start, bar.repeat_end, bar.endings, bar.line) for bar in read("M:2/4\nL:1/8\nK:C\n" + music).bars]


def test_a_pick_up_is_a_bar_of_its_own() -> None:
    score = read("M:6/8\nL:1/8\nK:C\nA|B3c3|")
    assert [bar.duration for bar in score.bars] == [EIGHTH, Fraction(3, 4)]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("A4|B4|", [(False, 0, (), "|"), (False, 0, (), "|")]),
        ("|:A4|B4:|", [(True, 0, (), "|"), (False, 1, (), "|")]),
        ("A4:|B4:|", [(False, 1, (), "|"), (False, 1, (), "|")]),
        ("A4::B4", [(False, 1, (), "|"), (True, 0, (), "")]),
        ("A4:|:B4", [(False, 1, (), "|"), (True, 0, (), "")]),
        ("A4:||:B4", [(False, 1, (), "||"), (True, 0, (), "")]),
        ("A4:|\n|:B4:|", [(False, 1, (), "|"), (True, 1, (), "|")]),
        ("A4::|", [(False, 2, (), "|")]),
        ("|::A4::|", [(True, 2, (), "|")]),
        ("A4:", [(False, 1, (), "|")]),
        ("A4||\\\n:B4:|", [(False, 0, (), "||"), (True, 1, (), "|")]),
        ("A4||B4|]", [(False, 0, (), "||"), (False, 0, (), "|]")]),
        ("[|A4[|B4", [(False, 0, (), "||"), (False, 0, (), "")]),
        ("A4:|]", [(False, 1, (), "|]")]),
        ("A4|1B4:|2C4||", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "||")]),
        ("A4|[1B4:|[2C4|]", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|]")]),
        ("A4|[1,3B4:|[2C4|", [(False, 0, (), "|"), (False, 1, (1, 3), "|"), (False, 0, (2,), "|")]),
        ("A4|1-3 B4:|4 C4|", [(False, 0, (), "|"), (False, 1, (1, 2, 3), "|"), (False, 0, (4,), "|")]),
        ("A4| [1 B4:| [2 C4|", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|")]),
        ("A4 .| B4 |", [(False, 0, (), "|"), (False, 0, (), "|")]),
        ("A4||:B4:||", [(False, 0, (), "||"), (True, 1, (), "||")]),
        ("A4|]|:B4:|]", [(False, 0, (), "|]"), (True, 1, (), "|]")]),
        ("[|:A4:|]", [(True, 1, (), "|]")]),
        ("A4:|||:B4:|", [(False, 1, (), "||"), (True, 1, (), "|")]),
        ("A4 :|: B4 :|", [(False, 1, (), "|"), (True, 1, (), "|")]),
        ("A4|1,3B4:|2,4C4:|", [(False, 0, (), "|"), (False, 1, (1, 3), "|"), (False, 1, (2, 4), "|")]),
        ("A4|[1-2,4B4:|[3C4|]", [(False, 0, (), "|"), (False, 1, (1, 2, 4), "|"), (False, 0, (3,), "|]")]),
        ("A4|1B4:|\n[2C4|]", [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|]")]),
    ],
)
def test_bar_lines_repeats_and_endings_are_read(music: str, expected: list[BarSigns]) -> None:
    assert bar_signs(music) == expected


@pytest.mark.parametrize("music", ["A:::::|", "A" + ":" * 3000, "A|12 B", "A|[1-40 B"])
def test_too_many_repeats_and_too_high_ending_numbers_are_refused(music: str) -> None:
    assert "." in read_error("K:C\n" + music).reason


def test_an_ending_can_begin_a_line() -> None:
    assert bar_signs("A4|\n1 B4:|\n2 C4|]") == [(False, 0, (), "|"), (False, 1, (1,), "|"), (False, 0, (2,), "|]")]
