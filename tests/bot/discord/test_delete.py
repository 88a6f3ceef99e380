"""The Delete button: a question, then deletion."""

from __future__ import annotations

import asyncio

import pytest

from bot.discord.delivery.removal import remove_messages
from storage import Viewer
from tests.bot.discord.conftest import Stage
from tests.bot.discord.forging import Forger, button
from tests.loopback.discord import (
    DIRECT,
    ELSEWHERE,
    FIDDLER,
    HERMIT,
    HIDDEN,
    PIPER,
    PRIVATE,
    SHOWCASE,
    TUNES,
    WARDEN,
    Channel,
    Payload,
    Person,
)
from tests.patience import HANG_S

HERE = Viewer("discord", PIPER.id, TUNES.server)


async def delete_tune(stage: Stage, message: Payload, person: Person) -> Payload:
    """Presses both buttons, with a restart in between, and returns the answer."""
    asked = await stage.discord.private_message(await stage.discord.click(message, "Delete", person=person))
    assert "for good?" in asked["content"]
    pressed = await stage.discord.click(asked, "Delete for good", person=person)
    await stage.discord.until(lambda: asked["content"] == "Deleted." or pressed.followups)
    return asked


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_the_owner_deletes_a_tune_and_its_message_after_a_restart(stage: Stage, channel: Channel) -> None:
    first, message = await stage.posted(channel=channel, person=FIDDLER)
    await stage.restart()
    stage.discord.pass_time(20 * 60)  # the command's token has expired
    asked = await delete_tune(stage, message, FIDDLER)
    assert (asked["content"], asked["components"]) == ("Deleted.", [])
    assert await stage.storage.tune(first) is None
    await stage.discord.until(lambda: not stage.discord.messages_in(channel))


async def test_the_post_in_the_sharing_channel_is_deleted_too(stage: Stage) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=SHOWCASE.id)
    _, message = await stage.posted()
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    await delete_tune(stage, stage.discord.tunes(SHOWCASE)[0], PIPER)
    await stage.discord.until(lambda: not stage.discord.messages_in() and not stage.discord.messages_in(SHOWCASE))


@pytest.mark.parametrize(
    ("deleters", "person", "may"),
    [
        ("owner", FIDDLER, False),
        ("moderators", FIDDLER, True),
        ("moderators", HERMIT, False),
        ("everyone", HERMIT, True),
    ],
)
async def test_the_servers_settings_decide_who_else_may_delete(stage: Stage, deleters: str, person: Person, may: bool) -> None:
    await stage.storage.preferences.change_community(HERE, deleters=deleters)
    first, message = await stage.posted()
    if may:
        await delete_tune(stage, message, person)
    else:
        pressed = await stage.discord.click(message, "Delete", person=person)
        assert "Only the owner of this tune" in await stage.discord.private_text(pressed)
    assert (await stage.storage.tune(first) is None) is may


async def test_who_manages_the_messages_of_one_channel_deletes_no_tune_of_another(stage: Stage) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=SHOWCASE.id)
    tune_id, message = await stage.posted()
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    [post] = stage.discord.tunes(SHOWCASE)
    pressed = await stage.discord.click(post, "Delete", person=WARDEN)
    assert "Only the owner of this tune" in await stage.discord.private_text(pressed)
    forger = Forger(stage, SHOWCASE, WARDEN)
    await forger.use(button(f"tune:confirm-delete:{tune_id}"))
    await forger.handled()
    assert (await stage.tune(tune_id)).shared is not None


async def test_who_manages_the_messages_of_its_channel_deletes_a_tune_from_anywhere(stage: Stage) -> None:
    tune_id, message = await stage.posted(channel=SHOWCASE)
    await stage.storage.sharing.share(tune_id, HERE)
    await delete_tune(stage, message | {"channel_id": TUNES.id}, WARDEN)
    assert await stage.storage.tune(tune_id) is None


async def test_the_settings_of_the_server_hold_for_a_channel_that_was_deleted(stage: Stage) -> None:
    tune_id, message = await stage.posted(channel=SHOWCASE)
    await stage.storage.sharing.share(tune_id, HERE)
    stage.discord.delete_channel(SHOWCASE)
    await stage.discord.gateway.event("CHANNEL_DELETE", SHOWCASE.payload)
    elsewhere = message | {"channel_id": TUNES.id}
    pressed = await stage.discord.click(elsewhere, "Delete", person=WARDEN)
    assert "Only the owner of this tune" in await stage.discord.private_text(pressed)
    await delete_tune(stage, elsewhere, FIDDLER)
    assert await stage.storage.tune(tune_id) is None


async def test_a_forged_confirmation_deletes_nothing(stage: Stage) -> None:
    first, message = await stage.posted()
    asked = await stage.discord.private_message(await stage.discord.click(message, "Delete", person=PIPER))
    pressed = await stage.discord.click(asked | {"flags": 0}, "Delete for good", person=HERMIT)
    await stage.discord.until(lambda: pressed.followups)
    assert "Only the owner" in stage.discord.messages[pressed.followups[0]]["content"]
    assert (await stage.tune(first)).message_id == message["id"]


async def test_messages_that_cannot_be_deleted_do_not_stop_the_removal(stage: Stage) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=SHOWCASE.id)
    first, message = await stage.posted()
    await stage.discord.private_text(await stage.discord.click(message, "Share", person=PIPER))
    del stage.discord.messages[message["id"]]
    stage.discord.refuse(f"DELETE /channels/{SHOWCASE.id}", 403, {"code": 50001, "message": "Missing Access"})
    context = stage.side_bot.context
    await remove_messages(context, await stage.tune(first))
    assert len(stage.discord.messages_in(SHOWCASE)) == 1


async def test_a_message_whose_answer_was_lost_is_deleted_with_its_tune(stage: Stage) -> None:
    """The tune is not stored as delivered, and Discord fails until it is deleted."""
    discord, call = stage.discord, "POST /channels/300/messages"
    discord.lose_answer(call)
    discord.refuse("GET /channels/300/messages", 503, times=2)
    tune = await stage.accepted(await discord.slash("tune", person=PIPER))
    await stage.compose(tune.id)
    await discord.until(lambda: call not in discord.faults_left)
    await remove_messages(stage.side_bot.context, await stage.storage.sharing.delete(tune.id, HERE))
    await discord.until(lambda: discord.messages_in() == [])


async def test_the_card_of_an_unfinished_tune_is_deleted(stage: Stage) -> None:
    asked = await stage.discord.slash("tune", person=PIPER)
    tune = await stage.accepted(asked)
    await stage.discord.until(lambda: (stage.discord.card(asked) or {})["content"])
    gone = await stage.storage.sharing.delete(tune.id, HERE)
    context = stage.side_bot.context
    await remove_messages(context, gone)
    assert stage.discord.card(asked) is None
    async with asyncio.timeout(HANG_S):
        while context.deliveries.is_running(tune):
            await asyncio.sleep(0.01)


async def test_a_tune_sent_as_a_direct_message_is_deleted_there(stage: Stage) -> None:
    asked = await stage.discord.slash("tune", channel=HIDDEN, person=FIDDLER)
    tune = await stage.accepted(asked)
    stage.discord.expire(asked)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.discord.tunes(DIRECT)
    await delete_tune(stage, message, FIDDLER)
    await stage.discord.until(lambda: not stage.discord.tunes(DIRECT))
    await stage.restart()
    assert await stage.storage.tune(tune.id) is None
