"""`/tune`: from the command to the message."""

from __future__ import annotations

from typing import Any

import pytest
from discord import AppCommandOptionType

from bot.discord.core import limits
from generator.composer.composer import CANDIDATES
from generator.request import PARAMETERS
from storage import Status
from tests.bot.discord.conftest import ABC, FILES, Stage, silent_database
from tests.loopback.discord import DIRECT, FIDDLER, PIPER
from tests.loopback.discord_server import REPLY
from tests.patience import HANG_S


async def test_the_command_results_in_a_message_with_three_files(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune", rhythm="reel", key="Ador", metre="4/4", temperature=0.8, seed=7)
    tune = await stage.accepted(asked)
    assert (tune.request.rhythm, tune.request.key, tune.request.metre) == ("reel", "Ador", "4/4")
    assert (tune.request.temperature, tune.request.seed) == (0.8, 7)
    assert (tune.origin.user_id, tune.origin.channel_id, tune.origin.community_id) == (FIDDLER.id, "300", "200")
    await stage.compose(tune.id)
    [message] = await discord.posted()
    assert await stage.delivered(tune.id) == message["id"]
    assert message["type"] == 0
    assert [file["filename"] for file in message["attachments"]] == ["the-loopback.abc", "the-loopback.mp3", "the-loopback.png"]
    assert discord.file(message, ".abc") == ABC.encode()
    assert discord.file(message, ".mp3") == FILES["tune.mp3"][1]
    assert message["attachments"][2]["description"] == "Sheet music of The Loopback"
    assert message["content"].startswith("**The Loopback**\n```\nX:1\n")
    assert "reel · A dorian · 4/4 · temperature 0.8 · seed 7 · test lstm · for <@400>" in message["content"]
    assert {"Again", "♥ 0", "Delete"} <= discord.buttons(message).keys()
    assert discord.card(asked) is None
    [post] = [sent.data for sent in discord.sent if sent.call == "POST /channels/300/messages"]
    assert (post["nonce"], post["enforce_nonce"]) == (f"{tune.id}+", True)
    discord.assert_no_pings()


async def test_the_card_shows_the_queue_then_the_bars(stage: Stage) -> None:
    discord = stage.discord
    first = await stage.accepted(await discord.slash("tune"))
    asked = await discord.slash("tune", person=PIPER)
    tune = await stage.accepted(asked)
    await discord.until(lambda: "Number 2" in (discord.card(asked) or {})["content"])
    await stage.storage.start(first.id)
    await discord.until(lambda: "Next" in (discord.card(asked) or {})["content"])
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await discord.until(lambda: "5 bars" in (discord.card(asked) or {})["content"])


async def test_progress_is_shown_at_intervals_and_not_after_the_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CARD_EDIT_INTERVAL_S", 10 * HANG_S)
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    await discord.until(lambda: "Next" in (discord.card(asked) or {})["content"])
    await stage.storage.start(tune.id)
    for bar in range(1, 60):
        await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=bar)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    await stage.stop_bot()
    card_calls = [call.partition(" ")[0] for call in discord.calls if f"/messages/{asked.original}" in call]
    assert card_calls == ["PATCH", "DELETE"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"key": "H major"}, "“H major” is not a key"),
        ({"key": "Dm7"}, "“Dm7” is not a key"),
        ({"key": "C locrian"}, "not in C locrian"),
        ({"metre": "7"}, "is not a metre"),
        ({"rhythm": "reel", "metre": "6/8"}, "A reel is not written in 6/8"),
        ({"opening": "x" * 4_001}, "at most 4,000"),
        ({"opening": "M:4/4 L:1/8 K:D ABcd efga bb|ABcd efga|"}, "Bar 1 of the opening is too long"),
        ({"opening": "please write me a nice tune"}, "“please write me a nice tune” is not ABC"),
        ({"opening": "K:D ABcd|", "key": "G"}, "but you asked for G major"),
        ({"temperature": 9.0}, "from 0.1"),
        ({"tempo": 9.0}, "from 0.5"),
        ({"mode": "second part"}, "no first part to compose a second one for"),
        ({"opening": "K:D\nABcd efga|", "mode": "second part"}, "this one is shorter"),
        ({"opening": "K:D\nABcd efga", "mode": "play"}, "no bar lines"),
    ],
)
async def test_an_invalid_request_is_refused_privately(stage: Stage, options: dict[str, Any], told: str) -> None:
    asked = await stage.discord.slash("tune", **options)
    assert told in await stage.discord.private_text(asked)
    assert stage.discord.messages_in() == []
    assert await stage.storage.undelivered("discord") == []
    stage.discord.assert_no_pings()


async def test_one_unfinished_tune_too_many_is_refused_privately(stage: Stage) -> None:
    discord = stage.discord
    for _ in range(3):
        await stage.accepted(await discord.slash("tune"))
    asked = await discord.slash("tune")
    assert "3 unfinished tunes" in await discord.private_text(asked)
    assert asked.callback == REPLY
    assert len(await stage.storage.undelivered("discord")) == 3


async def test_a_failed_tune_says_so_on_its_card(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    await stage.storage.start(tune.id)
    await stage.storage.fail(tune.id, "The opening leaves no room for a tune; hand in fewer bars.")
    await discord.until(lambda: "fewer bars" in (discord.card(asked) or {})["content"])
    assert await stage.delivered(tune.id) == asked.original
    discord.assert_no_pings()


@pytest.mark.parametrize(
    "command", ["tune", "set", "session", "gallery", "top", "mine", "tunebook", "defaults", "privacy", "help"]
)
async def test_a_command_is_answered_while_the_database_is_silent(
    stage: Stage, url: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    async with silent_database(url, monkeypatch):
        await stage.discord.answered(await stage.discord.slash(command))


async def test_an_opening_typed_as_an_option_has_line_breaks_again(stage: Stage) -> None:
    asked = await stage.discord.slash("tune", opening="X:1 T:Mine M:6/8 L:1/8 K:E dorian EFG ABc|BAG FED:|")
    tune = await stage.accepted(asked)
    assert tune.request.opening == "X:1\nT:Mine\nM:6/8\nL:1/8\nK:E dorian\nEFG ABc|BAG FED:|"


async def test_instrument_and_backing_can_be_chosen(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", instrument="harp", backing=False))
    assert (tune.request.instrument, tune.request.backing) == ("harp", False)


async def test_the_mode_of_the_opening_can_be_chosen_and_is_shown(stage: Stage) -> None:
    asked = await stage.discord.slash("tune", opening=ABC, mode="vary", strength=3, structure="free", seed=7)
    tune = await stage.accepted(asked)
    assert (tune.request.mode, tune.request.strength, tune.request.structure) == ("vary", 3, "free")
    await stage.compose(tune.id)
    [message] = await stage.discord.posted()
    assert "4/4 · variation, strength 3 · free structure · temperature 1 · seed 7" in message["content"]


async def test_keys_are_offered_as_they_are_typed(stage: Stage) -> None:
    discord = stage.discord
    untouched = await discord.autocomplete("tune", "key", "")
    assert len(untouched) == 25
    assert {"name": "A dorian", "value": "Ador"} in untouched
    assert [choice["name"] for choice in await discord.autocomplete("tune", "key", "a d")] == ["A dorian"]
    assert {choice["value"] for choice in await discord.autocomplete("tune", "key", "mixo")} >= {"Amix", "Dmix", "Gmix"}
    assert (await discord.autocomplete("tune", "key", "c#m"))[0] == {"name": "C# minor", "value": "C#m"}
    assert await discord.autocomplete("tune", "key", "zzz") == []


async def test_metres_of_the_chosen_rhythm_are_offered(stage: Stage) -> None:
    discord = stage.discord
    assert [choice["value"] for choice in await discord.autocomplete("tune", "metre", "", rhythm="jig")] == ["6/8", "12/8"]
    assert [choice["value"] for choice in await discord.autocomplete("tune", "metre", "9")] == ["9/8"]


async def test_the_command_is_there_for_servers_and_people_and_everywhere(stage: Stage) -> None:
    command = stage.discord.commands["tune"]
    assert command["integration_types"] == [0, 1]
    assert command["contexts"] == [0, 1, 2]
    options = {option["name"]: option for option in command["options"]}
    assert list(options) == [*PARAMETERS, "count"], "the options must be in the order of TuneRequest"
    assert not any(option.get("required") for option in options.values())
    assert f"(default: {CANDIDATES})" in options["candidates"]["description"]


async def test_the_command_has_an_option_for_each_parameter_as_it_is_declared(stage: Stage) -> None:
    options = {option["name"]: option for option in stage.discord.commands["tune"]["options"]}
    types = {str: AppCommandOptionType.string, tuple: AppCommandOptionType.string, int: AppCommandOptionType.integer,
             float: AppCommandOptionType.number, bool: AppCommandOptionType.boolean}  # fmt: skip
    for name, parameter in PARAMETERS.items():
        option = options[name]
        assert option["description"] == parameter.help
        assert option["type"] == types[parameter.kind].value
        if parameter.kind is bool:
            continue
        assert [choice["value"] for choice in option.get("choices", [])] == list(parameter.choices)
        if not parameter.choices:
            assert (option.get("min_value"), option.get("max_value")) == (parameter.least, parameter.most)
            most = parameter.max_characters if parameter.kind in (str, tuple) else None
            assert option.get("max_length") == most


async def test_in_direct_messages_the_tune_is_an_ordinary_message_too(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune", channel=DIRECT))
    assert tune.origin.community_id == ""
    await stage.compose(tune.id)
    [message] = await stage.discord.posted(DIRECT)
    assert message["type"] == 0


async def test_a_broken_gateway_connection_is_resumed_without_losing_the_tune(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    await discord.drop()
    missed = await discord.slash("tune")  # while the connection is down
    await stage.accepted(missed)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(discord.tunes()) == 1
    assert 6 in discord.gateway.opcodes
