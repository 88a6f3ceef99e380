"""Sets of which tunes are deleted, shared, cancelled or failed."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from storage import Viewer
from tests.bot.discord.conftest import Stage
from tests.bot.discord.test_delete import delete_tune
from tests.bot.discord.test_sets import finish_tunes, posted_set, tunes_of
from tests.loopback.discord import ELSEWHERE, FIDDLER, SHOWCASE, TUNES, Channel, Payload
from tests.storage.examples import execute

HERE = Viewer("discord", FIDDLER.id, TUNES.server)


@pytest.mark.parametrize("channel", [TUNES, ELSEWHERE], ids=lambda channel: channel.name)
async def test_a_deleted_tune_is_removed_from_the_message(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    tunes, message = await posted_set(stage, channel, count=3)
    opened = await discord.private_message(await discord.select(message, "2. Number 2"))
    await delete_tune(stage, opened, FIDDLER)
    await discord.until(lambda: "Number 2" not in message["content"])
    assert [m["id"] for m in discord.tunes(channel)] == [message["id"]]
    assert "Number 2" not in discord.file(message, ".abc").decode()
    sheets = [file["filename"] for file in message["attachments"] if file["filename"].endswith(".png")]
    assert sheets == ["1-number-1.png", "2-number-3.png"]
    opened = await discord.private_message(await discord.select(message, "2. Number 3"))
    assert opened["content"].startswith("**Number 3**")
    await delete_tune(stage, opened, FIDDLER)
    await delete_tune(stage, await discord.private_message(await discord.select(message, "1. Number 1")), FIDDLER)
    await discord.until(lambda: not discord.tunes(channel))
    assert await stage.storage.set_of(tunes[0].id) == []


@pytest.mark.parametrize("which", [0, 1])
async def test_a_tune_deleted_before_the_set_is_finished_does_not_stop_the_others(stage: Stage, which: int) -> None:
    discord = stage.discord
    asked = await discord.slash("set", count=3)
    tunes = await tunes_of(stage, asked)
    gone = tunes.pop(which)
    await stage.compose(gone.id, title="Gone")
    await discord.until(lambda: "1 of 3" in (discord.card(asked) or {})["content"])
    page: Any = await discord.private_message(await discord.slash("mine"))
    await discord.select(page, "Gone")
    await discord.until(lambda: "Delete" in discord.buttons(page))
    await discord.click(page, "Delete")
    await discord.until(lambda: "Delete for good" in discord.buttons(page))
    await discord.click(page, "Delete for good")
    await discord.until(lambda: "Gone" not in page["content"])
    await finish_tunes(stage, tunes)
    [message] = discord.tunes()
    assert "1. **Number 1**" in message["content"] and "2. **Number 2**" in message["content"]


async def test_the_posts_of_shared_tunes_of_a_cancelled_set_are_deleted(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("set", count=2)
    first, _ = await tunes_of(stage, asked)
    await stage.compose(first.id)
    shared = await stage.storage.sharing.share(first.id, HERE, channel_id=SHOWCASE.id)
    assert await stage.side_bot.context.channel_posts.post(shared)
    card: Any = await discord.until(lambda: (m := discord.card(asked)) and "Cancel" in discord.buttons(m) and m)
    await discord.click(card, "Cancel")
    await discord.until(lambda: not discord.messages_in(SHOWCASE))


@pytest.mark.parametrize("erased", [True, False])
async def test_nothing_of_a_set_is_posted_while_it_is_deleted(
    stage: Stage, erased: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While tunes are deleted, the finished ones must not be taken for the whole set."""
    asked = await stage.discord.slash("set", count=3)
    first, second, third = await tunes_of(stage, asked)
    await stage.compose(second.id)
    await stage.compose(third.id)
    sharing = stage.storage.sharing
    remove = sharing.remove

    async def slowly(*args: Any) -> Any:
        try:
            return await remove(*args)
        finally:
            await asyncio.sleep(0.3)

    monkeypatch.setattr(sharing, "remove", slowly)
    if erased:
        await stage.storage.privacy.erase(HERE)
    else:
        await stage.side_bot.context.desk.cancel(first.id, HERE)
    await asyncio.sleep(0.1)
    assert stage.discord.tunes() == []


async def test_a_set_whose_tunes_in_other_keys_failed_is_still_a_set(stage: Stage) -> None:
    first, second, third = await tunes_of(stage, await stage.discord.slash("set", rhythm="reel", key="D", seed=0, count=3))
    assert first.request.key == third.request.key != second.request.key
    await stage.storage.fail(second.id, "It broke.")
    await finish_tunes(stage, [first, third])
    [message] = stage.discord.tunes()
    assert message["content"].startswith("**A set of 2 tunes**")
    assert [file["filename"] for file in message["attachments"]][:2] == ["set.abc", "set.mp3"]


def _is_without(message: Payload, name: str) -> bool:
    return name not in message["content"]


async def test_the_rest_of_a_set_is_still_a_set(stage: Stage) -> None:
    discord = stage.discord
    _, message = await posted_set(stage, TUNES, rhythm="reel", key="D", seed=0, count=3)
    for title, heading in (("2. Number 2", "**A set of 2 tunes**"), ("1. Number 1", "**A set of 1 tune**")):
        await delete_tune(stage, await discord.private_message(await discord.select(message, title)), FIDDLER)
        await discord.until(partial(_is_without, message, title[3:]))
        assert message["content"].startswith(heading)


async def test_again_under_the_rest_of_a_set_requests_a_set(stage: Stage) -> None:
    discord = stage.discord
    _, message = await posted_set(stage, TUNES, rhythm="reel", key="D", seed=0, count=3)
    await delete_tune(stage, await discord.private_message(await discord.select(message, "2. Number 2")), FIDDLER)
    await discord.until(lambda: "Number 2" not in message["content"])
    first, second = await tunes_of(stage, await discord.click(message, "Again"))
    assert first.request.key == "D" != second.request.key


async def test_the_rest_of_several_tunes_for_one_request_keeps_its_heading(stage: Stage) -> None:
    discord = stage.discord
    _, message = await posted_set(stage, TUNES, command="tune", rhythm="jig", count=2)
    await delete_tune(stage, await discord.private_message(await discord.select(message, "1. Number 1")), FIDDLER)
    await discord.until(lambda: "Number 1" not in message["content"])
    assert message["content"].startswith("**1 tune for one request**")


async def test_without_a_stored_kind_equal_requests_are_one_request(stage: Stage, url: str) -> None:
    tunes, message = await posted_set(stage, TUNES, "tune", rhythm="jig", key="G", count=2)
    execute(url, "UPDATE tunes SET reply = reply - 'one_wish'")
    anew = await tunes_of(stage, await stage.discord.click(message, "Again"))
    assert [(tune.request.rhythm, tune.request.key) for tune in anew] == [("jig", "G")] * len(tunes)
