"""Share and Unshare: the gallery and the sharing channel."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.discord.core import limits
from storage import PUBLIC, Viewer
from tests.bot.discord.conftest import ABC, Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, HERMIT, HIDDEN, PIPER, PRIVATE, SHOWCASE, SILENT, TUNES, Channel
from tests.patience import HANG_S

HERE = Viewer("discord", community_id=TUNES.server)
LIMITED = {"message": "You are being rate limited.", "retry_after": 0.1, "global": False}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_S", 0.05)


async def sharing_in(stage: Stage, channel: Channel) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=channel.id)


async def shared(stage: Stage) -> list[str]:
    return [tune.id for tune in (await stage.storage.gallery.shared(PUBLIC)).tunes]


async def test_the_owner_shares_a_tune_after_a_restart(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    first, message = await stage.posted()
    await stage.restart()
    pressed = await stage.discord.click(message, "Share", person=PIPER)
    assert await stage.discord.private_text(pressed) == f"Shared. The tune is now in the gallery and in <#{SHOWCASE.id}>."
    [post] = stage.discord.tunes(SHOWCASE)
    assert stage.discord.file(post, ".abc") == ABC.encode()
    assert post["components"] == message["components"]
    assert f"shared by <@{PIPER.id}>" in post["content"]
    assert await shared(stage) == [first]
    tune = await stage.tune(first)
    assert tune.shared is not None
    assert (tune.shared.community_id, tune.shared.message_id) == (TUNES.server, post["id"])
    stage.discord.assert_no_pings()


@pytest.mark.parametrize("channel", [DIRECT, ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_without_a_sharing_channel_the_tune_is_only_in_the_gallery(stage: Stage, channel: Channel) -> None:
    first, message = await stage.posted(channel=channel, person=FIDDLER)
    assert (
        await stage.discord.private_text(await stage.discord.click(message, "Share")) == "Shared. The tune is now in the gallery."
    )
    assert await shared(stage) == [first]


async def test_a_tune_requested_in_the_sharing_channel_is_not_posted_again(stage: Stage) -> None:
    await sharing_in(stage, TUNES)
    first, message = await stage.posted()
    assert "now in the gallery." in await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    assert stage.discord.messages_in() == [message]
    assert await shared(stage) == [first]


@pytest.mark.parametrize("channel", [TUNES, PRIVATE], ids=lambda channel: channel.name)
async def test_only_the_owner_can_share(stage: Stage, channel: Channel) -> None:
    _, message = await stage.posted(channel=channel, person=FIDDLER)
    refusal = await stage.discord.private_text(await stage.discord.click(message, "Share", person=HERMIT))
    assert ("Only the owner of this tune" if channel is TUNES else "This tune is private") in refusal
    assert await shared(stage) == []


async def test_the_owner_unshares_a_tune_after_a_restart(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    first, message = await stage.posted()
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    asked = await stage.discord.private_message(await stage.discord.click(message, "Share", person=PIPER))
    assert await shared(stage) == [first]
    await stage.restart()
    taken = await stage.discord.click(asked, "Unshare", person=PIPER)
    assert "Unshared" in await stage.discord.private_text(taken)
    assert not await shared(stage)
    assert not stage.discord.messages_in(SHOWCASE)
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    assert len(stage.discord.tunes(SHOWCASE)) == 1


async def test_a_moderator_can_unshare_and_others_cannot(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    first, message = await stage.posted()
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    [post] = stage.discord.tunes(SHOWCASE)
    told = await stage.discord.private_message(await stage.discord.click(post, "Share", person=HERMIT))
    assert (told["content"], told["components"]) == ("This tune is already in the gallery.", [])
    asked = await stage.discord.private_message(await stage.discord.click(post, "Share", person=FIDDLER))
    forged = await stage.discord.click(asked | {"flags": 0}, "Unshare", person=HERMIT)
    assert "or a moderator" in await stage.discord.private_text(forged)
    assert await shared(stage) == [first]
    await stage.discord.private_text(await stage.discord.click(asked, "Unshare", person=FIDDLER))
    assert not await shared(stage)
    assert not stage.discord.messages_in(SHOWCASE)
    assert stage.discord.messages_in() == [message]


@pytest.mark.parametrize("channel", [SILENT, HIDDEN], ids=lambda channel: channel.name)
async def test_if_the_bot_may_not_write_the_tune_is_shared_with_a_notice(stage: Stage, channel: Channel) -> None:
    await sharing_in(stage, channel)
    first, message = await stage.posted()
    pressed = await stage.discord.click(message, "Share", person=PIPER)
    assert f"I'm not allowed to post it in <#{channel.id}>" in await stage.discord.private_text(pressed)
    assert await shared(stage) == [first]


@pytest.mark.parametrize("mood", ["lost", "broken", "refused", "limited"])
async def test_a_shared_tune_is_posted_once_if_the_answer_is_lost(stage: Stage, mood: str) -> None:
    await sharing_in(stage, SHOWCASE)
    _, message = await stage.posted()
    call = f"POST /channels/{SHOWCASE.id}/messages"
    match mood:
        case "lost":
            stage.discord.lose_answer(call)
        case "broken":
            stage.discord.lose_answer(call, 502)
        case "refused":
            stage.discord.refuse(call, 500)
        case "limited":
            stage.discord.refuse(call, 429, LIMITED)
    pressed = await stage.discord.click(message, "Share", person=PIPER)
    assert f"in <#{SHOWCASE.id}>" in await stage.discord.private_text(pressed)
    assert len(stage.discord.messages_in(SHOWCASE)) == 1


@pytest.mark.parametrize("minutes_later", [0, 10])
async def test_a_post_that_was_not_stored_is_not_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, minutes_later: int
) -> None:
    await sharing_in(stage, SHOWCASE)
    first, message = await stage.posted()

    async def die(*_: Any) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as dying:
        dying.setattr(stage.storage.sharing, "mark_posted", die)
        await stage.discord.click(message, "Share", person=PIPER)
        [post] = await stage.discord.posted(SHOWCASE)
        await stage.stop_bot()
    stage.discord.pass_time(60 * minutes_later)
    await stage.start_bot()
    await known(stage, first)
    assert stage.discord.messages_in(SHOWCASE) == [post]


async def test_a_shared_tune_without_a_post_is_posted_after_a_restart(stage: Stage) -> None:
    first, _ = await stage.posted()
    await stage.stop_bot()
    await stage.storage.sharing.share(first, Viewer("discord", PIPER.id, TUNES.server), channel_id=SHOWCASE.id)
    await stage.start_bot()
    await known(stage, first)
    assert len(stage.discord.tunes(SHOWCASE)) == 1


async def test_the_post_of_a_tune_unshared_meanwhile_is_deleted(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    first, message = await stage.posted()
    post = f"POST /channels/{SHOWCASE.id}/messages"
    go_on = stage.discord.hold(post)
    await stage.discord.click(message, "Share", person=PIPER)
    async with asyncio.timeout(HANG_S):
        while post not in stage.discord.calls:  # it has started, and is not finished
            await asyncio.sleep(0.01)
    await stage.storage.sharing.unshare(first, Viewer("discord", PIPER.id, TUNES.server))
    go_on.set()
    await stage.discord.until(lambda: any(call.startswith(f"DELETE /channels/{SHOWCASE.id}") for call in stage.discord.calls))
    assert stage.discord.messages_in(SHOWCASE) == []


async def test_a_post_that_discord_does_not_remove_at_once_is_removed_later(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    _, message = await stage.posted()
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    asked = await stage.discord.private_message(await stage.discord.click(message, "Share", person=PIPER))
    stage.discord.refuse(f"DELETE /channels/{SHOWCASE.id}", 503, times=3)
    assert "Unshared" in await stage.discord.private_text(await stage.discord.click(asked, "Unshare", person=PIPER))
    await stage.discord.until(lambda: not stage.discord.messages_in(SHOWCASE))
    assert stage.discord.faults_left == []


async def test_a_post_whose_answer_is_lost_is_removed_if_the_tune_is_unshared_meanwhile(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    first, message = await stage.posted()
    call = f"POST /channels/{SHOWCASE.id}/messages"
    stage.discord.lose_answer(call)
    stage.discord.refuse(f" /channels/{SHOWCASE.id}/", 503, times=3)
    await stage.discord.click(message, "Share", person=PIPER)
    await stage.discord.until(lambda: call not in stage.discord.faults_left)
    assert len(stage.discord.messages_in(SHOWCASE)) == 1
    await stage.storage.sharing.unshare(first, Viewer("discord", PIPER.id, TUNES.server))
    await stage.discord.until(lambda: not stage.discord.messages_in(SHOWCASE))


async def known(stage: Stage, tune_id: str) -> None:
    """Waits until the post in the sharing channel is stored."""
    async with asyncio.timeout(HANG_S):
        while True:
            tune = await stage.tune(tune_id)
            if tune.shared and tune.shared.message_id:
                return
            await asyncio.sleep(0.01)
