"""Requests that people type as one text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.caller import Caller
from bot.core.desk import Desk
from bot.core.typed_request import requests_of, typed_request
from generator.request import PARAMETERS, RequestError
from storage import Storage
from tests.bot.core.conftest import ANN

LINE = "|:EAAB c2Bc|dBAB G2EG|"


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("a slow jig in G minor, seed 7", {"rhythm": "jig", "key": "G minor", "seed": 7, "tempo": 0.75}),
        (f"reel Ador opening:{LINE}", {"rhythm": "reel", "key": "A dorian", "opening": LINE}),
        (f"reel\n{LINE}", {"rhythm": "reel", "opening": LINE}),
        (f"vary {LINE}", {"mode": "vary", "opening": LINE}),
        (f"mode:second part opening:{LINE} tempo:0,8", {"mode": "second part", "opening": LINE, "tempo": "0,8"}),
        (f"opening:`{LINE}` jig", {"rhythm": "jig", "opening": LINE}),
        ("opening:X:1 M:6/8 K:D ABc|def|", {"opening": "X:1\nM:6/8\nK:D\nABc|def|"}),
        ("rhythm:slip jig in G, seed:7, please", {"rhythm": "slip jig", "key": "G", "seed": "7"}),
        ("key: G minor jig", {"rhythm": "jig", "key": "G minor"}),
        ('title:"key: to the door" reel', {"rhythm": "reel", "title": "key: to the door"}),
        ("title:The old bush, key:D", {"title": "The old bush", "key": "D"}),
        ("without:triplets, rests key:D", {"without": "triplets,rests", "key": "D"}),
        ("Tonart:Ador Instrument:Geige ohne:Triolen", {"key": "Ador", "instrument": "fiddle", "without": "triplets"}),
        ("rhythm:Walzer", {"rhythm": "waltz"}),
        ("backing:no reel", {"backing": False, "rhythm": "reel"}),
        ("MODEL:aird-1 reel", {"model": "aird-1", "rhythm": "reel"}),
        ("jig rhythm:reel", {"rhythm": "reel"}),
        ("play me a reel", {"rhythm": "reel"}),
        ("rhythm:tango", {"rhythm": "tango"}),
        ("surprise me", {}),
        ("please write me a nice tune", {}),
        ("another one", {}),
    ],
)
def test_words_abc_and_options_are_read_together(text: str, parameters: dict[str, Any]) -> None:
    found = typed_request(text)
    assert found.parameters == parameters
    assert found.is_request
    assert not found.count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("3 polkas", "3"),
        ("count:2 polkas", "2"),
        ("polkas count:many", "many"),
        ("6/8", ""),
        ("Ten reels", "10"),
        ("drei Polkas", "3"),
        ("deux gigues", "2"),
        ("cuatro valses", "4"),
        ("trí phort", "3"),
        ("two", ""),
    ],
)
def test_a_number_of_tunes_is_read(text: str, count: str) -> None:
    assert typed_request(text).count == count


def test_every_parameter_can_be_typed() -> None:
    others = {"metre": "6/8", "key": "D", "model": "aird-1", "without": "ties"}
    for name, parameter in PARAMETERS.items():
        value = str(parameter.choices[-1]) if parameter.choices else others.get(name, "1")
        assert str(typed_request(f"{name}:{value}").parameters[name]) == value


@pytest.mark.parametrize("text", ["", "tango", "?", "what a day"])
def test_other_text_is_no_request(text: str) -> None:
    assert not typed_request(text).is_request


@given(st.lists(st.sampled_from([*'ab:|"“`\n ,1', "key:", "opening:", "title:", "ohne:", "count:"]), max_size=40))
def test_any_text_is_read(parts: list[str]) -> None:
    assert typed_request("".join(parts)).parameters.keys() <= PARAMETERS.keys()


@pytest.fixture
async def caller(storage: Storage) -> Caller:
    return await Caller.load(storage, Desk(storage, open_requests_per_person=3), ANN, locale="en", lookup_s=60)


async def test_several_tunes_differ_in_their_seed(caller: Caller) -> None:
    requests = await requests_of(typed_request("3 polkas seed:7"), caller)
    assert [(request.rhythm, request.seed) for request in requests] == [("polka", 7), ("polka", 8), ("polka", 9)]


async def test_a_tune_is_played_in_another_key_of_the_same_mode(caller: Caller) -> None:
    [request] = await requests_of(typed_request("mode:play key:E opening:K:Ador EAAB c2Bc|dBAB G2EG|"), caller)
    assert request.key == "Edor"


@pytest.mark.parametrize(
    ("text", "field"), [("count:5 reel", "count"), ("count:many", "count"), ("rhythm:tango", "rhythm"), ("mode:vary", "opening")]
)
async def test_what_is_wrong_is_told_with_its_field(caller: Caller, text: str, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        await requests_of(typed_request(text), caller)
    assert refused.value.field == field
