"""What is left out of ABC is named, and nothing else is."""

import pytest

from generator.notation.notices import skipped_text_notices


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("X:1\nK:C\nABc|\nw: la la la\n", "lyrics"),
        ("X:1\n%%scale 2\nK:C\nABc|\n", "directives"),
        ("X:1\nU: T = !trill!\nK:C\nABc|\n", "macros"),
        ('X:1\nK:C\n"^slowly"ABc|\n', "above and below"),
    ],
)
def test_what_is_left_out_is_named(text: str, named: str) -> None:
    [sentence] = skipped_text_notices(text)
    assert named in sentence


@pytest.mark.parametrize("text", ["X:1\nK:C\n%%\nABc|\nw:\nABc|\ns:\nABc|\n", "X:1\nK:C\nABc|\n\nX:2\nK:C\nABc|\nw:la\n"])
def test_empty_lines_and_other_tunes_are_not_named(text: str) -> None:
    assert skipped_text_notices(text) == []
