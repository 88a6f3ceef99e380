"""Input of the compose form and of JSON."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.web import form
from bot.web.pages import EXAMPLE
from generator.notation.opening_modes import OPENING_MODES
from generator.request import RequestError, TuneRequest


def values(**fields: object) -> dict[str, str]:
    return form.typed(fields)


def request_from(fields: Mapping[str, str]) -> TuneRequest:
    return TuneRequest.check(**fields)


def test_an_empty_form_makes_a_request_of_defaults() -> None:
    request = request_from(values())
    assert (request.rhythm, request.key, request.metre, request.opening, request.title) == (None, None, None, "", "")


def test_numbers_are_read_from_text_and_from_json() -> None:
    assert request_from(values(temperature=" 0,8 ", seed="7 ")).temperature == 0.8
    assert request_from(values(temperature=0.8, seed=7)).seed == 7


def test_instrument_and_backing_are_read_and_shown_again() -> None:
    request = request_from(values(instrument="Banjo", backing="without"))
    assert (request.instrument, request.backing) == ("banjo", False)
    filled = form.filled(request)
    assert (filled["instrument"], filled["backing"]) == ("banjo", "without")
    assert request_from(filled).backing is False
    assert request_from(values()).backing is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rhythm", "tango"),
        ("key", "H major"),
        ("metre", "seven"),
        ("temperature", "hot"),
        ("temperature", "nan"),
        ("temperature", "1e999"),
        ("mode", "improve"),
        ("strength", "strong"),
        ("strength", "4"),
        ("structure", "loose"),
        ("seed", "lucky"),
        ("seed", "-1"),
        ("seed", "9" * 5_000),
        ("seed", "٣"),
        ("opening", "C" * 4_001),
        ("instrument", "kazoo"),
        ("backing", "orchestra"),
    ],
)
def test_an_invalid_value_names_its_field(field: str, value: str) -> None:
    with pytest.raises(RequestError) as caught:
        request_from(values(**{field: value}))
    assert caught.value.field == field
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("value", [True, ["reel"], {"a": 1}])
def test_other_json_types_are_refused(value: object) -> None:
    with pytest.raises(RequestError):
        values(rhythm=value)


def test_what_to_leave_out_may_be_text_or_a_list() -> None:
    for typed in ("ties, Triplet", ["ties", "Triplet"]):
        request = request_from(values(without=typed))
        assert request.without == ("triplets", "ties")
        assert request_from(form.filled(request)).without == request.without
    assert request_from(values(without=[])).without == ()
    for wrong in ([1], [["ties"]], {"ties": True}, True):
        with pytest.raises(RequestError, match="list of texts"):
            values(without=wrong)


def test_text_keeps_its_lines_but_no_characters_that_the_database_cannot_hold() -> None:
    assert values(opening="|:EAAB\r\ncBAc\x00\ud800\x1b|")["opening"] == "|:EAAB\ncBAc|"


def test_the_same_form_has_the_same_event_id_and_a_changed_one_another() -> None:
    token = form.new_token()
    assert form.event_id(token, values(rhythm="reel")) == form.event_id(token, values(rhythm="reel"))
    assert form.event_id(token, values(rhythm="reel")) != form.event_id(token, values(rhythm="jig"))
    assert form.event_id(token, values(rhythm="reel", key="D")) != form.event_id(token, values(rhythm="reel\0key=D"))


@pytest.mark.parametrize("token", [None, "", "short", "x" * 65, "'; drop table tunes; --", 7])
def test_an_invalid_token_never_joins_two_submissions(token: object) -> None:
    assert form.event_id(token, values()) != form.event_id(token, values())


def test_the_form_filled_from_a_request_makes_the_same_request() -> None:
    request = request_from(values(rhythm="slip jig", key="e minor", temperature="0.7", opening="|:EAAB|", title="Mine", seed="3"))
    again = request_from(form.filled(request) | {"seed": "3"})
    assert again == request


def test_the_form_filled_from_a_request_with_a_mode_makes_the_same_request() -> None:
    opening = "M:6/8\nK:D\n|:" + "DFA dfa|" * 7 + "d6:|"
    for mode in OPENING_MODES:
        request = request_from(values(opening=opening, mode=mode, strength=1, structure="free"))
        assert request.mode == mode
        assert request_from(form.filled(request) | {"seed": str(request.seed)}) == request


def test_the_example_is_a_valid_request() -> None:
    request = request_from(values(**EXAMPLE))
    assert (request.rhythm, request.key, request.opening) == ("reel", "Ador", EXAMPLE["opening"])
