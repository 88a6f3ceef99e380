"""The grammar of free forms: parts of many lengths, each played once or twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from generator.composer.form import FREE, FREE_BARS
from generator.notation import tokens as t
from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.structure import illegal_bars, parts
from tests.generator.composer.grammar_walks import (
    PREFERENCES,
    Choice,
    at_random,
    begin_arguments,
    grammar_after,
    jig_beginning,
    preferring,
    walk,
)


def free_tunes(ideas: Sequence[Choice], metres: Sequence[Metre] = t.METRES, **others: Any) -> list[tuple[list[str], Score, int]]:
    """Tunes of free form, with one metre after the other: tokens, score, pick-up in ticks."""
    key = Key("A", Mode.DORIAN)
    tunes_to_write = [begin_arguments(key, metres[at % len(metres)], form=FREE, **others) for at in range(len(ideas))]
    _, tunes = walk(tunes_to_write, ideas, limit=9000)
    found = []
    for tokens, wanted in zip(tunes, tunes_to_write, strict=True):
        pick_up = next((int(token[2:]) for token in tokens if token.startswith("up")), 0)
        found.append((tokens, t.decode(tokens, key, wanted["metre"]), pick_up))
    return found


def check_free(tokens: list[str], score: Score, pick_up: int) -> None:
    """Checks all properties of a tune of free form."""
    assert illegal_bars(score) == []
    assert t.encode(score)[4:] == tokens[4:]
    assert score.metre
    layout, full = parts(score), score.metre.bar
    assert 2 <= len(layout) <= 4
    assert tokens[-1] == t.END
    assert tokens[-2] in (t.REPEAT, t.CLOSE)
    assert len({token for token in tokens if token.startswith("up")}) == bool(pick_up)
    for part in layout:
        body = part.body
        if pick_up:
            assert body[0].duration * t.TICKS == pick_up
            body = body[1:]
        for ending in (part.first, part.second) if part.first else ((),):
            bars = (*body, *ending)
            assert FREE_BARS[0] <= len(bars) <= FREE_BARS[1]
            assert {bar.duration for bar in bars[:-1]} == {full}
            assert bars[-1].duration * t.TICKS == full * t.TICKS - pick_up
        if part.first:
            assert part.repeated
            assert len(part.first) == len(part.second)
    for note, following in pairwise([*score.notes(), None]):
        assert note
        assert not note.tie or (following and note.pitches == following.pitches)


def test_free_tunes_are_legal_and_have_many_layouts() -> None:
    tunes = free_tunes([at_random(seed) for seed in range(48)])
    for tune in tunes:
        check_free(*tune)
    layouts = [parts(score) for _, score, _ in tunes]
    assert {len(layout) for layout in layouts} == {2, 3, 4}
    shapes = [part for layout in layouts for part in layout]
    assert {part.repeated for part in shapes} == {True, False}
    assert {bool(part.first) for part in shapes} == {True, False}
    assert {bool(pick_up) for *_, pick_up in tunes} == {True, False}
    assert len({len(part.body) for part in shapes}) > 4


@pytest.mark.parametrize("wanted", PREFERENCES)
def test_a_model_with_one_preference_finds_no_dead_end_in_a_free_form(wanted: str) -> None:
    for tune in free_tunes([preferring(wanted, seed=seed) for seed in range(8)]):
        check_free(*tune)


@pytest.mark.parametrize(("shy", "bars"), [((":|", "||"), 16), ((":|", "||", "[1"), 16), ((), 4)])
def test_a_free_part_is_as_long_as_the_model_prefers_within_the_limits(shy: tuple[str, ...], bars: int) -> None:
    """Models that close a part as late or as early as possible."""

    def choose(rng: random.Random) -> Choice:
        def choice(_: list[str], legal: list[str]) -> str:
            closing = [token for token in legal if token in (t.REPEAT, t.CLOSE)]
            if not shy:
                return rng.choice(closing or [token for token in legal if token != t.FIRST] or legal)
            return rng.choice([token for token in legal if token not in shy] or legal)

        return choice

    tunes = free_tunes([choose(random.Random(seed)) for seed in range(16)])
    for tokens, score, pick_up in tunes:
        check_free(tokens, score, pick_up)
        lengths = {len(part.body) - bool(pick_up) for part in parts(score) if not part.first}
        assert lengths <= {bars} or (pick_up and not shy)  # a part cannot end where a note crosses the start of the pick-up
    assert {bool(pick_up) for *_, pick_up in tunes} == {True, False}


def test_a_free_part_may_end_early_where_its_last_bar_leaves_room_for_the_pick_up() -> None:
    head = jig_beginning("|: up24 /24 4 | " + "/72 0 0 | " * 3)
    wanted = begin_arguments(Key("D"), Metre(6, 8), form=FREE)
    assert t.REPEAT not in grammar_after(wanted, head)[1]
    assert t.REPEAT not in grammar_after(wanted, [*head, "0"])[1]
    _, room = grammar_after(wanted, [*head, "0", "/48", "0"])
    assert t.REPEAT in room
    assert "/24" in room  # the part may also continue
    assert t.REPEAT not in grammar_after(wanted, [*head, "0", "0"])[1]
    assert t.REPEAT not in grammar_after(wanted, [*head[:-4], "/72", "0", "/48", "0"])[1]  # three bars are too short for a part
