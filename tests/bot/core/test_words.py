"""Requests in plain words, in five languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import vocabulary
from bot.core.words import words_in
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.notation.names import translatable
from generator.notation.opening_modes import OPENING_MODES
from generator.request import INSTRUMENTS, OMISSIONS, STRUCTURES, RequestError, TuneRequest
from tests.patience import HANG_S

SLOW, FAST, WILD, STEADY = {"tempo": 0.75}, {"tempo": 1.2}, {"temperature": 1.3}, {"temperature": 0.7}


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("a slow jig in G minor, please", {"rhythm": "jig", "key": "G minor"} | SLOW),
        ("Double jigs", {"rhythm": "jig"}),
        ("a slip-jig in 9/8", {"rhythm": "slip jig", "metre": "9/8"}),
        ("hop jig!", {"rhythm": "slip jig"}),
        ("a slow air", {"rhythm": "air"}),
        ("a fast march in 6/8 on the tin whistle", {"rhythm": "march", "metre": "6/8", "instrument": "whistle"} | FAST),
        ("a strange hornpipe, without backing", {"rhythm": "hornpipe", "backing": False} | WILD),
        (
            "a simple polka called “The Wild Rover” with seed 7",
            {"rhythm": "polka", "title": "The Wild Rover", "seed": 7} | STEADY,
        ),
        ("temperature: 0,4, free form", {"temperature": 0.4, "structure": "free"}),
        ("vary it a lot", {"mode": "vary", "strength": 3}),
        ("a reel without triplets", {"rhythm": "reel", "without": ["triplets"]}),
        ("no triplets, rests or ties please, and no pick-up", {"without": ["triplets", "rests", "ties", "pick-ups"]}),
        ("eine Polka ohne Triolen und Pausen", {"rhythm": "polka", "without": ["triplets", "rests"]}),
        ("une gigue sans doubles croches", {"rhythm": "jig", "without": ["semiquavers"]}),
        ("un vals sin tresillos", {"rhythm": "waltz", "without": ["triplets"]}),
        ("ríl gan trípléid", {"rhythm": "reel", "without": ["triplets"]}),
        ("a jig with triplets", {"rhythm": "jig"}),
        ("without backing and triplets", {"backing": False, "without": ["triplets"]}),
        ("ohne Begleitung, Pausen und Triolen", {"backing": False, "without": ["rests", "triplets"]}),
        ("a polka, twice through", {"rhythm": "polka", "times": 2}),
        ("einen Reel, dreimal", {"rhythm": "reel", "times": 3}),
        ("no, triplets please", {}),
        ("a reel without rests. Triplets are fine.", {"rhythm": "reel", "without": ["rests"]}),
        ("a reel with fast notes", {"rhythm": "reel"} | FAST),
        ("no, slower please", SLOW),
        ("no rest for the wicked", {}),
        ("not a tie", {}),
        ("sans pause", {}),
        ("not too upbeat", {}),
        ("en ré", {"key": "D"}),
        ("un aire en sol, por favor", {"rhythm": "air", "key": "G"}),
        ("algo en la tarde", {}),
        ("the new phone, model 15, is nice", {}),
        ("Write the B part", {"mode": "second part"}),
        ("a gentle waltz", {"rhythm": "waltz", "tempo": 0.85, "temperature": 0.7}),
        ("ein langsamer Walzer in g-Moll mit Geige", {"rhythm": "waltz", "key": "G minor", "instrument": "fiddle"} | SLOW),
        ("eine schnelle Polka in H-Dur ohne Begleitung", {"rhythm": "polka", "key": "B major", "backing": False} | FAST),
        ("une valse en sol mineur, à la flûte", {"rhythm": "waltz", "key": "G minor", "instrument": "flute"}),
        ("une gigue lente en si bémol majeur", {"rhythm": "jig", "key": "Bb major"} | SLOW),
        ("un vals rápido en re mayor, por favor", {"rhythm": "waltz", "key": "D major"} | FAST),
        ("port luascach, le do thoil", {"rhythm": "slip jig"}),
        ("ríl mall ar an bhfeadóg stáin i Edor", {"rhythm": "reel", "key": "E dorian"} | SLOW),
        ("What a lovely evening!", {}),
        ("not too fast", {}),
        ("seed, 3/4 of them and 12 reasons", {"metre": "3/4"}),
        ("Give me 24/12 reasons, or 0/8", {}),
        ("", {}),
    ],
)
def test_words_become_parameters(text: str, parameters: dict[str, Any]) -> None:
    assert words_in(text).parameters == parameters


@pytest.mark.parametrize(("code", "denial"), [("en", "without"), ("ga", "gan"), ("de", "ohne"), ("fr", "sans"), ("es", "sin")])
def test_omissions_are_recognised_by_their_translated_names(code: str, denial: str) -> None:
    for name in OMISSIONS:
        assert words_in(f"{denial} {language(code)(translatable(name))}").parameters == {"without": [name]}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ador", "A dorian"),
        ("edor", "E dorian"),
        ("Am", "A minor"),
        ("F#m", "F# minor"),
        ("D", "D"),
        ("in D", "D"),
        ("a reel in A", "A"),
        ("a reel in A dorian", "A dorian"),
        ("in a minor", "A minor"),
        ("e minor", "E minor"),
        ("a jig in B♭", "Bb"),
        ("F sharp minor", "F# minor"),
        ("a tune in a minor key", "minor"),
        ("a minor reel", "minor"),
        ("something dorian", "dorian"),
        ("a dorian reel", "dorian"),
        ("en la mineur", "A minor"),
        ("in fis-Moll", "F# minor"),
        ("a-Moll", "A minor"),
        ("in Es-Dur", "Eb major"),
        ("reel, G", "G"),
        ("a G reel", "G"),
        ("a reel in Dm7", "Dm7"),  # which the check of the request refuses
        ("Dm7 is a chord", None),
        ("a reel", None),
        ("A reel", None),
        ("In A Reel", None),
        ("Am I late?", None),
        ("I am in a hurry", None),
        ("a major problem", None),
        ("Plan B was better than C for us", None),
        ("I add a bad egg", None),
    ],
)
def test_a_key_is_distinguished_from_an_article(text: str, key: str | None) -> None:
    assert words_in(text).parameters.get("key") == key


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("a reel with model aird-1.", "aird-1"),
        ("a reel, model: my.airs_2...", "my.airs_2"),
        ("model: a", "a"),
        ("a jig, model “aird-1”", "aird-1"),
        ("a jig with model `airs`", "airs"),
        ("model: **aird-1**, a jig", "aird-1"),
        ("une gigue avec le modèle « aird-1 »", "aird-1"),
        ("eine Jig mit dem Modell „aird-1“.", "aird-1"),
        ("port leis an tsamhail aird-1", "aird-1"),
        ("a jig called “The Model: Two”", None),
        ("a jig for my model “The Fair One”", None),
    ],
)
def test_a_model_name_ends_with_its_last_letter_or_digit_even_in_quotes(text: str, model: str | None) -> None:
    parameters = words_in(text).parameters
    assert parameters.get("model") == model
    assert model is None or "title" not in parameters


def test_every_word_for_a_rhythm_or_instrument_is_recognised_in_a_sentence() -> None:
    for name in RHYTHMS:
        for word in [name, f"{name}s", *vocabulary.RHYTHMS[name].split("|")]:
            assert words_in(f"one {word}, please").parameters == {"rhythm": name}, word
    for name in INSTRUMENTS:
        for word in [name, *vocabulary.INSTRUMENTS[name].split("|")]:
            assert words_in(f"{word.upper()} please").parameters == {"instrument": name}, word


def test_the_vocabulary_contains_only_valid_values() -> None:
    assert list(vocabulary.RHYTHMS) == list(RHYTHMS), "add the missing words to bot/core/vocabulary.py, in this order"
    assert list(vocabulary.INSTRUMENTS) == list(INSTRUMENTS), "add the missing words to bot/core/vocabulary.py, in this order"
    assert set(vocabulary.TREATMENTS) == set(OPENING_MODES)
    assert set(vocabulary.STRUCTURES) < set(STRUCTURES)
    for mood, words in vocabulary.MOODS:
        for word in words.split("|"):
            assert words_in(f"{word} reel").parameters == mood | {"rhythm": "reel"}, word


@pytest.mark.parametrize(
    ("text", "is_request"),
    [
        *(
            (request, True)
            for request in ("slower", "in D please", "on the flute", "as a jig", "vary it", "another one!", "make me one")
        ),
        *((remark, False) for remark in ("Lovely slow reel!", "The flute is great here", "Thanks", "")),
    ],
)
def test_a_request_is_distinguished_from_a_remark(text: str, is_request: bool) -> None:
    assert words_in(text).is_request is is_request


@pytest.mark.parametrize(
    ("text", "again", "stop"),
    [
        ("another one", True, False),
        ("noch einmal bitte", True, False),
        ("Stop!", False, True),
        ("that's all, thanks", False, True),
        ("Never mind!", False, True),
        ("schon gut, danke", False, True),
        ("we won't stop before the flute comes in", False, False),
    ],
)
def test_again_and_stop_are_recognised(text: str, again: bool, stop: bool) -> None:
    words = words_in(text)
    assert (words.again, words.stop) == (again, stop)


WORDS = (
    'a|A|in|C|F#|minor|dorian|reel|slip|jig|slow|not|seed|7|6/8|32/16|“|”|"|«|»|:|vary|play|B part|sharp|si|bémol|Moll|'
    "temperature|3.7|strength|99|٣|\x00|\ud800|@everyone|<@1>|tempo|0.6|999999999999999999999999999999"
)


@given(st.text(max_size=300) | st.lists(st.sampled_from(WORDS.split("|")), max_size=30).map(" ".join))
def test_any_text_becomes_a_request_or_one_error(text: str) -> None:
    parameters = words_in(text).parameters
    try:
        assert isinstance(TuneRequest.check(**parameters), TuneRequest)
    except RequestError as error:
        assert error.message


@pytest.mark.parametrize(
    "piece",
    ["a ", "in a ", '"', "«", "„", "F#", "9", "1/1/", "a\n", "\u0301", "🎻", "slip ", "not slow ", "seed ", "b " * 3, "A"],
)
@pytest.mark.timeout(HANG_S)  # quadratic time would be hours
def test_hostile_text_is_parsed_in_linear_time(piece: str) -> None:
    words_in(piece * 100_000)
