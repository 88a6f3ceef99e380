"""User input becomes a request, or an error that names the wrong parameter."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.notation.metres import RHYTHMS, Metre
from generator.notation.opening_modes import OPENING_MODES
from generator.notation.tokens import INDEX, token_metre
from generator.request import MAX_OPENING_CHARACTERS, MAX_SEED, MAX_TITLE_CHARACTERS, RequestError, TuneRequest


def refused(**given: object) -> RequestError:
    with pytest.raises(RequestError) as caught:
        TuneRequest.check(**given)
    return caught.value


def test_values_become_canonical() -> None:
    request = TuneRequest.check(rhythm=" Slip-Jigs ", key="a dorian", metre="9/8", temperature=1, seed=0, title="  A \n\t B ")
    assert request == TuneRequest(seed=0, rhythm="slip jig", key="Ador", metre="9/8", temperature=1.0, title="A B")


def test_an_instrument_is_named_in_any_case_and_the_backing_is_optional() -> None:
    request = TuneRequest.check(seed=0, instrument=" Concertina ", backing=False)
    assert (request.instrument, request.backing) == ("concertina", False)
    assert TuneRequest.check(instrument=" ").instrument == ""
    assert TuneRequest.check().backing


def test_missing_values_get_their_defaults_when_a_request_is_read() -> None:
    stored = TuneRequest(seed=3, rhythm="reel").as_dict()
    del stored["instrument"], stored["backing"]
    assert TuneRequest.from_dict(stored) == TuneRequest(seed=3, rhythm="reel")


def test_an_empty_request_has_defaults_and_a_random_seed() -> None:
    request = TuneRequest.check(rhythm=" ", key="", metre=" ", opening="\n", title="")
    assert (request.rhythm, request.key, request.metre, request.opening, request.title) == (None, None, None, "", "")
    assert request.temperature == 1.0
    assert 0 <= request.seed <= MAX_SEED
    assert len({TuneRequest.check().seed for _ in range(8)}) > 1


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"rhythm": "tango"}, "rhythm", ["tango", "reel"]),
        ({"rhythm": "x" * 5000}, "rhythm", ["reel"]),
        ({"rhythm": "reel", "metre": "6/8"}, "metre", ["reel", "6/8", "4/4"]),
        ({"rhythm": "jig", "metre": "3/4"}, "metre", ["jig", "3/4", "6/8"]),
        ({"rhythm": "waltz", "metre": "6/8"}, "metre", ["waltz", "6/8", "3/4"]),
        ({"metre": "6/8", "opening": "M:3/4\nK:D\nD6|"}, "opening", ["3/4", "6/8"]),
        ({"rhythm": "jig", "opening": "M:3/4\nK:D\nD6|"}, "opening", ["jig", "3/4"]),
        ({"metre": "four"}, "metre", ["four"]),
        ({"metre": "7/8"}, "metre", ["7/8", "6/8"]),
        ({"metre": "8/8", "rhythm": "reel"}, "metre", ["8/8", "4/4"]),
        ({"metre": "4/8"}, "metre", ["4/8"]),
        ({"key": "H"}, "key", ["H"]),
        ({"key": "Dm7"}, "key", ["“Dm7” is not a key"]),
        ({"key": "Dlyd"}, "key", ["lydian", "dorian"]),
        ({"key": "D ^g"}, "key", ["D major", "accidentals"]),
        ({"key": "A#"}, "key", ["sharps"]),
        ({"temperature": 0.0}, "temperature", ["0.1", "2"]),
        ({"temperature": 2.01}, "temperature", ["2.01"]),
        ({"temperature": math.nan}, "temperature", ["0.1"]),
        ({"temperature": math.inf}, "temperature", ["0.1"]),
        ({"seed": -1}, "seed", ["whole number"]),
        ({"seed": MAX_SEED + 1}, "seed", [str(MAX_SEED)]),
        ({"opening": "A" * (MAX_OPENING_CHARACTERS + 1)}, "opening", ["4,001", "4,000"]),
        ({"opening": "hello ]"}, "opening", ["Line 1, column"]),
        ({"opening": "please write me a nice tune"}, "opening", ["not ABC"]),
        ({"opening": "K:G\nGAB|", "key": "D"}, "opening", ["G major", "D major"]),
        ({"opening": "M:4/4\nK:D\nD8|", "rhythm": "jig"}, "opening", ["4/4", "jig"]),
        ({"instrument": "kazoo"}, "instrument", ["kazoo", "fiddle", "piano"]),
        ({"instrument": "x" * 5000}, "instrument", ["fiddle"]),
        ({"key": "lydian"}, "key", ["lydian", "dorian"]),
        ({"key": "any phrygian"}, "key", ["phrygian", "dorian"]),
        ({"key": "dorian", "opening": "K:G\nGAB|"}, "opening", ["G major", "dorian"]),
        ({"mode": "improve"}, "mode", ["improve", "continue, answer, vary, second part or play"]),
        ({"mode": "answer"}, "opening", ["no opening to answer"]),
        ({"mode": "vary"}, "opening", ["no tune to vary"]),
        ({"mode": "second part", "opening": " "}, "opening", ["no first part"]),
        ({"model": "日本"}, "model", ["letters from a to z"]),
        ({"mode": "play"}, "opening", ["no tune to play"]),
        ({"mode": "play", "opening": "please play me something nice"}, "opening", ["not ABC"]),
        ({"mode": "play", "opening": "M:4/4\nK:C\nCDEF|ABc?!]|"}, "opening", ["Line 3, column"]),
        ({"mode": "play", "opening": "K:C\n" + "C|" * 201}, "opening", ["200 bars"]),
        ({"mode": "play", "opening": "M:4/4\nL:1/8\nK:C\n" + "C999|" * 9}, "opening", ["1,2", "180 s"]),
        ({"mode": "play", "opening": "M:4/4\nK:D\nD8|", "rhythm": "jig"}, "opening", ["4/4", "jig"]),
        ({"mode": "play", "opening": "M:4/4\nK:D\nD8|", "metre": "3/4"}, "opening", ["4/4", "3/4"]),
        ({"mode": "play", "opening": "K:G\nGAB|", "key": "Dm"}, "opening", ["G major", "D minor"]),
        ({"mode": "second part", "opening": "DFA dfa|"}, "opening", ["4 bars", "shorter"]),
        ({"mode": "vary", "opening": "DFA dfa|"}, "opening", ["nothing to vary"]),
        ({"mode": "answer", "opening": "A|"}, "opening", ["pick-up"]),
        ({"strength": 0}, "strength", ["1", "3", "not 0"]),
        ({"strength": 4}, "strength", ["not 4"]),
        ({"structure": "loose"}, "structure", ["loose", "parts, parts of 4, parts of 8, parts of 16, aabb, abac or free"]),
        ({"candidates": 0}, "candidates", ["1 to 16", "not 0"]),
        ({"candidates": 17}, "candidates", ["not 17"]),
        ({"tempo": 0.4}, "tempo", ["0.5", "1.5"]),
        ({"tempo": math.nan}, "tempo", ["0.5"]),
        ({"tempo": "fast"}, "tempo", ["0.5", "not fast"]),
        ({"seed": "7.5"}, "seed", ["whole number", "not 7.5"]),
        ({"backing": "drums"}, "backing", ["with", "without"]),
        ({"keep": "some", "mode": "vary", "opening": "DFA dfa|" * 4}, "keep", ["some", "1-4 7"]),
        ({"keep": "2-5", "mode": "vary", "opening": "DFA dfa|" * 4}, "keep", ["no bar 5", "bar 4"]),
        ({"keep": "1-4", "mode": "vary", "opening": "DFA dfa|" * 4}, "keep", ["every bar", "nothing to compose"]),
        ({"keep": "1", "opening": "DFA dfa|" * 4}, "keep", ["variation", "vary"]),
        ({"keep": "1"}, "keep", ["variation", "vary"]),
    ],
)
def test_an_invalid_value_names_its_parameter_in_a_short_message(given: dict[str, object], field: str, words: list[str]) -> None:
    error = refused(**given)
    assert error.field == field
    assert all(word in str(error) for word in words), str(error)
    assert str(error).endswith(".")
    assert "\n" not in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("typed", "mode"),
    [
        (None, "continue"),
        ("", "continue"),
        (" Continue ", "continue"),
        ("ANSWER", "answer"),
        ("vary", "vary"),
        ("second part", "second part"),
        ("Second-Part", "second part"),
        ("second_part", "second part"),
    ],
)
def test_modes_are_read_in_any_spelling(typed: str | None, mode: str) -> None:
    opening = "M:6/8\nK:D\n" + "DFA dfa|" * 7 + "d6:|"
    assert TuneRequest.check(opening=opening, mode=typed).mode == mode


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("dorian", "dorian"),
        ("any dorian", "dorian"),
        (" Mixolydian", "mixolydian"),
        ("mix", "mixolydian"),
        ("aeolian", "minor"),
        ("Ionian", "major"),
        ("d", "D"),
        ("a dorian", "Ador"),
        ("Am", "Am"),
    ],
)
def test_a_key_may_be_only_a_mode(typed: str, key: str) -> None:
    assert TuneRequest.check(key=typed).key == key


def test_strength_structure_and_candidates_are_read() -> None:
    request = TuneRequest.check(strength=3, structure="Free", candidates=16)
    assert (request.strength, request.structure, request.candidates) == (3, "free", 16)
    default = TuneRequest.check()
    assert (default.mode, default.strength, default.structure, default.candidates) == ("continue", 2, "parts", None)


def test_requests_in_a_row_have_consecutive_seeds() -> None:
    requests = TuneRequest.check(rhythm="reel", seed=MAX_SEED - 1, title="x").in_a_row(3)
    assert [request.seed for request in requests] == [MAX_SEED - 1, MAX_SEED, 0]
    assert {(request.rhythm, request.title) for request in requests} == {("reel", "x")}


@pytest.mark.parametrize("metre", ["2/4", "3/4", "4/4", "C", "C|", "2/2", "3/8", "6/8", "9/8", "12/8", "3/2", "6/4", None])
@pytest.mark.parametrize("rhythm", [None, *RHYTHMS])
def test_the_model_has_a_token_for_every_accepted_metre(rhythm: str | None, metre: str | None) -> None:
    try:
        request = TuneRequest.check(rhythm=rhythm, metre=metre)
    except RequestError as error:
        assert error.field == "metre"
        assert rhythm is not None
        return
    parsed = Metre.parse(request.metre or "")
    assert parsed is None or f"M:{token_metre(parsed)}" in INDEX


def test_a_long_title_is_cut_and_stays_on_one_line() -> None:
    request = TuneRequest.check(title="K:C\r\n\x1b[31mX\u2028 " + "y" * 200)
    assert len(request.title) <= MAX_TITLE_CHARACTERS
    assert request.title.isprintable()


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.none(), st.text(max_size=20), st.sampled_from(sorted(RHYTHMS))),
    st.one_of(st.none(), st.text(max_size=10), st.text("ABCDEFGdormix#b ", max_size=6)),
    st.one_of(st.none(), st.text(max_size=8), st.text("0123456789/C|+", max_size=5)),
    st.one_of(st.none(), st.text(max_size=60), st.text("ABcd|:[]123/><(z \n", max_size=60)),
    st.text(max_size=100),
    st.sampled_from([None, *OPENING_MODES]),
)
def test_any_text_is_a_request_or_a_request_error(
    rhythm: str | None, key: str | None, metre: str | None, opening: str | None, title: str, mode: str | None
) -> None:
    try:
        request = TuneRequest.check(rhythm=rhythm, key=key, metre=metre, opening=opening, title=title, mode=mode)
    except RequestError as error:
        assert error.field in ("rhythm", "key", "metre", "opening")
        assert str(error)
        return
    again = TuneRequest.check(
        rhythm=request.rhythm,
        key=request.key,
        metre=request.metre,
        opening=request.opening,
        seed=request.seed,
        title=request.title,
        mode=request.mode,
    )
    assert again == request


def test_again_is_the_same_request_with_another_seed() -> None:
    request = TuneRequest.check(rhythm="reel", seed=5, title="x")
    seeds = {request.again().seed for _ in range(8)}
    assert len(seeds) > 1
    assert TuneRequest(**{**request.again().as_dict(), "seed": 5}) == request


def test_a_request_survives_json() -> None:
    given: dict[str, Any] = {"rhythm": "jig", "key": "Ador", "opening": "DFA dfa|", "temperature": 0.7, "seed": 9, "title": "Ó"}
    request = TuneRequest.check(**given, mode="answer", strength=1, structure="free", candidates=3)
    assert TuneRequest.from_dict(json.loads(json.dumps(request.as_dict()))) == request


def test_a_tune_that_no_model_could_continue_may_be_played() -> None:
    tune = "X:1\nM:7/8\nL:1/8\nK:Dlyd\nDEFG ABc|d7|[M:none]ABc|]"
    assert TuneRequest.check(opening=tune, mode="Play").mode == "play"
    refused(opening=tune)


def test_a_name_that_is_no_parameter_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="tonality"):
        TuneRequest.check(tonality="Ador")


def test_playing_a_tune_ignores_the_settings_of_the_composer() -> None:
    request = TuneRequest.check(opening="K:D\nABcd|efga|", mode="play", without="joy", model="日本")
    assert (request.without, request.model) == ((), "")


def test_all_errors_are_found_at_once_in_the_order_of_the_parameters() -> None:
    errors = TuneRequest.errors(rhythm="reel", key="H", metre="6/8", mode="vary", tempo="fast", seed="lucky")
    assert [error.field for error in errors] == ["key", "metre", "opening", "tempo", "seed"]
    with pytest.raises(RequestError) as caught:
        TuneRequest.check(rhythm="reel", key="H", metre="6/8", mode="vary", tempo="fast", seed="lucky")
    assert str(caught.value) == str(errors[0])
    assert TuneRequest.errors(rhythm="reel", key="Ador") == []
    assert [error.field for error in TuneRequest.errors(instrument="whistle", key="Bb", metre="17/8")] == ["key", "metre"]
    assert TuneRequest.errors(mode="play", opening="K:D\nDEFG|", model="?", without="joy") == []
