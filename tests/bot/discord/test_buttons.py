"""The buttons under a tune that request another one, also after a restart."""

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


async def test_a_tune_played_as_written_has_no_again_button(stage: Stage) -> None:
    _, message = await stage.posted(command="render", abc="K:D ABcd|efga|")
    assert rows(message) == [ROWS[0][1:], *ROWS[1:]]


async def test_again_repeats_the_request_with_a_new_seed_after_a_restart(stage: Stage) -> None:
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
async def test_a_derived_tune_names_its_parent_after_a_restart(stage: Stage, button: str, mode: str, strength: int) -> None:
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


async def test_buttons_of_an_earlier_process_still_work(stage: Stage) -> None:
    first, message = await stage.posted()
    old = [{"type": 2, "style": 2, "label": label, "custom_id": f"tune:{label.lower()}:{first}"} for label in ("Again", "Vary")]
    message["components"] = [{"type": 1, "components": old}]
    assert (await stage.accepted(await stage.discord.click(message, "Again"))).parent_id is None
    assert (await stage.accepted(await stage.discord.click(message, "Vary"))).request.strength == 2


async def test_a_tune_that_cannot_be_derived_is_refused_privately(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune"))
    await stage.compose(tune.id, abc="X:1\nT:Short\nM:4/4\nL:1/8\nK:D\nABcd efga|]\n", key="D", rhythm="")
    message = stage.discord.messages[await stage.delivered(tune.id)]
    pressed = await stage.discord.click(message, "Vary")
    assert "nothing to vary" in await stage.discord.private_text(pressed)
    assert stage.discord.messages_in() == [message]


@pytest.mark.parametrize("channel", [DIRECT, ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_buttons_work_in_direct_messages_and_on_a_card(stage: Stage, channel: Channel) -> None:
    first, message = await stage.posted(channel=channel, person=FIDDLER)
    assert rows(message) == ROWS
    await stage.restart()
    asked = await stage.discord.click(message, "Vary", person=FIDDLER if channel is DIRECT else HERMIT)
    tune = await stage.accepted(asked)
    assert tune.parent_id == first
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    _, second = stage.discord.tunes(channel)
    # In a group chat others read the message, who may not see somebody else's tune.
    assert ("based on" in second["content"]) is (channel is not PRIVATE)


async def test_every_button_of_a_deleted_tune_says_so_privately(stage: Stage) -> None:
    first, message = await stage.posted()
    await stage.storage.sharing.delete(first, Viewer("discord", PIPER.id, TUNES.server))
    private = ("unshare", "confirm-delete")  # buttons of private answers
    row = [{"type": 2, "style": 2, "label": action, "custom_id": f"tune:{action}:{first}"} for action in private]
    message["components"].append({"type": 1, "components": row})
    for custom_id in [item["custom_id"] for row in message["components"] for item in row["components"]]:
        pressed = await stage.discord.click(message, custom_id)
        assert "no longer have that tune" in await stage.discord.private_text(pressed), custom_id
    assert stage.discord.messages_in() == [message]


async def test_a_forged_button_does_not_reach_a_tune_of_another_channel(stage: Stage) -> None:
    first, message = await stage.posted(channel=DIRECT, person=FIDDLER)
    for button in ("Again", "Continue", "More files", "Instrument", "Share", "Delete", "Change…"):
        elsewhere = {**message, "channel_id": TUNES.id, "id": "1"}
        pressed = await stage.discord.click(elsewhere, button, person=PIPER)
        assert "no longer have that tune" in await stage.discord.private_text(pressed), button
    assert await stage.storage.tune(first) is not None
    assert await stage.storage.undelivered("discord") == []


async def test_a_press_is_answered_if_the_database_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_a_press_that_discord_sends_twice_is_answered_once(stage: Stage) -> None:
    _, message = await stage.posted()
    for label in ("More files", "Share", "Delete"):
        pressed = await stage.discord.click(message, label)
        await stage.discord.private_message(pressed)
        seen = len(stage.discord.messages)
        await stage.discord.repeat(pressed)
        await asyncio.sleep(0.1)
        assert len(stage.discord.messages) == seen, label


def test_each_custom_id_matches_one_kind_of_item() -> None:
    deriving = ("again", "vary", "vary-little", "vary-lot", "continue", "second-part", "instrument", "choose-instrument")
    others = ("change", "continue-editing", "files", "like", "share", "unshare", "delete", "confirm-delete")
    for action in (*deriving, *others):
        custom_id = f"tune:{action}:{'0' * 12}"
        matching = [kind for kind in PERSISTENT_ITEMS if kind.__discord_ui_compiled_template__.fullmatch(custom_id)]
        assert len(matching) == 1, action
