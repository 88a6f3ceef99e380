"""The layout of the sheet: lines, page width, bar numbers, part names and ending brackets."""

import pytest

from generator.notation.reader import read
from generator.notation.score import Score
from generator.rendering.sheet.layout import NARROWEST, bar_numbers, ending_brackets, line_starts, page_width, part_names
from tests.generator.rendering.tunes import JIG


def _score(body: str, metre: str = "4/4") -> Score:
    return read(f"X:1\nM:{metre}\nL:1/8\nK:C\n{body}\n")


def test_a_part_of_eight_bars_makes_two_lines_and_a_second_ending_stays_on_its_line() -> None:
    assert sorted(line_starts(read(JIG))) == [5, 10, 14]


@pytest.mark.parametrize(("bars", "starts"), [(4, []), (5, []), (8, [4]), (9, [4]), (12, [4, 8]), (14, [4, 8, 11])])
def test_lines_hold_four_bars_and_a_short_last_line_is_avoided(bars: int, starts: list[int]) -> None:
    assert sorted(line_starts(_score("CDEF GABc|" * bars))) == starts


def test_lines_of_dense_bars_hold_fewer_bars() -> None:
    assert sorted(line_starts(_score("C/D/E/F/ G/A/B/c/ C/D/E/F/ G/A/B/c/|" * 8))) == [2, 4, 6]


def test_a_denser_tune_gets_a_wider_page() -> None:
    assert page_width(_score("C4 D4|" * 4)) < page_width(_score("CDEF GABc|" * 5)) < page_width(_score("C/D/" * 40 + "|"))


def test_bar_numbers_begin_with_one_or_with_zero_for_a_pick_up() -> None:
    assert bar_numbers(_score("C8|D8|E8|")) == [1, 2, 3]
    assert bar_numbers(_score("C2|D8|E8|")) == [0, 1, 2]
    assert bar_numbers(_score("C2|")) == [1]


def test_an_ending_bracket_stops_at_a_repeat_or_a_double_bar_line() -> None:
    score = _score("|:C8|1 D8|E8:|2 F8|G8||A8|")
    assert ending_brackets(score.bars) == [((1,), 1, 2), ((2,), 3, 4)]


def test_parts_get_letters_and_include_their_pick_ups() -> None:
    assert part_names(read(JIG)) == {0: "A", 10: "B"}
    assert part_names(_score("CDEF GABc|" * 3 + "C8||" + "CDEF GABc|" * 4)) == {0: "A", 4: "B"}


def test_a_tune_s_own_part_names_replace_letters_and_short_parts_get_none() -> None:
    assert part_names(_score("P:Verse\nC8|C8|C8|C8:|\nC8|C8|C8|C8:|")) == {0: "Verse"}
    assert part_names(_score("C8|C8|C8|C8:|C8|C8:|")) == {}
    assert part_names(_score("C8|C8|C8|C8|")) == {}


def test_a_tune_of_one_line_gets_a_narrower_page() -> None:
    assert page_width(_score("C8|")) < page_width(_score("CDEF GABc|" * 2)) < NARROWEST == page_width(_score("C8|" * 8))
