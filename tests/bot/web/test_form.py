from __future__ import annotations

import pytest

from bot.web import form
from bot.web.pages import EXAMPLE
from generator.notation.opening_modes import OPENING_MODES
from generator.request import RequestError


def values(**fields: object) -> dict[str, str]:
    return form.typed(fields)


def test_an_empty_form_leaves_everything_open() -> None:
    request = form.wish(values())
    assert (request.rhythm, request.key, request.metre, request.opening, request.title) == (None, None, None, "", "")


def test_numbers_are_read_as_people_and_as_json_write_them() -> None:
    assert form.wish(values(temperature=" 0,8 ", seed="7 ")).temperature == 0.8
    assert form.wish(values(temperature=0.8, seed=7)).seed == 7


def test_the_instrument_and_the_backing_can_be_chosen_and_are_filled_in_again() -> None:
    request = form.wish(values(instrument="Banjo", backing="without"))
    assert (request.instrument, request.backing) == ("banjo", False)
    filled = form.filled(request)
    assert (filled["instrument"], filled["backing"]) == ("banjo", "without")
    assert form.wish(filled).backing is False
    assert form.wish(values()).backing is True


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
def test_a_wish_that_cannot_be_met_names_its_field(field: str, value: str) -> None:
    with pytest.raises(RequestError) as caught:
        form.wish(values(**{field: value}))
    assert caught.value.field == field
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("value", [True, ["reel"], {"a": 1}])
def test_json_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(RequestError):
        values(rhythm=value)


def test_text_loses_what_a_database_cannot_hold_and_keeps_its_lines() -> None:
    assert values(opening="|:EAAB\r\ncBAc\x00\ud800\x1b|")["opening"] == "|:EAAB\ncBAc|"


def test_the_same_form_is_the_same_event_and_a_changed_one_is_not() -> None:
    token = form.new_token()
    assert form.event(token, values(rhythm="reel")) == form.event(token, values(rhythm="reel"))
    assert form.event(token, values(rhythm="reel")) != form.event(token, values(rhythm="jig"))
    assert form.event(token, values(rhythm="reel", key="D")) != form.event(token, values(rhythm="reel\0key=D"))


@pytest.mark.parametrize("token", [None, "", "short", "x" * 65, "'; drop table tunes; --", 7])
def test_a_token_that_is_none_of_ours_never_joins_two_requests(token: object) -> None:
    assert form.event(token, values()) != form.event(token, values())


def test_a_request_fills_the_form_that_makes_it_again() -> None:
    request = form.wish(values(rhythm="slip jig", key="e minor", temperature="0.7", opening="|:EAAB|", title="Mine", seed="3"))
    again = form.wish(form.filled(request) | {"seed": "3"})
    assert again == request


def test_a_request_with_a_mode_fills_the_form_that_makes_it_again() -> None:
    opening = "M:6/8\nK:D\n|:" + "DFA dfa|" * 7 + "d6:|"
    for mode in OPENING_MODES:
        request = form.wish(values(opening=opening, mode=mode, strength=1, structure="free"))
        assert request.mode == mode
        assert form.wish(form.filled(request) | {"seed": str(request.seed)}) == request


def test_the_example_is_a_wish_that_can_be_met() -> None:
    request = form.wish(values(**EXAMPLE))
    assert (request.rhythm, request.key, request.opening) == ("reel", "Ador", EXAMPLE["opening"])
