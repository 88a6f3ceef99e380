"""Omissions: what a request leaves out does not occur, and tunes are legal all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import pytest

from generator.composer.batch import Candidate
from generator.composer.grammar_tables import OMITTED
from generator.notation import tokens as t
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.opening import opening_tokens, read_opening
from generator.notation.score import Score
from generator.notation.structure import illegal_bars
from generator.request import OMISSIONS, TuneRequest
from tests.generator.composer.test_batch import compose, plan

EVERYTHING = ", ".join(OMISSIONS)
NOTES = ("triplets", "semiquavers", "accidentals", "rests", "ties")


def omissions_in(written: Candidate, names: Iterable[str]) -> set[str]:
    """Which of these omissions' tokens a tune contains after its header."""
    body = [t.INDEX[token] for token in written.tokens[4:]]
    return {name for name in names if OMITTED[name][body].any()}


def score_of(written: Candidate) -> Score:
    metre = Metre.parse(next(token[2:] for token in written.tokens if token.startswith("M:")))
    assert metre
    return t.decode(written.tokens, written.key, metre)


def test_a_model_without_preferences_writes_everything_that_can_be_omitted() -> None:
    found = set()
    for written in compose([plan(seed, rhythm=rhythm) for seed, rhythm in enumerate(RHYTHMS)]):
        found |= omissions_in(written, OMISSIONS)
    assert found == set(OMISSIONS)


@pytest.mark.parametrize("without", [*OMISSIONS, "triplets, rests", EVERYTHING])
@pytest.mark.parametrize("structure", ["parts", "free"])
def test_omitted_elements_do_not_occur_and_every_bar_is_full(without: str, structure: str) -> None:
    plans = [plan(seed, rhythm=rhythm, without=without, structure=structure) for seed, rhythm in enumerate(RHYTHMS)]
    for made, written in zip(plans, compose(plans), strict=True):
        assert omissions_in(written, made.request.without) == set()
        assert illegal_bars(score_of(written)) == []
        assert written.tokens[-1] == t.END


def test_without_semiquavers_the_shortest_note_is_a_quaver() -> None:
    for written in compose([plan(seed, rhythm="hornpipe", without="semiquavers") for seed in range(8)]):
        assert min(note.nominal for note in score_of(written).notes()) >= Metre(1, 8).bar


OPENINGS = [
    "M:4/4\nL:1/16\nK:D\nDEFG ABcd d4 z2A2|ABA2 (3FED E2 ^G3",  # stops a semiquaver before the end of a quaver
    "M:6/8\nL:1/8\nK:Ador\nA/|:A>Bc dcB|A3- A2G|",
    "M:3/4\nL:1/8\nK:G\nz2|:(3GAB d2 d2|c3/2",
]


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("mode", ["continue", "answer"])
def test_an_opening_keeps_omitted_elements_and_the_rest_has_none(opening: str, mode: Literal["continue", "answer"]) -> None:
    given = opening_tokens(read_opening(opening, mode=mode))
    for written in compose([plan(seed, opening=opening, mode=mode, without=EVERYTHING) for seed in range(6)]):
        score = score_of(written)
        assert score.metre
        assert list(score.notes())[: sum(map(t.is_pitch, given))] == list(t.decode(given, written.key, score.metre).notes())
        assert illegal_bars(score) == []
        rest = [t.INDEX[token] for token in written.tokens[4 + len(given) :]]
        for name in ("accidentals", "rests", "ties", "second endings"):
            assert not OMITTED[name][rest].any()
        whole_bars = rest[next(at for at, token in enumerate(rest) if t.VOCABULARY[token] in (t.BAR, t.REPEAT, t.CLOSE)) :]
        assert not OMITTED["triplets"][whole_bars].any()


def test_a_variation_may_keep_omitted_elements_in_unchanged_bars() -> None:
    tune = "M:4/4\nL:1/8\nK:D\n|:(3ABc d2 ^G2A2|d>cBA F2E2|D2F2 A2z2|d4 A4:|"
    options = {"opening": tune, "mode": "vary", "strength": 3, "without": EVERYTHING}
    for written in compose([plan(seed, **options) for seed in range(6)]):
        assert illegal_bars(score_of(written)) == []


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ()),
        (None, ()),
        ("Rests,  triplets", ("triplets", "rests")),
        ("pick ups; second ending,", ("pick-ups", "second endings")),
        (["tie", "ties"], ("ties",)),
    ],
)
def test_omissions_are_typed_in_any_order_and_number(typed: str | Sequence[str] | None, names: tuple[str, ...]) -> None:
    request = TuneRequest.check(seed=1, without=typed)
    assert request.without == names
    assert TuneRequest.from_dict(request.as_dict() | {"without": list(names)}) == request
    assert hash(request)


def test_omissions_of_one_request_do_not_affect_others() -> None:
    plain, _ = compose([plan(3, rhythm="reel"), plan(3, rhythm="reel", without="rests")])
    assert plain == compose([plan(3, rhythm="reel")])[0]
