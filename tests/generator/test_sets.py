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


def request(seed: int, **settings: Any) -> TuneRequest:
    return TuneRequest.check(seed=seed, **settings)


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


def test_tonics_are_those_that_players_put_together() -> None:
    followed = {(before, key) for seed in range(300) for before, key in pairwise(_keys(requests_of_set(request(seed), 4)))}
    names = {(before.abc, key.abc) for before, key in followed}
    assert {("G", "D"), ("D", "A"), ("Em", "G"), ("D", "Em"), ("Ador", "D"), ("Am", "G"), ("Amix", "D")} <= names
    assert not {("G", "Bm"), ("Bm", "G"), ("D", "F#m"), ("C", "Em")} & names


def test_each_tune_has_another_key_than_the_one_before_and_the_last_a_sharper_major_one_if_possible() -> None:
    lifts = 0
    for seed in range(200):
        for count in (2, 3, MAX_TUNES):
            keys = _keys(requests_of_set(request(seed), count))
            assert all(before != key for before, key in pairwise(keys))
            assert keys[-1].mode is Mode.MAJOR or count == MAX_TUNES  # where the major keys may be used up
            lifts += (keys[-1].fifths - keys[-2].fifths) % 12 == 1
    assert lifts > 300
    assert [key.abc for key in _keys(requests_of_set(request(50, rhythm="jig"), 3))] == ["Am", "G", "D"]


def test_the_keys_are_those_of_the_instrument() -> None:
    for seed in range(100):
        keys = {key.abc for key in _keys(requests_of_set(request(seed, instrument="whistle"), MAX_TUNES))}
        assert keys <= {"D", "G", "Em", "Bm", "Ador", "Edor", "Amix", "Dmix"}
    first, *others = _keys(requests_of_set(request(1, instrument="whistle", key="A"), 4))
    assert first == Key("A") and {key.abc for key in others} <= {"D", "G", "Em", "Bm", "Ador", "Edor", "Amix", "Dmix"}


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
