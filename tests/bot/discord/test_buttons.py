"""The buttons under a tune that ask for another one, also under messages of an earlier process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.discord.features import PERSISTENT_ITEMS
from storage import Viewer
from tests.bot.discord.conftest import ABC, Stage, silent_database
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, HERMIT, PIPER, PRIVATE, TUNES, Channel, Payload

ROWS = [
    ["Again", "Vary a little", "Vary", "Vary a lot", "Continue"],
    ["B part", "Change…", "Instrument", "More files"],
    ["♥ 0", "Share", "Delete"],
]


def rows(message: Payload) -> list[list[str]]:
    return [[button.get("label", "") for button in row["components"]] for row in message["components"]]


async def test_a_tune_has_three_rows_of_buttons(stage: Stage) -> None:
    _, message = await stage.posted()
    assert rows(message) == ROWS


async def test_a_tune_that_was_played_as_it_stands_has_no_again(stage: Stage) -> None:
    _, message = await stage.posted(command="render", abc="K:D ABcd|efga|")
    assert rows(message) == [ROWS[0][1:], *ROWS[1:]]


async def test_again_is_the_same_wish_with_another_seed_after_a_restart(stage: Stage) -> None:
    _, message = await stage.posted(rhythm="reel", seed=7, temperature=0.8, title="My own")
    await stage.restart()
    pressed = await stage.discord.click(message, "Again", person=FIDDLER)
    tune = await stage.accepted(pressed)
    assert (tune.request.rhythm, tune.request.temperature, tune.request.title) == ("reel", 0.8, "My own")
    assert tune.request.seed != 7
    assert (tune.origin.user_id, tune.parent_id) == (FIDDLER.id, None)
    await stage.compose(tune.id, title="The Second")
    await stage.delivered(tune.id)
    assert [m["content"].split("\n")[0] for m in stage.discord.tunes()] == ["**The Loopback**", "**The Second**"]
    assert stage.discord.card(pressed) is None


@pytest.mark.parametrize(
    ("button", "mode", "strength"),
    [
        ("Vary a little", "vary", 1),
        ("Vary", "vary", 2),
        ("Vary a lot", "vary", 3),
        ("Continue", "continue", 2),
        ("B part", "second part", 2),
    ],
)
async def test_what_starts_from_the_tune_names_it_after_a_restart(stage: Stage, button: str, mode: str, strength: int) -> None:
    first, message = await stage.posted(title="My own")
    await stage.restart()
    tune = await stage.accepted(await stage.discord.click(message, button))
    assert tune.parent_id == first
    assert (tune.request.opening, tune.request.mode, tune.request.strength) == (ABC.strip(), mode, strength)
    assert (tune.request.rhythm, tune.request.key, tune.request.metre, tune.request.title) == ("reel", "Ador", "4/4", "")
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert f"based on https://discord.com/channels/200/300/{message['id']}" in stage.discord.tunes()[1]["content"]
    stage.discord.assert_no_pings()


async def test_the_buttons_of_an_earlier_version_still_work(stage: Stage) -> None:
    first, message = await stage.posted()
    old = [{"type": 2, "style": 2, "label": label, "custom_id": f"tune:{label.lower()}:{first}"} for label in ("Again", "Vary")]
    message["components"] = [{"type": 1, "components": old}]
    assert (await stage.accepted(await stage.discord.click(message, "Again"))).parent_id is None
    assert (await stage.accepted(await stage.discord.click(message, "Vary"))).request.strength == 2


async def test_what_cannot_be_made_of_a_tune_is_said_to_the_person_alone(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune"))
    await stage.compose(tune.id, abc="X:1\nT:Short\nM:4/4\nL:1/8\nK:D\nABcd efga|]\n", key="D", rhythm="")
    message = stage.discord.messages[await stage.delivered(tune.id)]
    pressed = await stage.discord.click(message, "Vary")
    assert "nothing to vary" in await stage.discord.private_text(pressed)
    assert stage.discord.messages_in() == [message]


@pytest.mark.parametrize("channel", [DIRECT, ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_in_direct_messages_and_on_a_card_others_may_ask_on(stage: Stage, channel: Channel) -> None:
    first, message = await stage.posted(channel=channel, person=FIDDLER)
    assert rows(message) == ROWS
    await stage.restart()
    asked = await stage.discord.click(message, "Vary", person=FIDDLER if channel is DIRECT else HERMIT)
    tune = await stage.accepted(asked)
    assert tune.parent_id == first
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    _, second = stage.discord.tunes(channel)
    # Others read along in a private place, and a tune of somebody else's there is not theirs to see.
    assert ("based on" in second["content"]) is (channel is not PRIVATE)


async def test_every_button_of_a_tune_that_is_gone_says_so_to_the_person_alone(stage: Stage) -> None:
    first, message = await stage.posted()
    await stage.storage.sharing.delete(first, Viewer("discord", PIPER.id, TUNES.server))
    asked = [{"type": 2, "style": 2, "label": wish, "custom_id": f"tune:{wish}:{first}"} for wish in ("unshare", "erase")]
    message["components"].append({"type": 1, "components": asked})
    for custom_id in [item["custom_id"] for row in message["components"] for item in row["components"]]:
        pressed = await stage.discord.click(message, custom_id)
        assert "no longer have that tune" in await stage.discord.private_text(pressed), custom_id
    assert stage.discord.messages_in() == [message]


async def test_a_tune_of_another_place_is_not_to_be_had_by_its_button(stage: Stage) -> None:
    first, message = await stage.posted(channel=DIRECT, person=FIDDLER)
    for button in ("Again", "Continue", "More files", "Instrument", "Share", "Delete", "Change…"):
        elsewhere = {**message, "channel_id": TUNES.id, "id": "1"}
        pressed = await stage.discord.click(elsewhere, button, person=PIPER)
        assert "no longer have that tune" in await stage.discord.private_text(pressed), button
    assert await stage.storage.tune(first) is not None
    assert await stage.storage.undelivered("discord") == []


async def test_a_press_is_answered_where_the_database_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = await stage.posted()

    async def broken(*_: Any) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(stage.storage, "tune", broken)
    monkeypatch.setattr(stage.storage.sharing, "liked", broken)
    for button in rows(message):
        for label in button:
            pressed = await stage.discord.click(message, label)
            assert "couldn't take your request" in await stage.discord.private_text(pressed), label


async def test_a_press_is_answered_while_the_database_is_silent(stage: Stage, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = await stage.posted()
    async with silent_database(url, monkeypatch):
        for button in rows(message):
            for label in button:
                await stage.discord.answered(await stage.discord.click(message, label))


async def test_a_press_that_comes_twice_is_answered_once(stage: Stage) -> None:
    _, message = await stage.posted()
    for label in ("More files", "Share", "Delete"):
        pressed = await stage.discord.click(message, label)
        await stage.discord.private_message(pressed)
        seen = len(stage.discord.messages)
        await stage.discord.repeat(pressed)
        await asyncio.sleep(0.1)
        assert len(stage.discord.messages) == seen, label


def test_no_custom_id_is_taken_by_two_kinds_of_buttons() -> None:
    ask = ("again", "vary", "vary1", "vary3", "continue", "bpart", "change", "rechange", "instrument", "play")
    for wish in (*ask, "files", "like", "share", "unshare", "delete", "erase"):
        taken = [kind for kind in PERSISTENT_ITEMS if kind.__discord_ui_compiled_template__.fullmatch(f"tune:{wish}:{'0' * 12}")]
        assert len(taken) == 1, wish
