"""What neither sheet nor recording has of a tune is named."""

from generator.notation.reader import read
from generator.rendering import marks
from generator.rendering.undrawn import DRAWN, undrawn


def test_every_sign_that_is_drawn_is_known_to_be() -> None:
    assert {*marks._ARTICULATIONS, *marks._ORNAMENTS, *marks._SIGNS} == DRAWN


def test_signs_that_are_not_drawn_are_named_once() -> None:
    assert undrawn(read("K:C\n~A !roll!B .C Hd|")) == []
    assert undrawn(read("K:C\n!stomp!A !stomp!B !clap!C|")) == ["Signs that I cannot draw were left out: stomp, clap."]
    many = "".join(f"!s{number}!A" for number in range(50))
    assert undrawn(read(f"K:C\n{many}|")) == ["Signs that I cannot draw were left out: s0, s1, s2, s3, s4, s5 and others."]
