"""Lines of four bars, numbers and brackets."""

import pytest

from generator.notation.reader import read
from generator.rendering.sheet.layout import NARROWEST, brackets, line_starts, numbers, page_width, part_names
from tests.generator.rendering.tunes import JIG


def _score(body: str, metre: str = "4/4"):  # type: ignore[no-untyped-def]
    return read(f"X:1\nM:{metre}\nL:1/8\nK:C\n{body}\n")


def test_a_part_of_eight_bars_makes_two_lines_and_second_endings_stay_on_theirs() -> None:
    assert sorted(line_starts(read(JIG))) == [5, 10, 14]


@pytest.mark.parametrize(("bars", "starts"), [(4, []), (5, []), (8, [4]), (9, [4]), (12, [4, 8]), (14, [4, 8, 11])])
def test_lines_hold_four_bars_and_no_line_is_a_leftover_that_fits_elsewhere(bars: int, starts: list[int]) -> None:
    assert sorted(line_starts(_score("CDEF GABc|" * bars))) == starts


def test_dense_bars_make_shorter_lines() -> None:
    assert sorted(line_starts(_score("C/D/E/F/ G/A/B/c/ C/D/E/F/ G/A/B/c/|" * 8))) == [2, 4, 6]


def test_a_denser_tune_gets_a_wider_page() -> None:
    assert page_width(_score("C4 D4|" * 4)) < page_width(_score("CDEF GABc|" * 5)) < page_width(_score("C/D/" * 40 + "|"))


def test_a_tune_without_a_pick_up_begins_with_bar_one() -> None:
    assert numbers(_score("C8|D8|E8|")) == [1, 2, 3]
    assert numbers(_score("C2|D8|E8|")) == [0, 1, 2]
    assert numbers(_score("C2|")) == [1]


def test_a_bracket_ends_at_the_repeat_or_the_double_bar() -> None:
    score = _score("|:C8|1 D8|E8:|2 F8|G8||A8|")
    assert brackets(score.bars) == [((1,), 1, 2), ((2,), 3, 4)]


def test_parts_are_lettered_in_order_each_with_the_pick_up_that_leads_into_it() -> None:
    assert part_names(read(JIG)) == {0: "A", 10: "B"}
    assert part_names(_score("CDEF GABc|" * 3 + "C8||" + "CDEF GABc|" * 4)) == {0: "A", 4: "B"}


def test_names_that_the_tune_gives_stand_alone_and_short_stretches_get_none() -> None:
    assert part_names(_score("P:Verse\nC8|C8|C8|C8:|\nC8|C8|C8|C8:|")) == {0: "Verse"}
    assert part_names(_score("C8|C8|C8|C8:|C8|C8:|")) == {}
    assert part_names(_score("C8|C8|C8|C8|")) == {}


def test_a_tune_of_one_line_gets_a_narrower_page() -> None:
    assert page_width(_score("C8|")) < page_width(_score("CDEF GABc|" * 2)) < NARROWEST == page_width(_score("C8|" * 8))
