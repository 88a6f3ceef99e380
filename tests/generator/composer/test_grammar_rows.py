"""The rows of a grammar are independent of each other."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from generator.composer.form import FREE, Form
from generator.composer.grammar import Grammar
from generator.composer.grammar_state import bars_written
from generator.notation import tokens as t
from generator.notation.keys import Key
from generator.notation.metres import Metre
from tests.generator.composer.grammar_walks import NAMES, TONICS, at_random, begin_arguments, jig_beginning, walk


def rows_of(count: int) -> tuple[list[dict[str, Any]], list[int]]:
    """Arguments of Grammar.begin of all kinds, and a seed for each."""
    rng, forms = random.Random(7), [Form(), FREE, Form(4, 1, 3), Form(repeated=False)]
    tunes_to_write = []
    for _ in range(count):
        mode = rng.choice(t.MODES)
        others: dict[str, Any] = {
            "form": rng.choice(forms),
            "cadence": rng.randrange(3),
        }
        tunes_to_write.append(begin_arguments(Key(rng.choice(TONICS[mode]), mode), rng.choice(t.METRES), **others))
    return tunes_to_write, [rng.randrange(10**6) for _ in range(count)]


def test_rows_do_not_influence_each_other() -> None:
    tunes_to_write, seeds = rows_of(12)
    grammar, tunes = walk(tunes_to_write, [at_random(seed) for seed in seeds], limit=9000)
    order = random.Random(1).sample(range(12), 12)
    other, moved = walk([tunes_to_write[row] for row in order], [at_random(seeds[row]) for row in order], limit=9000)
    assert [tunes[row] for row in order] == moved
    assert [grammar.octave(row) for row in order] == [other.octave(row) for row in range(12)]
    for row in range(3):
        assert walk([tunes_to_write[row]], [at_random(seeds[row])], limit=9000)[1] == [tunes[row]]


def test_a_new_tune_in_a_row_is_independent_of_the_previous_one_and_of_other_rows() -> None:
    tunes_to_write, seeds = rows_of(6)
    grammar = Grammar(2)
    grammar.begin(0, **tunes_to_write[0])
    grammar.begin(1, **tunes_to_write[1])
    going, number, choices = at_random(1), 1, at_random(seeds[1])
    tokens: list[str] = []
    written: list[str] = []
    while number < 6:
        masks = grammar.mask()
        first, second = (NAMES[masks[row]].tolist() for row in range(2))
        taken = np.zeros(2, np.int64)
        if first:
            tokens.append(going(tokens, first))
            taken[0] = t.INDEX[tokens[-1]]
        written.append(choices(written, second))
        taken[1] = t.INDEX[written[-1]]
        grammar.advance(taken)
        if grammar.state["done"][1]:
            assert [written] == walk([tunes_to_write[number]], [at_random(seeds[number])], limit=9000)[1]
            number, written = number + 1, []
            if number < 6:
                grammar.begin(1, **tunes_to_write[number])
                choices = at_random(seeds[number])
    assert grammar.state["done"][0]
    assert [tokens] == walk([tunes_to_write[0]], [at_random(1)], limit=9000)[1]


def test_a_row_without_a_token_keeps_its_place_in_the_grammar() -> None:
    grammar = Grammar(2)
    for row in range(2):
        grammar.begin(row, **begin_arguments(Key("D"), Metre(6, 8)))
    for token in (t.START, "R:jig", "M:6/8"):
        grammar.advance(np.array([t.INDEX[token], 0]))
    assert [mask.nonzero()[0].tolist() for mask in grammar.mask()] == [[t.INDEX["K:major"]], [t.INDEX[t.START]]]


def test_bars_are_counted_as_they_are_written() -> None:
    grammar = Grammar(2)
    for row in range(2):
        grammar.begin(row, **begin_arguments(Key("D"), Metre(6, 8)))
    found = []
    for token in jig_beginning("|: up24 /24 0 | /72 0 0 | 0 0 | 0"):
        grammar.advance(np.array([t.INDEX[token], 0]))
        found.append([int(bars_written(grammar.features.state[row])) for row in range(2)])
    assert [bars for bars, _ in found] == [0] * 10 + [1, 1, 1, 2, 2, 2, 3]
    assert {bars for _, bars in found} == {0}
