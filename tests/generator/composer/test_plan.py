"""What is fixed before a tune begins."""

import random
from collections import Counter

import pytest

from generator.composer.grammar import Form
from generator.composer.plan import FREE_BAR, TONICS, make_plan
from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.request import RequestError, TuneRequest


def plan(**wishes):
    vary = wishes.pop("vary", False)
    request = TuneRequest.check(seed=wishes.pop("seed", 1), **wishes)
    return make_plan(TuneRequest(**{**request.as_dict(), "vary": vary}))


def test_what_is_asked_for_is_fixed_and_the_rest_is_open():
    made = plan(rhythm="jig", key="Ador")
    assert (made.key, made.metre, made.script) == (Key.parse("Ador"), None, [])
    open_plan = plan()
    assert (open_plan.key, open_plan.metre, open_plan.grammar.mode) == (None, None, None)


@pytest.mark.parametrize(("rhythm", "metres"), [("jig", {"M:6/8"}), ("reel", {"M:4/4"}), ("march", {"M:4/4", "M:2/4", "M:6/8"})])
def test_a_rhythm_alone_leaves_only_the_metres_that_it_is_at_home_in(rhythm, metres):
    grammar = plan(rhythm=rhythm).grammar
    grammar.advance(t.START)
    grammar.advance(f"R:{rhythm}")
    assert {token for token, legal in zip(t.VOCABULARY, grammar.mask(), strict=True) if legal} == metres


@pytest.mark.parametrize("mode", t.MODES)
def test_tonics_come_as_often_as_the_tradition_has_them(mode):
    found = Counter()
    for step in range(1000):
        made = plan()
        made.choose_key(mode, step / 1000)
        found[made.key.tonic] += 1
    total = sum(TONICS[mode].values())
    assert all(abs(found[tonic] / 1000 - weight / total) < 0.01 for tonic, weight in TONICS[mode].items())
    assert set(found) == set(TONICS[mode])


@pytest.mark.parametrize(
    ("opening", "fewest", "most"),
    [
        ("DFA dfa|", 2, 2),
        ("|:DFA dfa:|", 2, 2),
        ("|:DFA dfa:|\n|:DFA dfa:|", 3, 3),
        ("|:DFA dfa:|" * 4, 5, 5),
        ("|:DFA dfa:|" * 4 + "D", 5, 5),
    ],
)
def test_something_new_is_always_written(opening, fewest, most):
    form = plan(opening="M:6/8\nK:D\n" + opening).grammar.form
    assert (form.fewest_parts, form.most_parts) == (fewest, most)


def test_an_opening_is_spelled_with_every_duration_and_left_open():
    assert plan(opening="M:6/8\nK:D\n|:A|DFA d3|").script == [
        "|:", "up24", "/24", "4", "|", "/24", "0", "/24", "2", "/24", "4", "/72", "7",
    ]  # fmt: skip


def test_an_opening_that_cannot_be_read_is_refused():
    with pytest.raises(NotationError):
        make_plan(TuneRequest(seed=1, opening="]"))


TUNE = (
    "M:6/8\nK:D\n|:A|"
    + "".join(f"{note}3 {note}3|" for note in "BcdefgB")
    + "A3 A2:|\n|:A|"
    + "d3 e3-|e3 f3|" * 3
    + "d3 e3|f3 d2:|\n"
)


@pytest.mark.parametrize("seed", range(20))
def test_a_variation_frees_some_inner_bars_only(seed):
    made = plan(opening=TUNE, vary=True, seed=seed)
    fixed = plan(opening=TUNE).script
    assert 0 < made.script.count(FREE_BAR) <= 6 + 7
    assert (made.grammar.form.fewest_parts, made.grammar.form.most_parts) == (2, 2)
    parts = " ".join(token or "?" for token in made.script).split(":|")[:2]
    for part, whole in zip(parts, " ".join(fixed).split(":|")[:2], strict=True):
        bars, given = [bar.strip() for bar in part.split(" | ")], [bar.strip() for bar in whole.split(" | ")]
        assert len(bars) == len(given) == 9
        assert bars[0] == given[0]  # with the pick-up
        assert bars[1] == given[1]
        assert bars[-1] == given[-1]
        assert all(bar == was or bar == "?" for bar, was in zip(bars, given, strict=True))
        for index, was in enumerate(given):
            if was.endswith(" -"):  # a tie must reach its note
                assert "?" not in bars[index : index + 2]


def test_variations_with_other_seeds_free_other_bars():
    scripts = {tuple(plan(opening=TUNE, vary=True, seed=seed).script) for seed in range(10)}
    assert len(scripts) > 3


def test_a_tune_too_short_to_vary_stays_as_it_is():
    rng = random.Random(1)
    made = plan(opening="M:6/8\nK:D\n|:DFA dfa|DFA dfa:|", vary=True, seed=rng.randrange(99))
    assert FREE_BAR not in made.script


def test_a_long_tune_can_be_varied_though_it_could_not_be_gone_on_from():
    part = "|:" + "D2F2 A2d2|" * 7 + "D8:|\n"
    air = "X:1\nT:Long\nR:air\nM:4/4\nL:1/8\nK:D\n" + part * 3  # 160 s
    with pytest.raises(RequestError, match="160 s"):
        TuneRequest.check(opening=air, seed=1)
    plan = make_plan(TuneRequest.check(opening=air, seed=1, vary=True))
    assert FREE_BAR in plan.script


def test_the_model_is_told_the_layout_where_the_form_leaves_no_choice():
    assert plan().grammar.tracker.layout == [8, 8]
    assert make_plan(TuneRequest.check(seed=1), Form(8, 2, 3)).grammar.tracker.layout == []
    tune = "M:6/8\nK:D\n|:DFA dfa|DFA dfa|DFA dfa:|\n|:DFA dfa:|"
    assert plan(opening=tune, vary=True).grammar.tracker.layout == [3, 1]


def test_an_opening_longer_than_a_part_lengthens_the_part_that_the_model_is_told_of():
    made = plan(opening="M:6/8\nK:D\n" + "DFA dfa|" * 9)
    for token in [*t.header("jig", made.metre, made.key.mode), *made.script]:
        made.grammar.advance(token)
    assert made.grammar.tracker.layout == [16, 8]
