"""Numbers of bars as people write them."""

from __future__ import annotations

import pytest

from generator.notation.bar_numbers import bar_numbers_text, read_bar_numbers
from generator.notation.errors import NotationError


@pytest.mark.parametrize(
    ("text", "numbers", "written"),
    [
        ("1-4 7", [1, 2, 3, 4, 7], "1-4 7"),
        (" 7, 1 – 3", [1, 2, 3, 7], "1-3 7"),
        ("5;5;4", [4, 5], "4-5"),
        ("9", [9], "9"),
        ("2-2,\n", [2], "2"),
        ("", [], ""),
    ],
)
def test_numbers_are_read_and_written(text: str, numbers: list[int], written: str) -> None:
    assert read_bar_numbers(text) == numbers
    assert bar_numbers_text(numbers) == written
    assert read_bar_numbers(written) == numbers


@pytest.mark.parametrize(
    "text", ["0", "0-3", "4-1", "1-", "-2", "one", "1-2-3", "1.5", "1000", "٣", "²", "1-4 x", "A" * 999, "-" * 9999]
)
def test_nonsense_is_refused_with_what_it_is(text: str) -> None:
    with pytest.raises(NotationError, match=r"I can't read “.+” as bars") as raised:
        read_bar_numbers(text)
    assert len(str(raised.value)) < 150
