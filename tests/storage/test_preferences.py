"""The defaults of users and the settings of servers."""

import asyncio
from typing import Any

import pytest

from generator.request import RequestError, TuneRequest
from storage import PUBLIC, CommunitySettings, Defaults, Storage, Viewer
from tests.storage.examples import execute

ANN = Viewer("discord", "ann", "guild")
BEN = Viewer("discord", "ben", "guild")


async def test_preferences_are_empty_until_they_are_set(storage: Storage) -> None:
    for viewer in (ANN, PUBLIC):
        assert await storage.preferences.defaults(viewer) == Defaults()
        assert await storage.preferences.community(viewer) == CommunitySettings()


async def test_defaults_are_stored_in_the_normal_form_of_a_request(storage: Storage) -> None:
    typed = {"rhythm": "Slip-Jigs", "key": "a dorian", "temperature": 1, "structure": "FREE", "candidates": 4}
    others = {"tempo": 1, "model": "My Airs", "times": 2}
    stored = await storage.preferences.change_defaults(ANN, **typed, **others, instrument="Flute", backing=False)
    normal: dict[str, Any] = {
        "rhythm": "slip jig",
        "key": "Ador",
        "temperature": 1.0,
        "tempo": 1.0,
        "structure": "free",
        "candidates": 4,
    }
    assert stored == Defaults(**normal, instrument="flute", backing=False, times=2, model="my-airs")
    assert await storage.preferences.defaults(ANN) == stored
    assert await storage.preferences.defaults(Viewer("discord", "ann", "elsewhere")) == stored
    assert await storage.preferences.defaults(BEN) == await storage.preferences.defaults(Viewer("web", "ann")) == Defaults()


async def test_changing_defaults_keeps_other_fields_and_removes_empty_ones(storage: Storage) -> None:
    await storage.preferences.change_defaults(ANN, rhythm="jig", instrument="harp", backing=True)
    assert await storage.preferences.change_defaults(ANN, rhythm=None, instrument="", key="D") == Defaults(key="D", backing=True)
    assert await storage.preferences.change_defaults(ANN) == Defaults(key="D", backing=True)
    await storage.preferences.delete_defaults(ANN)
    assert await storage.preferences.defaults(ANN) == Defaults()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rhythm", "tango"),
        ("rhythm", 5),
        ("key", "H"),
        ("key", "D\0\0 ^g"),
        ("temperature", 3),
        ("temperature", float("nan")),
        ("temperature", True),
        ("tempo", 9),
        ("model", 5),
        ("structure", "sonata"),
        ("candidates", 0),
        ("candidates", 2.5),
        ("instrument", "kazoo"),
        ("instrument", ["harp"]),
        ("backing", "yes"),
        ("opening", "X:1"),
        ("seed", 1),
        ("no such field", 1),
    ],
)
async def test_an_invalid_default_raises_a_request_error_with_a_message(storage: Storage, name: str, value: Any) -> None:
    await storage.preferences.change_defaults(ANN, rhythm="jig")
    with pytest.raises(RequestError) as error:
        await storage.preferences.change_defaults(ANN, **({"structure": "free"} | {name: value}))
    assert str(error.value).endswith((".", "?"))
    assert await storage.preferences.defaults(ANN) == Defaults(rhythm="jig")


async def test_stored_values_that_are_unknown_or_invalid_are_ignored(storage: Storage, url: str) -> None:
    await storage.preferences.change_defaults(ANN, rhythm="jig", instrument="harp")
    execute(url, """UPDATE defaults SET document = document || '{"rhythm": "tango", "backing": "loud", "colour": "green"}'""")
    assert await storage.preferences.defaults(ANN) == Defaults(instrument="harp")
    await storage.preferences.change_community(ANN, cooldown_s=9)
    execute(url, """UPDATE community_settings SET document = document || '{"deleters": 5, "channels": [1], "colour": "green"}'""")
    assert await storage.preferences.community(ANN) == CommunitySettings(cooldown_s=9)


def test_typed_parameters_override_defaults() -> None:
    defaults = Defaults(rhythm="jig", key="G", temperature=0.8, backing=False, instrument="harp")
    filled = defaults.filled_into({"rhythm": "reel", "key": None, "instrument": "", "title": "Mine", "backing": True, "seed": 0})
    assert filled == {
        "rhythm": "reel", "key": "G", "temperature": 0.8, "backing": True, "instrument": "harp", "title": "Mine", "seed": 0,
    }  # fmt: skip
    assert TuneRequest.check(**filled).rhythm == "reel"
    server = Defaults(instrument="fiddle", structure="free")
    assert server.filled_into(defaults.filled_into({}))["instrument"] == "harp"
    assert server.filled_into(Defaults().filled_into({})) == {"instrument": "fiddle", "structure": "free"}


def test_defaults_that_contradict_an_opening_or_a_metre_are_not_used() -> None:
    defaults = Defaults(rhythm="jig", key="Ador", instrument="harp")
    opened = defaults.filled_into({"opening": "M:4/4\nK:D\nDFAF|"})
    assert opened == {"opening": "M:4/4\nK:D\nDFAF|", "instrument": "harp"}
    assert TuneRequest.check(**opened).rhythm is None
    assert TuneRequest.check(**defaults.filled_into({"metre": "4/4"})).key == "Ador"


async def test_settings_apply_to_one_server(storage: Storage) -> None:
    expected = CommunitySettings(("123", "C0ABC"), 30, 3, "everyone", "banjo", "456")
    changes = {"channels": ["123", "C0ABC", "123"], "cooldown_s": 30, "open_requests": 3, "deleters": "everyone"}
    assert await storage.preferences.change_community(ANN, **changes, instrument="Banjo", sharing_channel="456") == expected
    assert await storage.preferences.community(BEN) == expected
    for other in (Viewer("discord", "ann"), Viewer("discord", "ann", "elsewhere"), Viewer("slack", "ann", "guild")):
        assert await storage.preferences.community(other) == CommunitySettings()
    remaining = await storage.preferences.change_community(ANN, channels=None, open_requests=None, sharing_channel="")
    assert remaining == CommunitySettings((), 30, None, "everyone", "banjo", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channels", "123"),
        ("channels", ["12\0"]),
        ("channels", [1]),
        ("channels", ["1"] * 101),
        ("cooldown_s", -1),
        ("cooldown_s", 86_401),
        ("cooldown_s", 1.5),
        ("cooldown_s", True),
        ("open_requests", 0),
        ("open_requests", 101),
        ("open_requests", "3"),
        ("deleters", "nobody"),
        ("deleters", ["owner"]),
        ("instrument", "kazoo"),
        ("instrument", 5),
        ("sharing_channel", "a b"),
        ("sharing_channel", 5),
        ("colour", "green"),
    ],
)
async def test_an_invalid_setting_raises_a_request_error_with_a_message(storage: Storage, name: str, value: Any) -> None:
    with pytest.raises(RequestError) as error:
        await storage.preferences.change_community(ANN, **{name: value})
    assert str(error.value).endswith((".", "?"))
    assert await storage.preferences.community(ANN) == CommunitySettings()


async def test_simultaneous_changes_of_different_settings_are_all_stored(storage: Storage) -> None:
    changes: list[dict[str, Any]] = [
        {"channels": ["1"]},
        {"cooldown_s": 5},
        {"open_requests": 2},
        {"deleters": "owner"},
        {"instrument": "harp"},
        {"sharing_channel": "2"},
    ]
    await asyncio.gather(*(storage.preferences.change_community(ANN, **change) for change in changes))
    assert await storage.preferences.community(ANN) == CommunitySettings(("1",), 5, 2, "owner", "harp", "2")


async def test_defaults_need_a_known_user_and_settings_a_server(storage: Storage, url: str) -> None:
    for viewer in (PUBLIC, Viewer("discord", "", "guild"), Viewer("", "ann")):
        with pytest.raises(ValueError, match="don't know who you are"):
            await storage.preferences.change_defaults(viewer, rhythm="jig")
    for viewer in (PUBLIC, Viewer("discord", "ann"), Viewer("", "ann", "guild")):
        with pytest.raises(ValueError, match="belong to a server"):
            await storage.preferences.change_community(viewer, cooldown_s=1)
    assert execute(url, "SELECT 1 FROM defaults UNION SELECT 1 FROM community_settings") == []
