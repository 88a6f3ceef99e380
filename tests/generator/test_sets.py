"""Sets: tunes of one rhythm and metre in keys that go together."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from generator.notation.frequency_tables import KEY_COUNTS, RHYTHM_COUNTS
from generator.notation.keys import Key, Mode
from generator.notation.metres import RHYTHMS, Metre
from generator.request import MAX_SEED, TuneRequest
from generator.sets import MAX_TUNES, requests_of_set

ASKED = TuneRequest.check(
    rhythm="jig", key="G", opening="M:6/8\nK:G\nGBd gdB|", title="First", seed=7, temperature=0.8, candidates=4, structure="free"
)


def test_the_first_tune_is_what_was_asked_for_and_the_others_go_with_it():
    first, *others = requests_of_set(ASKED, 4)
    assert first == replace(ASKED, metre="6/8")
    for index, other in enumerate(others, 1):
        assert (other.rhythm, other.metre, other.temperature, other.candidates, other.structure) == ("jig", "6/8", 0.8, 4, "free")
        assert (other.seed, other.opening, other.title, other.mode) == (7 + index, "", "", "continue")


def test_a_variation_begins_a_set_but_is_not_made_of_every_tune():
    tune = "R:reel\nM:4/4\nL:1/8\nK:Ador\n|:" + "A2BcdBGB|" * 7 + "A8:|"
    first, second = requests_of_set(TuneRequest.check(opening=tune, mode="vary", seed=1), 2)
    assert (first.mode, first.opening, first.rhythm, first.key) == ("vary", tune, "reel", "Ador")
    assert (second.mode, second.opening, second.rhythm) == ("continue", "", "reel")


@pytest.mark.parametrize(
    "wishes", [{}, {"key": "Ador"}, {"rhythm": "slip jig"}, {"key": "Gb"}, {"key": "C#"}, {"metre": "3/4"}, {"key": "E"}]
)
def test_keys_are_related_and_none_comes_three_times(wishes):
    for seed in range(40):
        requests = requests_of_set(TuneRequest.check(seed=seed, **wishes), MAX_TUNES)
        keys = [Key.parse(request.key) for request in requests]
        assert all((key.fifths - before.fifths) % 12 in (0, 1, 11) for before, key in pairwise(keys))
        assert max(Counter(keys).values()) <= 2
        assert len({(request.rhythm, request.metre) for request in requests}) == 1
        for request in requests:
            checked = request.as_dict()
            assert TuneRequest.check(**checked) == request


def test_each_tune_has_another_key_than_the_one_before_and_the_last_a_sharper_one_where_it_is_played():
    lifted = 0
    for seed in range(200):
        for count in (2, 3, MAX_TUNES):
            keys = [Key.parse(request.key) for request in requests_of_set(TuneRequest.check(seed=seed), count)]
            assert all(before != key for before, key in pairwise(keys))
            sharper = {key for key in KEY_COUNTS if (key.fifths - keys[-2].fifths) % 12 == 1}
            lifted += bool(sharper)
            assert keys[-1] in sharper or not sharper or all(keys.count(key) == 2 for key in sharper)
    assert lifted > 400


def test_a_mode_that_was_asked_for_holds_in_every_tune():
    for seed in range(20):
        requests = requests_of_set(TuneRequest.check(key="dorian", seed=seed), MAX_TUNES)
        assert {Key.parse(request.key).mode for request in requests} == {Mode.DORIAN}


def test_the_same_request_makes_the_same_set_and_another_seed_another():
    sets = [tuple(requests_of_set(TuneRequest.check(seed=seed), 3)) for seed in range(20)]
    assert sets == [tuple(requests_of_set(TuneRequest.check(seed=seed), 3)) for seed in range(20)]
    assert len({tuple((request.rhythm, request.key) for request in requests) for requests in sets}) > 10


def test_what_is_open_is_drawn_as_the_tradition_has_it():
    firsts = [requests_of_set(TuneRequest.check(seed=seed), 2)[0] for seed in range(1500)]
    for found, shares in (
        (Counter(request.rhythm for request in firsts), RHYTHM_COUNTS),
        (Counter(request.key for request in firsts), {key.abc: share for key, share in KEY_COUNTS.items()}),
    ):
        total = sum(shares.values())
        assert all(abs(found[name] / 1500 - share / total) < 0.05 for name, share in shares.items())


@pytest.mark.parametrize("metre", ["3/4", "6/8", "9/8", "2/4", "C|"])
def test_a_rhythm_is_chosen_that_is_written_in_the_metre(metre):
    for seed in range(20):
        first, second = requests_of_set(TuneRequest.check(metre=metre, seed=seed), 2)
        bars = Metre.parse(first.metre)
        assert (first.rhythm, first.metre) == (second.rhythm, second.metre)
        assert any((bars.bar, bars.compound) == (usual.bar, usual.compound) for usual in RHYTHMS[first.rhythm].metres)


def test_a_metre_that_no_rhythm_is_written_in_leaves_the_rhythm_open():
    first, second = requests_of_set(TuneRequest.check(metre="3/8", seed=1), 2)
    assert (first.rhythm, first.metre, second.rhythm, second.metre) == (None, "3/8", None, "3/8")


def test_a_set_of_one_is_the_request_itself():
    assert requests_of_set(ASKED, 1) == [ASKED]


@pytest.mark.parametrize("count", [0, 6])
def test_a_set_has_one_to_five_tunes(count):
    with pytest.raises(ValueError, match="1 to 5"):
        requests_of_set(ASKED, count)


def test_seeds_go_on_after_the_last_one():
    assert [request.seed for request in requests_of_set(replace(ASKED, seed=MAX_SEED), 3)] == [MAX_SEED, 0, 1]
