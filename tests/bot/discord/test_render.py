"""`/render`: from typed ABC or a file to the message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.discord.core import limits
from tests.bot.discord.conftest import ABC, Stage
from tests.loopback.discord import ELSEWHERE, FIDDLER, PRIVATE, Channel, Upload
from tests.patience import HANG_S

FILE = Upload("tune.abc", ABC.encode())


async def test_a_tune_is_transposed_to_the_requested_key(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("render", abc="K:D |:ABcd efga|bagf e4:|", key="g"))
    assert (tune.request.mode, tune.request.key) == ("play", "G")
    said = await stage.discord.private_text(await stage.discord.slash("render", abc="K:D |:ABcd efga|", key="Em"))
    assert said == "The opening is in D major, but you asked for E minor. Leave out one of the two."
    assert {"name": "A dorian", "value": "Ador"} in await stage.discord.autocomplete("render", "key", "a d")


@pytest.mark.parametrize(
    ("own", "typed", "key"), [("Ador", "G", "Gdor"), ("Ador", "G dorian", "Gdor"), ("Em", "g#", "G#m"), ("Am", "Dm", "Dm")]
)
async def test_a_tonic_alone_takes_the_mode_of_the_tune_as_in_a_reply(stage: Stage, own: str, typed: str, key: str) -> None:
    """The reply “in G” to the tune requests the same key."""
    asked = await stage.discord.slash("render", abc=f"K:{own}\n|:ABcd efga|bagf e4:|", key=typed)
    assert (await stage.accepted(asked)).request.key == key


async def test_typed_abc_is_played_as_written(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("render", abc="T:Mine K:D |:ABcd efga|bagf e4:|", instrument="flute", backing=False, times=2)
    tune = await stage.accepted(asked)
    assert (tune.request.mode, tune.request.opening) == ("play", "T:Mine\nK:D\n|:ABcd efga|bagf e4:|")
    assert (tune.request.instrument, tune.request.backing, tune.request.times) == ("flute", False, 2)
    assert tune.origin.user_id == FIDDLER.id
    await stage.storage.start(tune.id)
    await discord.until(lambda: "Engraving and playing" in (discord.card(asked) or {})["content"])
    await stage.compose(tune.id)
    [message] = await discord.posted()
    assert await stage.delivered(tune.id) == message["id"]
    assert "played as written · for <@400>" in message["content"]
    assert discord.card(asked) is None
    discord.assert_no_pings()


@pytest.mark.parametrize(
    "file",
    [
        FILE,
        Upload("../../@everyone <@400>`.ABC", ABC.encode()),
        Upload("tune", ABC.replace("\n", "\r\n").encode("utf-8-sig")),
    ],
    ids=["plain", "hostile name", "windows"],
)
async def test_a_file_with_any_name_is_played(stage: Stage, file: Upload) -> None:
    asked = await stage.discord.slash("render", file=file)
    tune = await stage.accepted(asked)
    assert (tune.request.mode, tune.request.opening) == ("play", ABC.strip())
    await stage.compose(tune.id)
    [message] = await stage.discord.posted()
    assert message["attachments"][0]["filename"] == "the-loopback.abc"
    stage.discord.assert_no_pings()


async def test_a_file_in_windows_1252_keeps_its_title(stage: Stage) -> None:
    content = ABC.replace("The Loopback", "Seán Ó Duibhir").encode("latin-1")
    tune = await stage.accepted(await stage.discord.slash("render", file=Upload("sean.abc", content)))
    assert "T:Seán Ó Duibhir" in tune.request.opening


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "no tune to play"),
        ({"file": Upload("empty.abc", b"  \n")}, "no tune to play"),
        ({"abc": "K:D |:ABcd|efga:|", "file": FILE}, "Either type its ABC or attach a file"),
        ({"abc": "Hello there"}, "“Hello there” is not ABC"),
        ({"abc": "a bad cab"}, "This has no bar lines"),
        ({"file": Upload("tune.mp3", b"ID3\x04\x00\x00\x00")}, "can't read this file as text"),
        ({"file": Upload("tune.abc", b"%" * (64 * 1024 + 1))}, "at most 64 kB"),
        ({"file": Upload("tune.abc", b"K:D\n" + 500 * b"ABcd efga|")}, "5,004 characters; I read at most 4,000"),
        ({"file": Upload("tune.abc", b"X:1\nK:nonsense\nABcd|\n")}, "nonsense"),
    ],
)
async def test_abc_that_cannot_be_played_is_refused_privately(stage: Stage, options: dict[str, Any], told: str) -> None:
    asked = await stage.discord.slash("render", **options)
    assert told in await stage.discord.private_text(asked)
    assert stage.discord.messages_in() == []
    assert await stage.storage.undelivered("discord") == []
    stage.discord.assert_no_pings()


async def test_a_file_that_is_too_large_is_not_downloaded(stage: Stage) -> None:
    asked = await stage.discord.slash("render", file=Upload("tune.abc", bytes(64 * 1024 + 1)))
    await stage.discord.private_text(asked)
    assert not any("/cdn/" in call for call in stage.discord.calls)


@pytest.mark.parametrize("mood", ["gone", "slow"])
async def test_a_download_that_takes_too_long_is_refused(stage: Stage, mood: str, monkeypatch: pytest.MonkeyPatch) -> None:
    discord, go_on = stage.discord, asyncio.Event()
    if mood == "gone":
        discord.refuse("GET /cdn/", 404)
    else:
        go_on = discord.hold("GET /cdn/")
    with monkeypatch.context() as hurry:
        hurry.setattr(limits, "DOWNLOAD_S", 0.05 if mood == "slow" else HANG_S)
        asked = await discord.slash("render", file=FILE)
        assert "couldn't download this file" in await discord.private_text(asked)
    go_on.set()
    await stage.accepted(await discord.slash("render", file=FILE))


@pytest.mark.parametrize("channel", [ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_if_the_bot_is_user_installed_the_tune_is_on_the_card(stage: Stage, channel: Channel) -> None:
    asked = await stage.discord.slash("render", channel=channel, file=FILE)
    tune = await stage.accepted(asked)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original


async def test_a_tune_sent_before_a_restart_is_posted_once_after_it(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("render", file=FILE)
    tune = await stage.accepted(asked)
    await stage.stop_bot()
    await stage.compose(tune.id)
    await stage.start_bot()
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.tunes()] == [message]
    assert discord.card(asked) is None
    assert "Again" not in discord.buttons(discord.tunes()[0])


async def test_a_command_that_discord_sends_twice_is_one_tune(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("render", file=FILE)
    tune = await stage.accepted(asked)
    await stage.repeated(asked)
    assert [waiting.id for waiting in await stage.storage.undelivered("discord")] == [tune.id]


async def test_the_command_is_available_everywhere(stage: Stage) -> None:
    command = stage.discord.commands["render"]
    assert (command["integration_types"], command["contexts"]) == ([0, 1], [0, 1, 2])
    assert [option["name"] for option in command["options"]] == ["abc", "file", "key", "instrument", "backing", "chords", "times"]
    assert not any(option.get("required") for option in command["options"])
