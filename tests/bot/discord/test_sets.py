"""`/set`, and several tunes for one request: one turn in the queue, one card, one message, and a menu to open each tune."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from generator.notation.keys import Key
from storage import Tune
from tests.bot.discord.conftest import ABC, FILES, Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, PIPER, SILENT, TUNES, Channel, Interaction, Payload


async def tunes_of(stage: Stage, asked: Interaction) -> list[Tune]:
    first = await stage.accepted(asked)
    assert first.set_id is not None
    return await stage.storage.set_of(first.set_id)


async def finish_tunes(stage: Stage, tunes: list[Tune]) -> None:
    for number, tune in enumerate(tunes, 1):
        title = f"Number {number}"
        abc = ABC.replace("The Loopback", title).replace("K:Ador", f"K:{tune.request.key or 'Ador'}")
        await stage.compose(tune.id, title=title, abc=abc, key=tune.request.key or "Ador")
    for tune in tunes:
        await stage.delivered(tune.id)


async def posted_set(stage: Stage, channel: Channel, command: str = "set", **options: Any) -> tuple[list[Tune], Payload]:
    tunes = await tunes_of(stage, await stage.discord.slash(command, channel=channel, **options))
    await finish_tunes(stage, tunes)
    [message] = stage.discord.tunes(channel)
    return tunes, message


async def test_a_set_is_one_message_with_abc_one_recording_and_all_sheets(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("set", rhythm="reel", key="D", count=3, seed=7)
    tunes = await tunes_of(stage, asked)
    assert [tune.request.rhythm for tune in tunes] == ["reel"] * 3
    keys = [Key.parse(tune.request.key or "") for tune in tunes]
    assert keys[0] == Key.parse("D")
    assert all(one != other for one, other in itertools.pairwise(keys))
    await finish_tunes(stage, tunes)
    [message] = discord.tunes()
    assert discord.card(asked) is None
    names = [file["filename"] for file in message["attachments"]]
    assert names == ["set.abc", "set.mp3", "1-number-1.png", "2-number-2.png", "3-number-3.png"]
    book = discord.file(message, ".abc").decode()
    assert [line for line in book.splitlines() if line[:2] in ("X:", "T:")] == [
        "X:1", "T:Number 1", "X:2", "T:Number 2", "X:3", "T:Number 3",
    ]  # fmt: skip
    recording = FILES["tune.mp3"][1]
    assert len(recording) < len(discord.file(message, ".mp3")) <= 3 * len(recording)
    assert message["content"].startswith("**A set of 3 tunes**\n1. **Number 1** · D major · seed 7\n2. **Number 2**")
    assert {(await stage.tune(tune.id)).message_id for tune in tunes} == {message["id"]}
    discord.assert_no_pings()


async def test_several_tunes_for_one_request_have_a_recording_each(stage: Stage) -> None:
    discord = stage.discord
    tunes = await tunes_of(stage, await discord.slash("tune", rhythm="jig", key="G", count=3, seed=40))
    assert [(tune.request.rhythm, tune.request.key, tune.request.seed) for tune in tunes] == [
        ("jig", "G", 40), ("jig", "G", 41), ("jig", "G", 42),
    ]  # fmt: skip
    await finish_tunes(stage, tunes)
    [message] = discord.tunes()
    assert message["content"].startswith("**3 tunes for one request**")
    endings = [file["filename"].rpartition(".")[2] for file in message["attachments"]]
    assert endings == ["abc", *["mp3"] * 3, *["png"] * 3]


async def test_the_card_counts_finished_tunes_and_cancels_all(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("set", count=2)
    first, _second = await tunes_of(stage, asked)
    await stage.compose(first.id)
    await discord.until(lambda: "1 of 2 tunes finished" in (discord.card(asked) or {})["content"])
    card = discord.card(asked)
    assert card is not None
    await discord.answered(await discord.click(card, "Cancel"))
    await discord.until(lambda: "Cancelled." in (discord.card(asked) or {})["content"])
    assert await stage.storage.set_of(first.id) == []
    assert discord.tunes() == []


@pytest.mark.parametrize("channel", [DIRECT, ELSEWHERE, SILENT], ids=lambda channel: channel.name)
async def test_a_set_is_delivered_everywhere(stage: Stage, channel: Channel) -> None:
    _, message = await posted_set(stage, channel, count=2)
    assert [file["filename"].rpartition(".")[2] for file in message["attachments"]] == ["abc", "mp3", "png", "png"]


async def test_the_menu_and_again_work_after_a_restart(stage: Stage) -> None:
    discord = stage.discord
    tunes, message = await posted_set(stage, TUNES, rhythm="reel", count=2)
    await stage.restart()
    opened = await discord.private_message(await discord.select(message, "2. Number 2", person=PIPER))
    assert opened["content"].startswith("**Number 2**")
    assert [file["filename"] for file in opened["attachments"]] == ["number-2.abc", "number-2.mp3", "number-2.png"]
    varied = await stage.accepted(await discord.click(opened, "Vary", person=PIPER))
    assert (varied.parent_id, varied.origin.user_id) == (tunes[1].id, PIPER.id)
    await stage.storage.fail(varied.id, "Enough.")
    anew = await tunes_of(stage, await discord.click(message, "Again", person=PIPER))
    assert [tune.request.rhythm for tune in anew] == ["reel"] * 2
    assert anew[0].request.seed != tunes[0].request.seed


async def test_a_set_that_is_half_finished_at_a_restart_is_posted_once(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("set", count=2)
    first, second = await tunes_of(stage, asked)
    await stage.compose(first.id)
    await stage.stop_bot()
    await stage.start_bot()
    await asyncio.sleep(0.3)
    assert discord.tunes() == []
    await stage.compose(second.id)
    message = await stage.delivered(first.id)
    assert await stage.delivered(second.id) == message
    await stage.restart()
    await asyncio.sleep(0.3)
    assert [m["id"] for m in discord.tunes()] == [message]


async def test_a_failed_tune_is_counted_and_the_others_are_posted(stage: Stage) -> None:
    first, second = await tunes_of(stage, await stage.discord.slash("set", count=2))
    await stage.storage.fail(first.id, "It broke.")
    await stage.compose(second.id, title="The Other")
    await stage.delivered(first.id)
    [message] = stage.discord.tunes()
    assert "1. **The Other**" in message["content"]
    assert "1 tune failed." in message["content"]


async def test_a_set_that_failed_completely_says_why(stage: Stage) -> None:
    asked = await stage.discord.slash("set", count=2)
    for tune in await tunes_of(stage, asked):
        await stage.storage.fail(tune.id, "It broke.")
    await stage.discord.until(lambda: (stage.discord.card(asked) or {})["content"] == "It broke.")


async def test_a_set_over_the_limit_is_refused_as_a_whole_privately(stage: Stage) -> None:
    asked = await stage.discord.slash("set", count=4)
    assert "a set of 4 is more than that" in await stage.discord.private_text(asked)
    assert await stage.storage.undelivered("discord") == []


async def test_a_key_that_is_none_is_refused_to_the_person_alone(stage: Stage) -> None:
    assert "key" in await stage.discord.private_text(await stage.discord.slash("set", key="nonsense"))


async def test_a_forged_choice_opens_nothing(stage: Stage) -> None:
    _, message = await posted_set(stage, TUNES, count=2)
    other = await stage.accepted(await stage.discord.slash("tune"))
    await stage.compose(other.id)
    [menu] = [item for row in message["components"] for item in row["components"] if item["type"] == 3]
    menu["options"][0]["value"] = other.id
    chosen = await stage.discord.choose(message, menu["custom_id"], other.id)
    assert "no longer have that tune" in await stage.discord.private_text(chosen)
