"""Delivery with missing permissions and without membership: what is possible is posted, and the rest is explained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.discord.core import limits
from generator.rendering.audio.mastering import RATE
from generator.rendering.audio.mp3 import encode_mp3
from storage import Status, Tune
from tests.bot import worker
from tests.bot.discord.conftest import ABC, FILES, Stage
from tests.generator.rendering.mp3_reader import tags
from tests.loopback import discord_world as world
from tests.loopback.discord import (
    DIRECT,
    ELSEWHERE,
    FIDDLER,
    GROUP,
    HERMIT,
    LOUNGE,
    PRIVATE,
    QUESTION,
    SILENT,
    TUNES,
    WORKSHOP,
    Channel,
    Interaction,
    Payload,
)

ENDINGS = [".abc", ".mp3", ".png"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_S", 0.05)


async def asked_in(stage: Stage, channel: Channel) -> tuple[Interaction, Tune]:
    asked = await stage.discord.slash("tune", channel=channel)
    return asked, await stage.accepted(asked)


def endings(message: Payload) -> list[str]:
    return [file["filename"][-4:] for file in message["attachments"]]


@pytest.mark.parametrize("channel", [TUNES, WORKSHOP, QUESTION, LOUNGE, DIRECT], ids=lambda channel: channel.name)
async def test_if_the_bot_is_a_member_the_tune_is_an_ordinary_message(stage: Stage, channel: Channel) -> None:
    asked, tune = await asked_in(stage, channel)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    [posted] = stage.discord.messages_in(channel)
    assert (posted["id"], posted["type"], endings(posted)) == (message, 0, ENDINGS)
    assert "I can't" not in posted["content"]
    assert stage.discord.card(asked) is None
    assert stage.discord.refusals == []


@pytest.mark.parametrize("channel", [ELSEWHERE, PRIVATE, GROUP], ids=lambda channel: channel.name)
async def test_if_the_bot_is_user_installed_the_tune_is_the_response(stage: Stage, channel: Channel) -> None:
    asked, tune = await asked_in(stage, channel)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original
    [answer] = stage.discord.messages_in(channel)
    assert endings(answer) == ENDINGS
    assert "I can't" not in answer["content"], "nothing is missing"
    assert stage.discord.refusals == []


async def test_if_the_server_hides_user_installed_apps_the_tune_is_private(stage: Stage) -> None:
    stage.discord.forbid(ELSEWHERE, world.USE_EXTERNAL_APPS)
    asked, tune = await asked_in(stage, ELSEWHERE)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original
    answer = stage.discord.card(asked)
    assert answer is not None
    assert endings(answer) == ENDINGS
    assert stage.discord.messages_in(ELSEWHERE) == []


@pytest.mark.parametrize("channel", [ELSEWHERE, PRIVATE, GROUP], ids=lambda channel: channel.name)
async def test_if_the_bot_is_user_installed_a_late_tune_is_a_direct_message(stage: Stage, channel: Channel) -> None:
    _, tune = await asked_in(stage, channel)
    stage.discord.pass_time(16 * 60)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    [posted] = stage.discord.messages_in(DIRECT)
    assert (posted["id"], endings(posted)) == (message, ENDINGS)
    assert "I can't post in the channel where you requested this tune, so I sent it to you here." in posted["content"]


@pytest.mark.parametrize(
    ("channel", "permission"),
    [
        (TUNES, world.VIEW_CHANNEL),
        (TUNES, world.SEND_MESSAGES),
        (WORKSHOP, world.VIEW_CHANNEL),
        (WORKSHOP, world.SEND_MESSAGES_IN_THREADS),
        (QUESTION, world.SEND_MESSAGES_IN_THREADS),
        (LOUNGE, world.SEND_MESSAGES),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_if_the_bot_may_not_write_the_response_has_the_tune_and_says_why(
    stage: Stage, channel: Channel, permission: int, when: str
) -> None:
    """The permission is removed before or after the request. If before, the bot does not try."""
    discord = stage.discord
    if when == "before":
        discord.forbid(channel, permission)
    asked, tune = await asked_in(stage, channel)
    discord.forbid(channel, permission)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original
    [answer] = discord.messages_in(channel)
    assert endings(answer) == ENDINGS
    assert "-# I can't send messages here, so the tune stays in my reply. A server admin" in answer["content"]
    assert list(discord.buttons(answer))[:2] == ["Again", "Vary a little"]
    assert bool(discord.refusals) == (when == "after")
    discord.assert_no_pings()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("channel", [TUNES, WORKSHOP], ids=lambda channel: channel.name)
async def test_without_attach_files_the_tune_is_text_and_the_response_has_its_files(
    stage: Stage, channel: Channel, when: str
) -> None:
    discord = stage.discord
    if when == "before":
        discord.forbid(channel, world.ATTACH_FILES)
    asked, tune = await asked_in(stage, channel)
    discord.forbid(channel, world.ATTACH_FILES)
    await stage.compose(tune.id)
    message = discord.messages[await stage.delivered(tune.id)]
    assert (message["type"], message["attachments"]) == (0, [])
    assert ABC.strip() in message["content"]
    assert "I can't attach files here, so the sheet music and recording are in my reply." in message["content"]
    assert "A server admin can give me the permission: Attach Files." in message["content"]
    assert list(discord.buttons(message))[:2] == ["Again", "Vary a little"]
    answer = discord.card(asked)
    assert answer is not None
    assert (endings(answer), answer["components"]) == (ENDINGS, [])
    assert len(discord.refusals) == (when == "after")
    discord.assert_no_pings()


async def test_without_attach_files_the_files_of_a_late_tune_are_sent_directly(stage: Stage) -> None:
    discord = stage.discord
    discord.forbid(TUNES, world.ATTACH_FILES)
    _, tune = await asked_in(stage, TUNES)
    discord.pass_time(16 * 60)
    await stage.compose(tune.id)
    message = discord.messages[await stage.delivered(tune.id)]
    assert "I sent you the sheet music and recording as a direct message" in message["content"]
    [direct] = discord.messages_in(DIRECT)
    assert endings(direct) == ENDINGS


async def test_without_any_way_for_files_the_tune_says_that_they_are_missing(stage: Stage) -> None:
    discord = stage.discord
    discord.forbid(TUNES, world.ATTACH_FILES)
    tune = await stage.accepted(await discord.slash("tune", person=HERMIT))
    discord.pass_time(16 * 60)
    await stage.compose(tune.id)
    message = discord.messages[await stage.delivered(tune.id)]
    assert "I can't attach files here, so the sheet music and recording are missing." in message["content"]
    assert ABC.strip() in message["content"]


async def test_files_posted_apart_are_not_repeated_if_the_post_was_not_stored(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord, remember = stage.discord, stage.storage.mark_delivered
    failures = iter([OSError("gone")])

    async def fail_once(tune_id: str, message: str) -> None:
        for failure in failures:
            raise failure
        await remember(tune_id, message)

    monkeypatch.setattr(stage.storage, "mark_delivered", fail_once)
    asked, tune = await asked_in(stage, TUNES)
    discord.forbid(TUNES, world.ATTACH_FILES)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert {m["id"] for m in discord.messages_in()} == {message, asked.original}
    assert endings(discord.messages[asked.original or ""]) == ENDINGS


async def test_without_embed_links_nothing_is_missing(stage: Stage) -> None:
    stage.discord.forbid(TUNES, world.EMBED_LINKS)
    _, tune = await asked_in(stage, TUNES)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.discord.tunes()
    assert endings(message) == ENDINGS
    assert stage.discord.refusals == []


async def test_without_read_message_history_a_restart_posts_the_tune_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.discord.forbid(TUNES, world.READ_MESSAGE_HISTORY)
    remember = stage.storage.mark_delivered

    async def die(tune_id: str, message: str) -> None:
        raise OSError("gone")

    monkeypatch.setattr(stage.storage, "mark_delivered", die)
    _, tune = await asked_in(stage, TUNES)
    await stage.compose(tune.id)
    [message] = await stage.discord.posted()
    await stage.stop_bot()
    monkeypatch.setattr(stage.storage, "mark_delivered", remember)
    await stage.start_bot()
    assert await stage.delivered(tune.id) == message["id"]
    assert stage.discord.tunes() == [message]


@pytest.mark.parametrize("channel", [WORKSHOP, QUESTION], ids=lambda channel: channel.name)
async def test_an_archived_thread_is_reopened_by_the_tune(stage: Stage, channel: Channel) -> None:
    asked, tune = await asked_in(stage, channel)
    stage.discord.archive(channel)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    [posted] = stage.discord.messages_in(channel)
    assert (posted["id"], endings(posted)) == (message, ENDINGS)
    assert stage.discord.card(asked) is None


@pytest.mark.parametrize("channel", [WORKSHOP, QUESTION], ids=lambda channel: channel.name)
async def test_the_tune_of_a_locked_thread_is_a_direct_message(stage: Stage, channel: Channel) -> None:
    _, tune = await asked_in(stage, channel)
    stage.discord.archive(channel, locked=True)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    [posted] = stage.discord.tunes(DIRECT)
    assert (posted["id"], endings(posted)) == (message, ENDINGS)
    assert "I can't post in the channel where you requested this tune, so I sent it to you here." in posted["content"]


async def test_a_recording_over_the_channels_limit_is_compressed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = (np.random.default_rng(1).standard_normal((RATE * 5, 2)) * 3_000).astype("<i2")
    mp3 = encode_mp3(noise, title="The Loopback")
    monkeypatch.setattr(worker, "FILES", {**FILES, "tune.mp3": ("audio/mpeg", mp3)})
    small = replace(TUNES, id="350", file_bytes=60_000)
    assert len(mp3) > small.file_bytes
    _, tune = await asked_in(stage, small)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.discord.tunes(small)
    assert endings(message) == ENDINGS
    smaller = stage.discord.file(message, ".mp3")
    assert 30_000 < len(smaller) <= small.file_bytes
    assert tags(smaller)["TIT2"] == "The Loopback"
    assert "Too large" not in message["content"]


async def test_a_file_that_is_too_large_is_named_and_the_abc_is_still_sent(stage: Stage) -> None:
    tiny = replace(TUNES, id="350", file_bytes=1_000)
    _, tune = await asked_in(stage, tiny)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.discord.tunes(tiny)
    assert stage.discord.file(message, ".abc") == ABC.encode()
    assert "Too large for this channel: tune.mp3." in message["content"]


async def test_all_files_together_stay_within_the_limit_of_a_message(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    large = bytes(14 * 2**20)
    files = {**FILES, "tune.mp3": ("audio/mpeg", large), "tune.png": ("image/png", large)}
    monkeypatch.setattr(worker, "FILES", files)
    boosted = replace(TUNES, id="350", file_bytes=100 * 2**20)
    _, tune = await asked_in(stage, boosted)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.discord.tunes(boosted)
    assert endings(message) == [".abc"]
    assert "Too large for this channel: tune.mp3, tune.png." in message["content"]


@pytest.mark.parametrize("channel", [TUNES, SILENT, WORKSHOP, DIRECT], ids=lambda channel: channel.name)
async def test_a_failure_after_fifteen_minutes_is_reported(stage: Stage, channel: Channel) -> None:
    asked, tune = await asked_in(stage, channel)
    stage.discord.pass_time(16 * 60)
    await stage.storage.fail(tune.id, "The opening leaves no room for a tune.")
    message = await stage.delivered(tune.id)
    assert stage.discord.messages[message]["content"] == "The opening leaves no room for a tune."
    assert message == asked.original


async def test_an_outage_longer_than_the_token_only_delays_the_tune(stage: Stage) -> None:
    discord = stage.discord
    asked, tune = await asked_in(stage, TUNES)
    await stage.storage.start(tune.id)
    discord.refuse(r" /channels/", 503, times=6)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await stage.compose(tune.id)
    discord.pass_time(16 * 60)
    await stage.delivered(tune.id)
    [message] = discord.messages_in()
    assert endings(message) == ENDINGS
    assert discord.card(asked) is None
    assert message["content"].endswith(f"for <@{FIDDLER.id}>")
