"""The context menu entries “Continue this tune” and “Play this ABC”."""

from __future__ import annotations

import pytest

from tests.bot.discord.conftest import ABC, Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, PIPER, PRIVATE, SILENT, Channel, Upload

CONTINUE, PLAY = "Continue this tune", "Play this ABC"
LINE = "|:EAAB c2Bc|dBAB G2EG|"
FILE = Upload("The Loopback.ABC", ABC.encode())


@pytest.mark.parametrize(("entry", "mode"), [(CONTINUE, "continue"), (PLAY, "play")])
async def test_abc_among_words_is_found_in_any_message(stage: Stage, entry: str, mode: str) -> None:
    discord = stage.discord
    said = await discord.write(f"How does this one go?\n{LINE}\nIt is from Clare.", person=PIPER)
    asked = await discord.menu(entry, said)
    tune = await stage.accepted(asked)
    assert (tune.request.mode, tune.request.opening, tune.parent_id) == (mode, LINE, None)
    assert tune.origin.user_id != PIPER.id, "the user who chose the menu entry is the owner, not the author of the message"
    await stage.compose(tune.id)
    [message] = await discord.posted()
    assert await stage.delivered(tune.id) == message["id"]
    assert discord.card(asked) is None
    discord.assert_no_pings()


async def test_a_code_block_comes_before_a_file_and_a_file_before_words(stage: Stage) -> None:
    discord = stage.discord
    block = await discord.write(f"```\nK:D\n{LINE}\n```", files=[FILE])
    tune = await stage.accepted(await discord.menu(PLAY, block))
    assert tune.request.opening == f"K:D\n{LINE}"
    words = await discord.write(LINE, files=[Upload("photo.png", b"\x89PNG"), FILE])
    tune = await stage.accepted(await discord.menu(PLAY, words))
    assert tune.request.opening == ABC.strip()


async def test_abc_in_a_forwarded_message_is_found(stage: Stage) -> None:
    said = await stage.discord.write("")
    forwarded = {
        name: said[name] for name in ("timestamp", "edited_timestamp", "attachments", "embeds", "components", "flags", "type")
    }
    said["message_snapshots"] = [{"message": forwarded | {"content": f"K:D\n{LINE}"}}]
    tune = await stage.accepted(await stage.discord.menu(PLAY, said))
    assert tune.request.opening == f"K:D\n{LINE}"


@pytest.mark.parametrize("channel", [ELSEWHERE, PRIVATE, SILENT], ids=lambda channel: channel.name)
async def test_if_the_bot_may_not_write_the_tune_is_on_the_card(stage: Stage, channel: Channel) -> None:
    said = await stage.discord.write(LINE, channel=channel, person=PIPER)
    asked = await stage.discord.menu(CONTINUE, said)
    tune = await stage.accepted(asked)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original


async def test_in_direct_messages_the_tune_is_an_ordinary_message(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.menu(PLAY, await stage.discord.write(LINE, channel=DIRECT)))
    await stage.compose(tune.id)
    [message] = await stage.discord.posted(DIRECT)
    assert message["type"] == 0


@pytest.mark.parametrize("entry", [CONTINUE, PLAY])
@pytest.mark.parametrize(
    ("content", "files", "told"),
    [
        ("What a lovely evening!", [], "found no ABC in this message"),
        ("", [Upload("photo.png", b"\x89PNG")], "found no ABC in this message"),
        ("```py\nprint(1)\n```", [], "found no ABC in this message"),
        ("", [Upload("empty.abc", b"")], "found no ABC in this message"),
        ("", [Upload("tune.abc", bytes(64 * 1024 + 1))], "at most 64 kB"),
        ("", [Upload("tune.abc", b"\x00\x01")], "can't read this file as text"),
        ("K:nonsense\n|:ABcd|efga:|", [], "nonsense"),
    ],
)
async def test_a_message_without_abc_is_refused_privately(
    stage: Stage, entry: str, content: str, files: list[Upload], told: str
) -> None:
    said = await stage.discord.write(content, files=files)
    asked = await stage.discord.menu(entry, said)
    assert told in await stage.discord.private_text(asked)
    assert stage.discord.messages_in() == [said]
    assert await stage.storage.undelivered("discord") == []


async def test_a_tune_of_the_bot_becomes_the_parent_after_a_restart(stage: Stage) -> None:
    discord = stage.discord
    first = await stage.accepted(await discord.slash("tune"))
    await stage.compose(first.id)
    await stage.delivered(first.id)
    [message] = discord.tunes()
    await stage.stop_bot()
    await stage.start_bot()
    tune = await stage.accepted(await discord.menu(CONTINUE, message, person=PIPER))
    assert (tune.request.mode, tune.request.opening, tune.parent_id) == ("continue", ABC.strip(), first.id)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert f"based on https://discord.com/channels/200/300/{message['id']}" in discord.tunes()[1]["content"]


async def test_buttons_of_another_bot_do_not_name_a_parent(stage: Stage) -> None:
    discord = stage.discord
    first = await stage.accepted(await discord.slash("tune"))
    said = await discord.write(LINE)
    button = {"type": 2, "style": 2, "label": "Again", "custom_id": f"tune:again:{first.id}"}
    said["components"] = [{"type": 1, "components": [button]}]
    tune = await stage.accepted(await discord.menu(PLAY, said))
    assert tune.parent_id is None


async def test_a_tune_requested_before_a_restart_is_posted_once_after_it(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.menu(PLAY, await discord.write(LINE))
    tune = await stage.accepted(asked)
    await stage.stop_bot()
    await stage.compose(tune.id)
    await stage.start_bot()
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.tunes()] == [message]
    assert discord.card(asked) is None


async def test_an_interaction_that_discord_sends_twice_is_one_tune(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.menu(CONTINUE, await discord.write(LINE))
    tune = await stage.accepted(asked)
    await stage.repeated(asked)
    assert [waiting.id for waiting in await stage.storage.undelivered("discord")] == [tune.id]


async def test_one_unfinished_tune_too_many_is_refused_privately(stage: Stage) -> None:
    discord = stage.discord
    said = await discord.write(LINE)
    for _ in range(3):
        await stage.accepted(await discord.menu(CONTINUE, said))
    assert "3 unfinished tunes" in await discord.private_text(await discord.menu(CONTINUE, said))


@pytest.mark.parametrize("entry", [CONTINUE, PLAY])
async def test_the_entries_are_available_everywhere(stage: Stage, entry: str) -> None:
    registered = stage.discord.commands[entry]
    assert (registered["type"], registered["integration_types"], registered["contexts"]) == (3, [0, 1], [0, 1, 2])
