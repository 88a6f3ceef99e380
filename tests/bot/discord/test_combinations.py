"""Combinations of chat, sets, missing permissions, deleting and cancelling."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.discord.core import limits
from storage import Tune, Viewer
from tests.bot.discord.conftest import Stage
from tests.bot.discord.test_session import FIRST, started_session
from tests.bot.discord.test_sets import posted_set, tunes_of
from tests.loopback.discord import (
    APPLICATION,
    DIRECT,
    FIDDLER,
    MENTION,
    SHOWCASE,
    SILENT,
    THREAD,
    TUNES,
    Payload,
)
from tests.loopback.discord_world import ATTACH_FILES

OWNER = Viewer("discord", FIDDLER.id, TUNES.server)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_S", 0.05)


async def delete(stage: Stage, message: Payload) -> None:
    question = await stage.discord.private_message(await stage.discord.click(message, "Delete"))
    await stage.discord.answered(await stage.discord.click(question, "Delete for good"))


async def test_a_mention_in_a_thread_of_an_allowed_channel_is_accepted(stage: Stage) -> None:
    await stage.storage.preferences.change_community(OWNER, channels=(TUNES.id,))
    tune = await stage.tune_of_message(await stage.discord.write(f"{MENTION} a reel", channel=THREAD))
    assert tune.origin.channel_id == THREAD.id


async def test_a_mention_in_another_channel_gets_a_link_to_the_allowed_one(stage: Stage) -> None:
    discord = stage.discord
    await stage.storage.preferences.change_community(OWNER, channels=(TUNES.id,))
    await discord.write(f"{MENTION} a reel", channel=SHOWCASE)
    answers = await discord.until(lambda: [m for m in discord.messages_in(SHOWCASE) if m["author"]["id"] == APPLICATION])
    assert f" <#{TUNES.id}> " in answers[0]["content"]


async def test_a_card_whose_answer_is_lost_is_not_repeated(stage: Stage) -> None:
    discord = stage.discord
    discord.lose_answer(rf"POST /channels/{TUNES.id}/messages")
    said = await discord.write(f"{MENTION} a reel")
    tune = await stage.tune_of_message(said)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in discord.messages_in()] == [said["id"], message]


async def test_a_card_that_cannot_be_stored_does_not_stop_the_tune(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(stage.storage, "set_reply", fail)
    said = await stage.discord.write(f"{MENTION} a reel")
    tune = await stage.tune_of_message(said)
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert [m["id"] for m in stage.discord.messages_in()] == [said["id"], message]


async def test_if_the_bot_may_not_write_the_tune_of_a_mention_is_complete_and_says_why(stage: Stage) -> None:
    tune = await stage.tune_of_message(await stage.discord.write(f"{MENTION} a reel", channel=SILENT))
    await stage.compose(tune.id)
    message = stage.discord.messages[await stage.delivered(tune.id)]
    assert message in stage.discord.messages_in(DIRECT)
    assert "I can't post in the channel where you requested this tune" in message["content"]
    assert "|:EAAB" in message["content"]
    assert len(message["attachments"]) == 3


async def test_deleting_a_tune_posted_as_text_deletes_the_files_on_its_card(stage: Stage) -> None:
    discord = stage.discord
    discord.forbid(TUNES, ATTACH_FILES)
    _, message = await stage.posted(person=FIDDLER)
    assert [len(m["attachments"]) for m in discord.messages_in()] == [3, 0]
    await delete(stage, message)
    await discord.until(lambda: not discord.messages_in())


async def test_deleting_one_tune_of_a_set_keeps_the_others_in_the_message(stage: Stage) -> None:
    discord = stage.discord
    tunes, message = await posted_set(stage, TUNES, count=2)
    await delete(stage, await discord.private_message(await discord.select(message, "2. Number 2")))
    await discord.until(lambda: "Number 2" not in message["content"])
    assert message["content"].startswith("**A set of 1 tune**\n1. **Number 1**")
    assert [file["filename"] for file in message["attachments"]] == ["set.abc", "set.mp3", "1-number-1.png"]
    assert "Number 2" not in discord.file(message, ".abc").decode()
    await delete(stage, await discord.private_message(await discord.select(message, "1. Number 1")))
    await discord.until(lambda: not discord.messages_in())
    assert await stage.storage.set_of(tunes[0].id) == []


async def test_deleting_one_tune_of_an_unfinished_set_does_not_stop_the_others(stage: Stage) -> None:
    discord = stage.discord
    first, second = await tunes_of(stage, await discord.slash("set", count=2))
    await stage.compose(first.id, title="Not This")
    page = await discord.private_message(await discord.slash("mine"))
    opened = await discord.select(page, "Not This")
    await discord.answered(opened)
    await discord.until(lambda: "Delete" in discord.buttons(page))
    await discord.answered(await discord.click(page, "Delete"))
    await discord.until(lambda: "Delete for good" in discord.buttons(page))
    await discord.answered(await discord.click(page, "Delete for good"))
    await discord.until(lambda: "Delete for good" not in discord.buttons(page))
    await stage.compose(second.id, title="The Other")
    message = discord.messages[await stage.delivered(second.id)]
    assert "1. **The Other**" in message["content"]
    assert "Not This" not in message["content"]


async def test_a_set_with_one_finished_tune_is_still_called_a_set(stage: Stage) -> None:
    first, second = await tunes_of(stage, await stage.discord.slash("set", count=2))
    await stage.storage.fail(first.id, "It broke.")
    await stage.compose(second.id)
    message = stage.discord.messages[await stage.delivered(second.id)]
    assert message["content"].startswith("**A set of 1 tune**")
    assert [file["filename"] for file in message["attachments"]][:2] == ["set.abc", "set.mp3"]


async def test_a_set_whose_delivery_was_stored_in_part_is_completed_after_a_restart(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember, remembered = stage.storage.mark_delivered, asyncio.Event()

    async def die_after_the_first(tune_id: str, message: str) -> None:
        if remembered.is_set():
            await asyncio.Event().wait()
        await remember(tune_id, message)
        remembered.set()

    monkeypatch.setattr(stage.storage, "mark_delivered", die_after_the_first)
    first, second = await tunes_of(stage, await stage.discord.slash("set", count=2))
    for tune in (first, second):
        await stage.compose(tune.id)
    message = await stage.delivered(first.id)
    await stage.stop_bot()
    monkeypatch.setattr(stage.storage, "mark_delivered", remember)
    await stage.start_bot()
    assert await stage.delivered(second.id) == message
    assert [m["id"] for m in stage.discord.tunes()] == [message]


async def test_cancelling_a_set_removes_the_posts_of_its_shared_tunes(stage: Stage) -> None:
    discord = stage.discord
    asked = await discord.slash("set", count=2)
    first, _ = await tunes_of(stage, asked)
    await stage.compose(first.id)
    shared = await stage.storage.sharing.share(first.id, OWNER, channel_id=SHOWCASE.id)
    stage.side_bot.context.channel_posts.post(shared)
    await discord.posted(SHOWCASE)
    await discord.until(lambda: "1 of 2 tunes finished" in (discord.card(asked) or {})["content"])
    card = discord.card(asked)
    assert card is not None
    await discord.click(card, "Cancel")
    await discord.until(lambda: not discord.messages_in(SHOWCASE))


async def test_again_under_a_set_is_answered_at_once_with_a_slow_database(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    discord, set_of, answered = stage.discord, stage.storage.set_of, asyncio.Event()
    _, message = await posted_set(stage, TUNES, count=2)

    async def slow(set_id: str) -> list[Tune]:
        await answered.wait()
        return await set_of(set_id)

    monkeypatch.setattr(stage.storage, "set_of", slow)
    monkeypatch.setattr(limits, "STORE_FIRST_S", 0.05)
    pressed = await discord.click(message, "Again")
    await discord.deferred(pressed)
    answered.set()
    assert len(await tunes_of(stage, pressed)) == 2


async def test_again_under_a_deleted_set_is_refused_privately(stage: Stage) -> None:
    tunes, message = await posted_set(stage, TUNES, count=2)
    for tune in tunes:
        await stage.storage.sharing.delete(tune.id, OWNER)
    assert "no longer have that tune" in await stage.discord.private_text(await stage.discord.click(message, "Again"))


async def test_a_phrase_is_answered_in_time_with_a_slow_database(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    discord = stage.discord
    _, opening = await started_session(stage)
    tune = await stage.accepted(await discord.submit(await discord.answered(await discord.click(opening, "Your turn")), FIRST))
    await stage.compose(tune.id)
    message = discord.messages[await stage.delivered(tune.id)]
    form = await discord.answered(await discord.click(message, "Your turn"))

    async def slow(_: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(stage.storage, "tune", slow)
    monkeypatch.setattr(limits, "LOOKUP_S", 0.05)
    assert "try again in a minute" in await discord.private_text(await discord.submit(form, FIRST))


async def test_another_one_in_reply_to_a_set_repeats_its_first_request(stage: Stage) -> None:
    _, message = await posted_set(stage, TUNES, rhythm="jig", key="D", count=2)
    tune = await stage.tune_of_message(await stage.discord.write("another one!", reply_to=message))
    assert (tune.request.rhythm, tune.request.key) == ("jig", "D")


@pytest.mark.parametrize("command", ["set", "session"])
async def test_keys_are_offered_in_the_persons_language(stage: Stage, command: str) -> None:
    german = replace(FIDDLER, locale="de")
    names = [choice["name"] for choice in await stage.discord.autocomplete(command, "key", "Dm", person=german)]
    assert "D-Moll" in names
