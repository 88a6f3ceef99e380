"""Notices name what is left out of ABC, and nothing else."""

from __future__ import annotations

import pytest

from generator.notation.notices import skipped_text_notices


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("X:1\nK:C\nABc|\nr: a remark\n", "remarks"),
        ("X:1\n%%scale 2\nK:C\nABc|\n", "directives"),
        ("X:1\n%%begintext\nHello.\n%%endtext\nK:C\nABc|\n", "directives"),
        ("X:1\nU: T = !trill!\nK:C\nABc|\n", "macros"),
        ('X:1\nK:C\n"^slowly"ABc|\n', "above and below"),
    ],
)
def test_a_notice_names_what_is_left_out(text: str, skipped: str) -> None:
    [notice] = skipped_text_notices(text)
    assert skipped in notice


@pytest.mark.parametrize("text", ["X:1\nK:C\n%%\nABc|\nw:\nABc|\ns:\nABc|\n", "X:1\nK:C\nABc|\n\nX:2\nK:C\nABc|\nw:la\n"])
def test_empty_lines_and_other_tunes_give_no_notice(text: str) -> None:
    assert skipped_text_notices(text) == []
