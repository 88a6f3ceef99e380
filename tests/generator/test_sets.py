"""Sets: tunes of one rhythm and metre in related keys."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from generator.notation.frequency_tables import KEY_COUNTS, RHYTHM_COUNTS
from generator.notation.keys import Key, Mode
from generator.notation.metres import RHYTHMS, Metre
from generator.request import MAX_SEED, TuneRequest
from generator.sets import MAX_TUNES, requests_of_set
from generator.user_messages import UserError

REQUEST = TuneRequest.check(
    rhythm="jig", key="G", opening="M:6/8\nK:G\nGBd gdB|", title="First", seed=7, temperature=0.8, candidates=4, structure="free"
)


def _keys(requests: list[TuneRequest]) -> list[Key]:
    return [Key.parse(request.key or "") for request in requests]


def test_the_first_tune_keeps_the_request_and_the_others_share_its_settings() -> None:
    first, *others = requests_of_set(REQUEST, 4)
    assert first == replace(REQUEST, metre="6/8")
    for index, other in enumerate(others, 1):
        assert (other.rhythm, other.metre, other.temperature, other.candidates, other.structure) == ("jig", "6/8", 0.8, 4, "free")
        assert (other.seed, other.opening, other.title, other.mode) == (7 + index, "", "", "continue")


def test_only_the_first_tune_of_a_set_is_a_variation() -> None:
    tune = "R:reel\nM:4/4\nL:1/8\nK:Ador\n|:" + "A2BcdBGB|" * 7 + "A8:|"
    first, second = requests_of_set(TuneRequest.check(opening=tune, mode="vary", seed=1), 2)
    assert (first.mode, first.opening, first.rhythm, first.key) == ("vary", tune, "reel", "Ador")
    assert (second.mode, second.opening, second.rhythm) == ("continue", "", "reel")


@pytest.mark.parametrize(
    "settings", [{}, {"key": "Ador"}, {"rhythm": "slip jig"}, {"key": "Gb"}, {"key": "C#"}, {"metre": "3/4"}, {"key": "E"}]
)
def test_keys_are_related_and_none_occurs_three_times(settings: dict[str, Any]) -> None:
    for seed in range(40):
        requests = requests_of_set(TuneRequest.check(seed=seed, **settings), MAX_TUNES)
        keys = _keys(requests)
        assert all((key.fifths - before.fifths) % 12 in (0, 1, 11) for before, key in pairwise(keys))
        assert max(Counter(keys).values()) <= 2
        assert len({(request.rhythm, request.metre) for request in requests}) == 1
        for request in requests:
            assert TuneRequest.check(**request.as_dict()) == request


def test_each_tune_has_another_key_than_the_one_before_and_the_last_a_sharper_one_if_possible() -> None:
    sets_with_sharper_key = 0
    for seed in range(200):
        for count in (2, 3, MAX_TUNES):
            keys = _keys(requests_of_set(TuneRequest.check(seed=seed), count))
            assert all(before != key for before, key in pairwise(keys))
            sharper = {key for key in KEY_COUNTS if (key.fifths - keys[-2].fifths) % 12 == 1}
            sets_with_sharper_key += bool(sharper)
            assert keys[-1] in sharper or not sharper or all(keys.count(key) == 2 for key in sharper)
    assert sets_with_sharper_key > 400


def test_a_requested_mode_applies_to_every_tune() -> None:
    for seed in range(20):
        requests = requests_of_set(TuneRequest.check(key="dorian", seed=seed), MAX_TUNES)
        assert {key.mode for key in _keys(requests)} == {Mode.DORIAN}


def test_the_same_seed_gives_the_same_set_and_another_seed_another() -> None:
    sets = [tuple(requests_of_set(TuneRequest.check(seed=seed), 3)) for seed in range(20)]
    assert sets == [tuple(requests_of_set(TuneRequest.check(seed=seed), 3)) for seed in range(20)]
    assert len({tuple((request.rhythm, request.key) for request in requests) for requests in sets}) > 10


def test_rhythm_and_key_are_drawn_by_their_frequency_in_the_tradition() -> None:
    firsts = [requests_of_set(TuneRequest.check(seed=seed), 2)[0] for seed in range(1500)]
    for found, counts in (
        (Counter(request.rhythm for request in firsts), RHYTHM_COUNTS),
        (Counter(request.key for request in firsts), {key.abc: count for key, count in KEY_COUNTS.items()}),
    ):
        total = sum(counts.values())
        assert all(abs(found[name] / 1500 - count / total) < 0.05 for name, count in counts.items())


@pytest.mark.parametrize("metre", ["3/4", "6/8", "9/8", "2/4", "C|"])
def test_the_chosen_rhythm_is_written_in_the_metre(metre: str) -> None:
    for seed in range(20):
        first, second = requests_of_set(TuneRequest.check(metre=metre, seed=seed), 2)
        assert first.metre and first.rhythm
        chosen = Metre.parse(first.metre)
        assert chosen
        assert (first.rhythm, first.metre) == (second.rhythm, second.metre)
        assert any((chosen.bar, chosen.compound) == (other.bar, other.compound) for other in RHYTHMS[first.rhythm].metres)


def test_a_metre_in_which_no_rhythm_is_written_gives_no_rhythm() -> None:
    first, second = requests_of_set(TuneRequest.check(metre="3/8", seed=1), 2)
    assert (first.rhythm, first.metre, second.rhythm, second.metre) == (None, "3/8", None, "3/8")


def test_a_set_of_one_is_the_request_itself() -> None:
    assert requests_of_set(REQUEST, 1) == [REQUEST]


@pytest.mark.parametrize("count", [0, 6])
def test_a_set_has_one_to_five_tunes(count: int) -> None:
    with pytest.raises(UserError, match="1 to 5"):
        requests_of_set(REQUEST, count)


def test_seeds_wrap_around_after_the_largest_one() -> None:
    assert [request.seed for request in requests_of_set(replace(REQUEST, seed=MAX_SEED), 3)] == [MAX_SEED, 0, 1]
