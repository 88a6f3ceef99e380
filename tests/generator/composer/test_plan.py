"""Plans: what is fixed before a tune begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from generator.composer.batch import Batch
from generator.composer.form import FREE, Form, PartForm
from generator.composer.grammar import Grammar
from generator.composer.pitch_range import OCTAVES
from generator.composer.plan import CHANGED, FREE_BAR, Plan, make_plan
from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.frequency_tables import KEY_COUNTS, key_counts
from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre
from generator.request import RequestError, TuneRequest

EIGHT = "DFA dfa|" * 7
D = "M:6/8\nK:D\n"


def plan(**options: Any) -> Plan:
    """A plan with parts of eight bars, each played twice, unless a structure is named."""
    request = TuneRequest.check(seed=options.pop("seed", 1), **options)
    return make_plan(request, None if "structure" in options else Form())


def unmeasured(script: Sequence[str]) -> list[str]:
    """The script with FREE_BAR alone where the model fills a bar."""
    return [FREE_BAR if token[0] == FREE_BAR else token for token in script]


def music(made: Plan) -> str:
    """The script without its durations."""
    return " ".join(token for token in unmeasured(made.script) if token[:1] != "/")


def grammar_after(made: Plan, tokens: Sequence[str]) -> Grammar:
    """The grammar of a plan after some tokens."""
    grammar = Grammar(1)
    grammar.begin(
        0, made.form, made.keys(0.5), rhythm=made.rhythm, metre=made.metre, mode=made.mode, outline=made.outline,
        cadence=made.cadence, octaves=made.octaves,
    )  # fmt: skip
    for token in tokens:
        grammar.advance(np.array([t.INDEX[token]]))
    return grammar


def scripted_tokens(made: Plan) -> list[str]:
    return [*t.header_tokens("jig", made.metre, made.mode), *made.script]


def legal(grammar: Grammar) -> set[str]:
    return {token for token, allowed in zip(t.VOCABULARY, grammar.mask()[0], strict=True) if allowed}


def test_a_plan_fixes_what_is_requested_and_leaves_the_rest_to_the_model() -> None:
    made = plan(rhythm="jig", key="Ador")
    assert (made.rhythm, made.key, made.mode, made.metre) == ("jig", Key.parse("Ador"), Mode.DORIAN, Metre(6, 8))
    assert made.keys(0.5) == [Key.parse("Ador")]
    assert (made.script, made.layout, made.cadence, made.octaves) == ((), (8, 8), 0, OCTAVES)
    open_plan = plan(metre="C|")
    assert (open_plan.key, open_plan.mode, open_plan.metre) == (None, None, Metre(2, 2))
    assert {plan(metre="C|", seed=seed).rhythm for seed in range(40)} >= {"reel", "hornpipe"}


def test_a_mode_alone_does_not_fix_the_tonic() -> None:
    made = plan(key="any dorian")
    assert (made.mode, made.key) == (Mode.DORIAN, None)
    assert legal(grammar_after(made, (t.START, "R:reel", "M:4/4"))) == {"K:dorian"}


def test_candidates_share_a_plan_without_affecting_each_other() -> None:
    made, same = plan(opening=D + "DFA dfa|"), plan(opening=D + "DFA dfa|")
    batch = Batch(2)
    for row in range(2):
        batch.begin(row, made, row)
    for _ in range(12):
        batch.advance(np.zeros((2, len(t.VOCABULARY)), np.float32), np.array([True, False]))
    assert batch.grammar.features.state["part"].tolist() == [0, -1]
    assert made == same
    with pytest.raises(FrozenInstanceError):
        made.key = None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("rhythm", "metres"), [("slip jig", {"M:9/8"}), ("reel", {"M:4/4"}), ("march", {"M:4/4", "M:2/4", "M:6/8"})]
)
def test_a_rhythm_alone_has_its_own_metres(rhythm: str, metres: set[str]) -> None:
    plans = [plan(rhythm=rhythm, seed=seed) for seed in range(40)]
    assert set.union(*(legal(grammar_after(made, (t.START, f"R:{rhythm}"))) for made in plans)) == metres


def test_a_slide_is_in_6_8_unless_12_8_is_asked_for() -> None:
    assert {plan(rhythm="slide", seed=seed).metre for seed in range(40)} == {Metre(6, 8)}
    assert plan(rhythm="slide", metre="12/8").metre == Metre(12, 8)


@pytest.mark.parametrize("mode", t.MODES)
def test_tonics_are_as_frequent_as_in_traditional_tunes(mode: Mode) -> None:
    found = Counter(key for step in range(1000) for key in plan().keys(step / 1000) if key.mode is mode)
    total = sum(key_counts(mode).values())
    assert set(found) == {key for key in KEY_COUNTS if key.mode is mode}
    assert all(abs(found[key] / 1000 - share / total) < 0.01 for key, share in key_counts(mode).items())
    assert plan(key=str(mode)).keys(1.0) == [list(key_counts(mode))[-1]]


def test_the_keys_are_those_of_the_instrument() -> None:
    made = plan(instrument="whistle")
    found = {key.abc for step in range(100) for key in made.keys(step / 100)}
    assert found == {"D", "G", "Em", "Bm", "Ador", "Edor", "Amix", "Dmix"}
    assert plan(instrument="whistle", key="A").keys(0.5) == [Key("A")]


# forms


def shape(made: Plan) -> list[tuple[int, bool]]:
    return [(part.bars, part.twice) for part in made.form.parts]


def test_the_form_is_drawn_from_those_of_the_rhythm() -> None:
    for rhythm, usual, least in (("slip jig", [(4, True)], 60), ("jig", [(8, True)] * 2, 60), ("strathspey", [(8, False)], 30)):
        made = [plan(rhythm=rhythm, structure="parts", seed=seed) for seed in range(100)]
        assert sum(shape(each)[: len(usual)] == usual for each in made) >= least
        assert len({str(shape(each)) for each in made}) > 2
        assert all(list(each.layout or ()) == [bars for bars, _ in shape(each)] for each in made)
        assert all(len(each.returns) == sum(each.layout or ()) for each in made)
    assert plan(rhythm="jig", structure="parts") == plan(rhythm="jig", structure="parts")


@pytest.mark.parametrize(
    ("structure", "bars", "letters"),
    [
        ("parts of 4", {4}, None),
        ("parts of 8", {8}, None),
        ("parts of 16", {16}, None),
        ("aabb", None, "AB"),
        ("abac", None, "ABAC"),
    ],
)
@pytest.mark.parametrize("rhythm", ["jig", "waltz", "air", "strathspey", None])
def test_a_structure_that_is_asked_for_is_planned(
    structure: str, bars: set[int] | None, letters: str | None, rhythm: str | None
) -> None:
    for seed in range(10):
        made = plan(rhythm=rhythm, structure=structure, seed=seed)
        assert bars is None or set(made.layout or ()) == bars
        assert letters is None or "".join(part.letter for part in made.form.parts) == letters
        assert structure != "aabb" or all(part.twice for part in made.form.parts)


def test_the_grammar_follows_the_repeats_of_the_form() -> None:
    form = Form.of((PartForm(1, False, "A"), PartForm(1, True, "B"), PartForm(1, False, "A")))
    made = make_plan(TuneRequest.check(rhythm="jig", key="D", seed=1), form)
    header = t.header_tokens("jig", Metre(6, 8), Mode.MAJOR)
    bar = ["/72", "0", "0"]
    tokens, expected = header, (t.OPEN, t.OPEN_REPEATED, t.OPEN, t.END)
    for opens, closes in zip(expected, (t.CLOSE, t.REPEAT, t.CLOSE, ""), strict=True):
        assert legal(grammar_after(made, tokens)) == {opens}
        tokens = [*tokens, opens, *bar, closes]


def test_an_opening_gets_a_form_that_begins_like_it() -> None:
    for seed in range(30):
        made = plan(opening="M:6/8\nR:jig\nK:D\n|:" + EIGHT + "d6:|", structure="parts", seed=seed)
        assert made.layout and made.layout[0] == 8 and len(made.layout) > 1
        assert made.returns[:8] == [(0, -1)] * 8
        longer = plan(opening="M:6/8\nR:jig\nK:D\n" + EIGHT + "d6|D", structure="parts", seed=seed)
        assert longer.layout and longer.layout[0] >= 9
        grammar = grammar_after(longer, scripted_tokens(longer))
        assert grammar.features.state["layout"][0, 0] == longer.layout[0]


# continue


@pytest.mark.parametrize(
    ("opening", "parts"),
    [
        ("DFA dfa|", 2),
        ("|:DFA dfa:|", 2),
        ("|:DFA dfa:|\n|:DFA dfa:|", 3),
        ("|:DFA dfa:|" * 4, 5),
        ("|:DFA dfa:|" * 4 + "D", 5),
    ],
)
def test_an_opening_is_always_followed_by_new_bars(opening: str, parts: int) -> None:
    made = plan(opening=D + opening)
    assert made.layout
    assert (made.form.fewest_parts, made.form.most_parts, len(made.layout)) == (parts, parts, parts)


def test_the_script_of_an_opening_has_every_duration_and_no_end() -> None:
    made = plan(opening=D + "|:A|DFA d3|")
    assert made.script == ("|:", "up24", "/24", "4", "|", "/24", "0", "/24", "2", "/24", "4", "/72", "7")
    assert (made.rhythm, made.metre, made.key, made.octaves) == (None, Metre(6, 8), Key("D"), (0,))


def test_an_unreadable_opening_is_refused() -> None:
    with pytest.raises(NotationError):
        make_plan(TuneRequest(seed=1, opening="]"))


@pytest.mark.parametrize(
    ("opening", "layout"),
    [
        ("DFA dfa|", (8, 8)),
        (EIGHT + "d6|", (8, 8)),
        (EIGHT + "d6|D", (16, 8)),
        ("A|" + EIGHT + "d3 d2|", (8, 8)),
        ("A|" + EIGHT + "d6|", (16, 8)),  # no room for the pick-up: the part continues
        ("|:DFA dfa|DFA dfa|d6:|", (3, 8)),
        ("|:DFA dfa|DFA dfa|d6:|B", (3, 8)),
        ("A|", (8, 8)),
    ],
)
def test_the_layout_includes_the_parts_of_the_opening(opening: str, layout: tuple[int, ...]) -> None:
    made = plan(opening=D + opening)
    assert made.layout == layout
    state = grammar_after(made, scripted_tokens(made)).features.state[0]  # the grammar did not have to extend it
    assert tuple(state["layout"][: state["part_count"]]) == layout


def test_there_is_no_layout_if_the_form_allows_several() -> None:
    assert make_plan(TuneRequest.check(opening=D + "DFA dfa|", seed=1), Form(8, 2, 3)).layout is None
    free = plan(structure="free", opening=D + "DFA dfa|")
    assert (free.form, free.layout) == (FREE, None)
    assert plan(structure="free").form == FREE
    assert plan(structure="free", opening=D + EIGHT + "|:d6:|", mode="vary").layout == (7, 1)


@pytest.mark.parametrize(
    ("opening", "ends"),
    [
        ("DFA d3-|", "7 -"),
        ("DFA d2-", "7 -"),
        ("A-|", "4 -"),
        (EIGHT + "d6-|", "7"),  # the last note of a part is tied to nothing
        ("A|" + EIGHT + "d3 d-", "7 -"),
        ("A|" + EIGHT + "d3 d2-|", "7"),
        ("DFA z3-|", "z"),
        ("d4 (3ABc-|", "6"),
    ],
)
def test_a_tie_at_the_end_of_an_opening_is_kept_if_a_note_follows_in_the_part(opening: str, ends: str) -> None:
    head = "M:3/4\nL:1/8\nK:D\n" if "(3" in opening else D
    assert music(plan(opening=head + opening)).split()[-len(ends.split()) :] == ends.split()


@pytest.mark.parametrize(
    ("opening", "ends"),
    [
        ("|:" + EIGHT + "d3 d2:|", ":| |: up24"),  # the next part's pick-up completes the last bar
        (EIGHT + "d3 d||", "|| |: up48"),
        ("|:A|" + EIGHT + "1 d3 d2:|2 d3 d||", "|| |: up48"),
        ("|:A|" + EIGHT + "d3 d2:|", "7 :|"),  # the grammar adds it
        ("|:" + EIGHT + "d6:|", "7 :|"),
        ("|:" + EIGHT + "d:|", "7 :|"),  # too much for a pick-up
    ],
)
def test_a_short_last_bar_is_completed_by_the_pick_up_of_the_next_part(opening: str, ends: str) -> None:
    assert music(plan(opening=D + opening)).endswith(ends)


# answer


@pytest.mark.parametrize(
    ("opening", "layout"),
    [
        ("DFA dfa|", (3,)),
        ("DFA dfa|d6|", (4,)),
        ("DFA dfa|d6|D", (7,)),
        ("DFA dfa|" * 4, (8,)),
        ("DFA dfa|" * 5, (9,)),
        ("DFA dfa|" * 6, (14,)),
        ("DFA dfa|" * 12, (20,)),
        ("A|DFA dfa|d3 d2|", (4,)),
        ("A|:DFA dfa|d3 d2", (4,)),
        ("DFA dfa|d6||", (4,)),
        ("|:DFA dfa|d6:|", (2, 2)),
        ("|:DFA dfa|d6:|\n|:ABc def|", (2, 3)),
        ("|:DFA dfa|1 d6:|2 f6||", (2, 2)),
    ],
)
def test_an_answer_is_as_long_as_the_phrase_or_of_the_closest_usual_length(opening: str, layout: tuple[int, ...]) -> None:
    made = plan(opening=D + opening, mode="answer")
    assert made.layout == layout
    assert (made.form.fewest_parts, made.form.most_parts, made.form.repeated) == (len(layout), len(layout), False)


def test_a_phrase_and_its_answer_are_played_once() -> None:
    assert music(plan(opening=D + "|:A|DFA dfa|d3 d2|", mode="answer")) == "[| up24 4 | 0 2 4 7 9 11 | 7 7"
    closed = plan(opening=D + "|:DFA d3:|", mode="answer")
    assert music(closed) == "|: 0 2 4 7 :|"
    assert legal(grammar_after(closed, scripted_tokens(closed))) == {t.OPEN}


# second part


@pytest.mark.parametrize(
    ("opening", "layout", "repeated"),
    [
        (EIGHT + "d6|", (8, 8), True),
        ("|:" + EIGHT + "d6:|", (8, 8), True),
        (EIGHT + "d6||", (8, 8), False),
        (EIGHT * 2 + "d6|d6", (16, 16), True),
        ("DFA dfa|" * 3 + "d6|", (4, 4), True),
        ("A|" + EIGHT + "d3 d", (8, 8), True),
        ("A|" + EIGHT + "d6|", (1, 8, 8), True),
        ("|:" + EIGHT + "d6:|\n|:A", (8, 8), True),
        ("|:" + EIGHT + "1 d6:|2 D6|", (8, 8), True),
    ],
)
def test_a_second_part_is_as_long_as_the_first_and_ends_the_tune(opening: str, layout: tuple[int, ...], repeated: bool) -> None:
    made = plan(opening=D + opening, mode="second part")
    assert (made.layout, made.form.repeated) == (layout, repeated)
    assert made.form.fewest_parts == made.form.most_parts == len(layout)
    assert made.form.bars == layout[-1]


# vary

TUNE = D + "|:A|" + "".join(f"{note}3 {note}3|" for note in "BcdefgB") + "A3 A2:|\n|:A|" + "d3 e3-|e3 f3|" * 3 + "d3 e3|f3 d2:|\n"


@pytest.mark.parametrize("strength", CHANGED)
@pytest.mark.parametrize("seed", range(10))
def test_a_variation_changes_only_some_inner_bars(seed: int, strength: int) -> None:
    made = plan(opening=TUNE, mode="vary", seed=seed, strength=strength)
    given = plan(opening=TUNE, seed=seed).script
    assert (made.layout, made.form.fewest_parts, made.form.most_parts) == ((8, 8), 2, 2)
    freed = set()
    for number, (part, whole) in enumerate(
        zip(*(" ".join(unmeasured(script)).split(":|")[:2] for script in (made.script, given)), strict=True)
    ):
        bars, before = [bar.strip() for bar in part.split(" | ")], [bar.strip() for bar in whole.split(" | ")]
        assert len(bars) == len(before) == 9  # with the pick-up
        assert all(bar in (was, "?") for bar, was in zip(bars, before, strict=True))
        freed |= {(number, index) for index, bar in enumerate(bars) if bar == "?"}
    before_cadences = {(0, 3), (0, 7), (1, 7)}
    free = {(0, 2), (0, 5), (0, 6)} | before_cadences  # in the second part nearly every bar is tied
    assert freed <= (free if strength > 1 else free - before_cadences)
    assert len(freed) == {1: 1, 2: 3, 3: 5}[strength]


def test_variations_with_other_seeds_change_other_bars() -> None:
    scripts = {plan(opening=TUNE, mode="vary", seed=seed).script for seed in range(10)}
    assert len(scripts) > 3


def test_the_smallest_variation_changes_one_bar() -> None:
    tune = D + "|:" + "DFA dfa|d6|" + "D6:|"
    made = plan(opening=tune, mode="vary", strength=1)
    assert (unmeasured(made.script).count(FREE_BAR), made.layout) == (1, (3,))


@pytest.mark.parametrize(("last", "cadence"), [("d", t.ON_TONIC), ("D", t.ON_TONIC), ("e", t.ELSEWHERE), ("^d", t.ELSEWHERE)])
def test_a_variation_keeps_the_cadence_of_its_tune(last: str, cadence: int) -> None:
    assert plan(opening=D + EIGHT + last + "6:|", mode="vary").cadence == cadence
    assert plan(opening=D + EIGHT + last + "6:|").cadence == 0


def test_a_tune_too_short_to_vary_is_refused_with_a_message() -> None:
    with pytest.raises(RequestError, match="nothing to vary"):
        plan(opening=D + "|:DFA dfa|DFA dfa:|", mode="vary")


def test_a_tune_too_long_to_continue_can_be_varied() -> None:
    part = "|:" + "D2F2 A2d2|" * 7 + "D8:|\n"
    air = "X:1\nT:Long\nR:air\nM:4/4\nL:1/8\nK:D\n" + part * 3  # 160 s
    with pytest.raises(RequestError, match="160 s"):
        TuneRequest.check(opening=air, seed=1)
    assert FREE_BAR in unmeasured(plan(opening=air, mode="vary").script)


def test_mode_play_is_not_composed() -> None:
    with pytest.raises(NotationError, match="without composing"):
        make_plan(TuneRequest.check(opening="M:4/4\nK:D\nD8|", mode="play"))
