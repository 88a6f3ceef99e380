"""The grammar after openings, which need not be legal themselves."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from generator.composer.form import FREE, Form
from generator.notation import tokens as t
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.structure import parts
from tests.generator.composer.grammar_walks import NAMES, begin_arguments, grammar_after, jig_beginning


def test_what_a_part_of_an_opening_lacks_is_the_pick_up_of_the_next() -> None:
    wanted = begin_arguments(Key("D"), Metre(6, 8), form=Form(2))
    short = jig_beginning("|: up24 /24 4 | /72 0 0 | 0")
    assert grammar_after(wanted, [*short, "/48", "0", ":|", "|:"])[1] == {"up24"}
    assert grammar_after(wanted, [*short, "/24", "0", ":|", "|:"])[1] == {"up48"}


def test_after_a_part_with_a_pick_up_and_a_full_last_bar_there_is_no_pick_up() -> None:
    wanted = begin_arguments(Key("D"), Metre(6, 8), form=Form(2))
    grammar, legal = grammar_after(wanted, jig_beginning("|: up24 /24 4 | /72 0 0 | 0 0 :| |:"))
    assert not any(token.startswith("up") for token in legal)
    assert "0" in legal
    rng = random.Random(3)
    tokens: list[str] = []
    while not grammar.state["done"][0]:
        tokens.append(rng.choice(NAMES[grammar.mask()[0]].tolist()))
        grammar.advance(np.array([t.INDEX[tokens[-1]]]))
    score = t.decode([*jig_beginning("|: /72"), *tokens], Key("D"), Metre(6, 8))
    [part] = parts(score)
    assert {bar.duration for bar in (*part.body, *part.first, *part.second)} == {Fraction(3, 4)}
    assert len(part.body) + len(part.first) == 2


@pytest.mark.parametrize("form", [Form(2), FREE])
def test_a_part_that_lacks_more_than_any_pick_up_is_followed_by_a_full_bar(form: Form) -> None:
    head = jig_beginning("|: up24 /24 4 | " + "/72 0 0 | " * 3 + "/24 0 :| |:")  # 5/8 are missing
    _, legal = grammar_after(begin_arguments(Key("D"), Metre(6, 8), form=form), head)
    assert not any(token.startswith("up") for token in legal)
    assert "0" in legal
