"""Input of the compose form and of JSON."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.web import form
from bot.web.asked import MOODS, Asked
from bot.web.compose import TEXTS
from bot.web.fields import KEY_CHIPS
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


def test_every_example_and_chip_is_a_valid_request() -> None:
    for text in TEXTS:
        asked = Asked.read(text)
        assert not asked.is_unclear and asked.chips and not asked.unknown
        TuneRequest.check(**asked.filled_into(values()))
    for mood in MOODS:
        assert Asked.read("", mood).parameters.keys() <= {"tempo", "temperature"}, mood
        assert Asked.read(f"a {mood} reel").typed_mood == mood
    for key in KEY_CHIPS:
        assert (request_from(values(key=key)).key or "") == key


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a slow jig in G minor", {"rhythm": "jig", "key": "G minor", "tempo": 0.75}),
        ("ríl sa ghléas D mór", {"rhythm": "reel", "key": "D major"}),
        ("eine schnelle Polka in h-Moll", {"rhythm": "polka", "key": "B minor", "tempo": 1.2}),
        ("une valse en sol majeur", {"rhythm": "waltz", "key": "G major"}),
        ("un vals en re menor", {"rhythm": "waltz", "key": "D minor"}),
        ("|:EAAB c2Bc|dBAB G2EG|", {"opening": "|:EAAB c2Bc|dBAB G2EG|"}),
        ("a reel from this:\n|:EAAB c2Bc|", {"rhythm": "reel", "opening": "|:EAAB c2Bc|"}),
    ],
)
def test_the_text_is_read_as_chat_reads_it(text: str, found: dict[str, object]) -> None:
    assert Asked.read(text).parameters == found


def test_a_field_counts_before_the_text_and_what_is_ignored_does_not_count() -> None:
    asked = Asked.read("a slow jig in G minor without backing", ignored={"key"})
    assert [(chip.label, chip.ignored) for chip in asked.chips] == [
        ("jig", False), ("in G minor", True), ("without backing", False), ("slow", False),
    ]  # fmt: skip
    filled = asked.filled_into(values(rhythm="reel", tempo="1", backing="with"))
    assert (filled["rhythm"], filled["key"], filled["tempo"], filled["backing"]) == ("reel", None, 0.75, False)
    assert Asked.read("a slow jig", mood="fast").filled_into(values())["tempo"] == 1.2


def test_words_that_ask_for_nothing_are_unclear_and_others_are_named() -> None:
    assert Asked.read("hello there").is_unclear
    assert not Asked.read("").is_unclear and not Asked.read("surprise me").is_unclear
    assert Asked.read("a jig for my grandma").unknown == "grandma"


def test_the_number_of_tunes_is_read() -> None:
    asked = Asked.read("3 polkas")
    assert asked.count == 3 and asked.chips[0].label == "3 tunes"
    assert Asked.read("3 polkas", ignored={"count"}).count == 1
    with pytest.raises(RequestError):
        _ = Asked.read("30 polkas").count


def test_a_long_collection_gives_its_first_tune_and_a_long_tune_is_refused() -> None:
    tune = "X:{}\nT:One\nK:D\n" + "DEFG ABcd|" * 20
    asked = Asked.read("\n\n".join(tune.format(number) for number in range(1, 60)))
    assert TuneRequest.check(**asked.filled_into(values())).opening.count("X:") <= 2
    errors = TuneRequest.errors(**Asked.read("K:D\n" + "DEFG ABcd|" * 500).filled_into(values()))
    assert [error.field for error in errors] == ["opening"]


def test_another_key_replaces_the_chip_and_the_last_value_of_a_switch_counts() -> None:
    assert values(key="D", other_key=" F#m ")["key"] == "F#m"
    assert values(key="D", other_key="  ")["key"] == "D"
    assert form.names(["key", "count", "nonsense", 7]) == {"key", "count"}
