"""A finished tune is posted once, also after failures of Discord and restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core import deliveries
from bot.discord.core import limits
from storage import Status, Viewer
from storage.errors import NoRoom
from storage.files import room
from storage.files.files import digest_of
from tests.bot.discord.conftest import ABC, FILES, Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, HERMIT, HIDDEN, PRIVATE, SILENT, TUNES, Channel
from tests.patience import HANG_S

LIMITED = {"message": "You are being rate limited.", "retry_after": 0.1, "global": False}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_S", 0.05)


async def test_a_tune_that_was_finished_while_the_bot_was_down_is_posted_once(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    await stage.stop_bot()
    await stage.compose(tune.id)
    assert discord.tunes() == []
    await stage.start_bot()
    message = await stage.delivered(tune.id)
    await stage.stop_bot()
    await stage.start_bot()
    await asyncio.sleep(0.3)
    assert [m["id"] for m in discord.tunes()] == [message]
    assert discord.card(asked) is None


async def test_a_tune_whose_files_are_lost_is_posted_once_they_are_made_again(stage: Stage, tmp_path: Path) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune"))
    await stage.stop_bot()
    await stage.compose(tune.id)
    contents = {name: content for name, (_, content) in FILES.items()}
    for content in contents.values():
        (tmp_path / "files" / digest_of(content)[:2] / digest_of(content)[2:]).unlink()
    await stage.start_bot()
    while not await remade(stage, tune.id):
        await asyncio.sleep(0.05)
    await stage.storage.remaking.replace(tune.id, contents)
    await stage.delivered(tune.id)
    [message] = stage.discord.tunes()
    assert len(message["attachments"]) == 3


async def remade(stage: Stage, tune_id: str) -> bool:
    """Whether the bot has queued that the tune's files are made again."""
    async with stage.storage.database.begin() as connection:
        jobs = await connection.execute(text("SELECT args ->> 'tune_id' FROM procrastinate_jobs WHERE task_name = 'remake'"))
        return tune_id in jobs.scalars()


async def test_progress_is_shown_again_after_a_restart(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    await stage.stop_bot()
    await stage.start_bot()
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await discord.until(lambda: "5 bars" in (discord.card(asked) or {})["content"])
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(discord.tunes()) == 1


@pytest.mark.parametrize("minutes_later", [0, 10])
async def test_a_tune_whose_post_was_not_stored_is_not_posted_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, minutes_later: int
) -> None:
    discord, remember = stage.discord, stage.storage.mark_delivered

    async def die(tune_id: str, message: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(stage.storage, "mark_delivered", die)
    tune = await stage.accepted(await discord.slash("tune"))
    await stage.compose(tune.id)
    [message] = await discord.posted()
    await stage.stop_bot()
    monkeypatch.setattr(stage.storage, "mark_delivered", remember)
    discord.pass_time(60 * minutes_later)  # Discord forgets nonces after some minutes
    await stage.start_bot()
    assert await stage.delivered(tune.id) == message["id"]
    assert discord.tunes() == [message]


@pytest.mark.parametrize("status", [0, 502])
async def test_a_post_whose_answer_is_lost_is_not_repeated(stage: Stage, status: int) -> None:
    discord = stage.discord
    discord.lose_answer(r"POST /channels/300/messages", status)
    tune = await stage.accepted(await discord.slash("tune"))
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.tunes()] == [message]
    assert discord.calls.count("POST /channels/300/messages") == (2 if status else 1)


@pytest.mark.parametrize("channel", [SILENT, HIDDEN], ids=lambda channel: channel.name)
async def test_if_the_bot_may_not_write_the_tune_is_on_the_card(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    asked = await discord.slash("tune", channel=channel)
    tune = await stage.accepted(asked)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original
    [message] = discord.messages_in(channel)
    assert message["id"] == asked.original
    assert discord.file(message, ".abc") == ABC.encode()
    assert {"Again", "♥ 0", "Delete"} <= discord.buttons(message).keys()
    assert "**The Loopback**" in message["content"]
    discord.assert_no_pings()


@pytest.mark.parametrize("channel", [ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_a_user_installed_bot_does_not_try_to_post_in_the_channel(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    asked = await discord.slash("tune", channel=channel)
    tune = await stage.accepted(asked)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original
    assert not any(call.startswith(f"POST /channels/{channel.id}") for call in discord.calls)


async def test_a_card_whose_token_expired_is_edited_as_the_bots_message(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune", channel=SILENT)
    tune = await stage.accepted(asked)
    discord.expire(asked)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original
    assert discord.file(discord.messages_in(SILENT)[0], ".abc") == ABC.encode()


async def test_a_tune_that_outlasts_the_token_is_posted_and_its_card_deleted(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    discord.pass_time(16 * 60)
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await discord.until(lambda: "5 bars" in (discord.card(asked) or {})["content"])
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(discord.tunes()) == len(discord.messages_in()) == 1


async def test_without_card_and_channel_the_tune_is_a_direct_message(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune", channel=ELSEWHERE)
    tune = await stage.accepted(asked)
    discord.expire(asked)
    await stage.compose(tune.id)
    [message] = await discord.posted(DIRECT)
    assert await stage.delivered(tune.id) == message["id"]
    assert discord.file(message, ".abc") == ABC.encode()


async def test_a_tune_that_cannot_be_delivered_stays_undelivered(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    discord = stage.discord
    asked = await discord.slash("tune", channel=ELSEWHERE, person=HERMIT)
    tune = await stage.accepted(asked)
    discord.expire(asked)
    await stage.compose(tune.id)
    await discord.until(lambda: any(call.startswith("POST /channels/322/") for call in discord.calls))
    await asyncio.sleep(0.2)
    assert [waiting.id for waiting in await stage.storage.undelivered("discord")] == [tune.id]


async def test_delivery_is_given_up_after_a_week(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune"))
    await stage.stop_bot()
    await stage.compose(tune.id)
    monkeypatch.setattr(deliveries, "GIVE_UP_AFTER", deliveries.GIVE_UP_AFTER * 0)
    await stage.start_bot()
    await asyncio.sleep(0.3)
    assert stage.discord.tunes() == []


@pytest.mark.parametrize("pattern", [r"POST /channels/300/messages", r"DELETE /webhooks", r"PATCH /webhooks"])
async def test_delivery_waits_for_a_rate_limit(stage: Stage, pattern: str) -> None:
    discord = stage.discord
    discord.refuse(pattern, 429, LIMITED)
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    await discord.until(lambda: "Next" in (discord.card(asked) or {})["content"])
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = discord.tunes()
    assert discord.file(message, ".abc") == ABC.encode()
    assert discord.card(asked) is None


async def test_a_database_failure_only_delays_the_tune(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver, failures = stage.storage.mark_delivered, iter([OSError("gone"), OSError("still gone")])

    async def fail_twice(tune_id: str, message: str) -> None:
        for failure in failures:
            raise failure
        await deliver(tune_id, message)

    monkeypatch.setattr(stage.storage, "mark_delivered", fail_twice)
    tune = await stage.accepted(await stage.discord.slash("tune"))
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.discord.tunes()) == 1


async def test_without_a_card_a_failure_is_posted_in_the_channel(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    assert asked.original is not None
    del discord.messages[asked.original]
    await stage.storage.fail(tune.id, "The opening leaves no room; hand in fewer bars.")
    message = await stage.delivered(tune.id)
    assert [(m["id"], m["content"]) for m in discord.messages_in()] == [
        (message, "The opening leaves no room; hand in fewer bars.")
    ]


async def test_markup_in_titles_and_abc_is_escaped(stage: Stage) -> None:
    discord = stage.discord
    title = "**@everyone** <@400> `x` [a](https://evil.example) ||s||"
    tune = await stage.accepted(await discord.slash("tune", title=title))
    assert tune.request.title == title
    await stage.compose(tune.id, title=title, abc=f"X:1\nT:```\n@everyone <@&1>\nK:D\n{ABC}")
    [message] = await discord.posted(TUNES)
    first, *rest = message["content"].split("\n")
    assert first == r"**\*\*\@everyone\*\* \<\@400\> \`x\` \[a\]\(https\://evil.example\) \|\|s\|\|**"
    assert "everyone" not in "".join(rest), "what would close its block is only in the file"
    assert message["attachments"][0]["filename"] == "everyone-400-x-a-https-evil-example-s.abc"
    discord.assert_no_pings()


async def test_abc_that_is_too_long_for_a_message_is_only_in_the_file(stage: Stage) -> None:
    tune = await stage.accepted(await stage.discord.slash("tune"))
    await stage.compose(tune.id, abc=ABC * 30)
    [message] = await stage.discord.posted()
    assert "```" not in message["content"]
    assert len(message["attachments"]) == 3


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_deleted_tune_is_not_posted_and_its_card_says_so(stage: Stage, restarted: bool) -> None:
    discord = stage.discord
    asked = await discord.slash("tune")
    tune = await stage.accepted(asked)
    if restarted:
        await stage.stop_bot()
        await stage.start_bot()
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await discord.until(lambda: "5 bars" in (discord.card(asked) or {})["content"])
    await stage.storage.sharing.delete(tune.id, Viewer("discord", tune.origin.user_id))
    await discord.until(lambda: (discord.card(asked) or {})["content"].startswith("Cancelled."))
    await asyncio.sleep(0.3)
    assert discord.messages_in() == [discord.card(asked)]


async def test_the_card_says_that_a_tune_waits_for_room_until_there_is_room(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CHECK_S", 0.05)
    monkeypatch.setattr(room, "FAILED_S", HANG_S)
    await stage.restart()
    stage.storage.room.note_failure()
    asked = await stage.discord.slash("tune")
    tune = await stage.accepted(asked)

    def card() -> str:
        return str((stage.discord.card(asked) or {}).get("content"))

    await stage.discord.until(lambda: "Your tune is stored, and I make it as soon as there is room" in card())
    monkeypatch.setattr(room, "FAILED_S", 0)
    await stage.discord.until(lambda: "Next in the queue" in card())
    await stage.compose(tune.id)
    await stage.delivered(tune.id)


async def test_a_request_that_could_not_be_stored_for_lack_of_room_is_answered_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def add(*_: object, **__: object) -> None:
        raise NoRoom

    monkeypatch.setattr(stage.storage, "add", add)
    answer = await stage.discord.private_message(await stage.discord.slash("tune"))
    assert answer["content"] == "There is no room on my disk, so nothing was stored. Please ask again later."
