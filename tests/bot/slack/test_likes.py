"""The like button: one like per person, and the right number on every message of the tune."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.core.texts import common
from bot.languages import language
from bot.slack.core import limits
from bot.slack.delivery import posting
from bot.slack.delivery.tune_message import load_tune_message
from generator.request import TuneRequest
from storage import Origin, Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import (
    COMMITTEE,
    CONNECT,
    DIRECT,
    DIRECT_OF,
    FIDDLER,
    HARBOUR,
    PIPER,
    SAILOR,
    SESSION,
    SHOWCASE,
    TUNES,
    Channel,
    Payload,
    Person,
    text_of,
)
from tests.loopback.slack_forms import elements
from tests.patience import HANG_S

HERE = Viewer("slack", FIDDLER.id, SESSION.id)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIKE_CHECK_INTERVAL_S", 0.05)
    monkeypatch.setattr(limits, "LIKE_EDIT_INTERVAL_S", 0.2)
    monkeypatch.setattr(limits, "RELISTEN_S", 0.05)


def shows(message: Payload, number: int) -> Callable[[], bool]:
    return lambda: like_button(message)["text"]["text"] == f"♥ {number}"


def like_button(message: Payload) -> Payload:
    [button] = [element for _, element in elements(message) if element["action_id"] == "tune:like"]
    return button


def edits_of(stage: Stage, message: Payload) -> int:
    """How often the message was edited."""
    return sum(call.method == "chat.update" and call.arguments["ts"] == message["ts"] for call in stage.slack.calls)


def without_number(message: Payload) -> list[Any]:
    """Everything that people see in the message but the number of likes."""
    labels = [element["text"] for _, element in elements(message) if element["action_id"] != "tune:like"]
    return [labels, text_of({"blocks": message["blocks"][:-3]}), [file["id"] for file in message["files"]]]


async def until_liked(stage: Stage, tune_id: str, number: int) -> None:
    async with asyncio.timeout(HANG_S):
        while (await stage.tune(tune_id)).likes != number:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("channel", [TUNES, COMMITTEE, DIRECT], ids=lambda channel: channel.name or "direct")
async def test_a_second_press_removes_the_like_after_a_restart(stage: Stage, channel: Channel) -> None:
    tune_id, message = await stage.posted(channel=channel)
    before = without_number(message)
    await stage.slack.acked(await stage.slack.click(message, "♥ 0"))
    await stage.slack.until(shows(message, 1))
    assert without_number(message) == before
    await stage.restart()
    stage.slack.pass_time(30 * 24 * 3600)
    await stage.slack.acked(await stage.slack.click(message, "♥ 1"))
    await stage.slack.until(shows(message, 0))
    assert (await stage.tune(tune_id)).likes == 0
    assert without_number(message) == before
    assert not stage.slack.ephemerals()
    stage.slack.assert_rules_kept()


async def test_the_message_of_a_continued_tune_keeps_its_link_in_a_thread(stage: Stage) -> None:
    parent, _ = await stage.posted()
    first = await stage.slack.write("a session?")
    _, message = await stage.posted(TuneRequest.check(opening="|:EAAB c2Bc|"), thread=first, parent_id=parent)
    before = without_number(message)
    assert "archives" in before[1]
    await stage.slack.click(message, "♥ 0")
    await stage.slack.until(shows(message, 1))
    assert without_number(message) == before


async def test_a_tune_that_was_sent_directly_keeps_its_note(stage: Stage) -> None:
    tune = await stage.requested()
    stage.slack.leave(TUNES)
    stage.slack.archive(TUNES)
    await stage.compose(tune.id)
    message = stage.slack.state.messages[DIRECT.id, await stage.delivered(tune.id)]
    before = without_number(message)
    assert "I can't post" in before[1]
    await stage.slack.click(message, "♥ 0")
    await stage.slack.until(shows(message, 1))
    assert without_number(message) == before


async def test_every_message_shows_the_number_of_all_likes(stage: Stage) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=SHOWCASE.id)
    tune_id, message = await stage.posted()
    await stage.slack.click(message, "♥ 0", person=PIPER)
    await stage.slack.until(shows(message, 1))
    await stage.slack.click(message, "tune:share")
    [post] = await stage.slack.posted(SHOWCASE)
    assert shows(post, 1)()
    await stage.storage.sharing.like(tune_id, Viewer("web", "somebody"))
    await stage.slack.until(lambda: shows(message, 2)() and shows(post, 2)())
    before = without_number(post)
    await stage.restart()
    await stage.slack.click(post, "♥ 2", person=PIPER)
    await stage.slack.until(lambda: shows(message, 1)() and shows(post, 1)())
    assert without_number(post) == before
    stage.slack.assert_rules_kept()


async def test_likes_given_while_the_app_is_down_are_shown_after_the_start(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    await stage.stop_app()
    await stage.storage.sharing.like(tune_id, HERE)
    await stage.start_app()
    await stage.slack.until(shows(message, 1))


async def test_a_process_that_dies_while_it_edits_a_message_leaves_no_wrong_number(stage: Stage) -> None:
    _, message = await stage.posted()
    held = stage.slack.hold("chat.update", after=True)
    await stage.slack.click(message, "♥ 0")
    await stage.slack.until(shows(message, 1))
    await stage.stop_app()
    held.set()
    await stage.start_app()
    await stage.slack.click(message, "♥ 1")
    await stage.slack.until(shows(message, 0))


async def test_a_message_with_the_right_number_is_not_edited(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    await stage.slack.click(message, "♥ 0")
    await stage.slack.until(shows(message, 1))
    other, marker = await stage.posted()
    await stage.restart()
    await stage.storage.sharing.share(tune_id, HERE)
    await stage.storage.sharing.like(other, HERE)
    await stage.slack.until(shows(marker, 1))
    assert edits_of(stage, message) == 1


async def test_a_tune_that_is_liked_before_it_is_posted_shows_that(stage: Stage) -> None:
    go_on = stage.slack.hold("files.completeUploadExternal")
    tune = await stage.requested()
    await stage.compose(tune.id)
    await stage.slack.until(lambda: stage.slack.calls_of.get("files.completeUploadExternal"))
    await stage.storage.sharing.like(tune.id, HERE)
    go_on.set()
    message = stage.slack.state.messages[TUNES.id, await stage.delivered(tune.id)]
    await stage.slack.until(shows(message, 1))
    await stage.storage.sharing.unlike(tune.id, HERE)
    await stage.slack.until(shows(message, 0))


async def test_a_press_that_slack_sends_twice_counts_once(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    pressed = await stage.slack.click(message, "♥ 0")
    await stage.slack.until(shows(message, 1))
    await stage.slack.acked(await stage.slack.repeat(pressed))
    await stage.restart()
    await stage.slack.acked(await stage.slack.repeat(pressed))
    await stage.slack.acked(await stage.slack.click(message, "tune:like", person=PIPER))
    await until_liked(stage, tune_id, 2)


async def test_guests_of_a_shared_channel_cannot_like_a_private_tune(stage: Stage) -> None:
    tune_id, message = await stage.posted(channel=CONNECT)
    await stage.slack.click(message, "♥ 0", person=SAILOR)
    assert await stage.slack.private_text(SAILOR) == common.TUNE_IS_PRIVATE
    await stage.storage.sharing.share(tune_id, HERE)
    await stage.slack.click(message, "♥ 0", person=SAILOR)
    await stage.slack.until(shows(message, 1))


async def test_the_refusal_is_in_the_persons_language(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    await stage.storage.sharing.delete(tune_id, HERE)
    await stage.slack.click(message, "♥ 0", person=PIPER)
    assert await stage.slack.private_text(PIPER) == language("de")(common.TUNE_GONE)


@pytest.mark.parametrize("value", ["", "x" * 2_000, "' OR 1=1", "../../etc", "000000000000", "elsewhere", "direct"])
async def test_a_forged_press_likes_nothing(stage: Stage, value: str) -> None:
    elsewhere = await stage.storage.add(TuneRequest.check(), Origin("slack", "1", SAILOR.id, "C0QUAY000", HARBOUR.id))
    await stage.compose(elsewhere.id)
    direct, _ = await stage.posted(channel=DIRECT_OF[PIPER.id], person=PIPER)
    _, message = await stage.posted()
    forged = {"elsewhere": elsewhere.id, "direct": direct}.get(value, value)
    blocks = [{"type": "actions", "block_id": "b", "elements": [like_button(message) | {"value": forged}]}]
    await stage.slack.acked(await stage.slack.click(message | {"blocks": blocks}, "tune:like"))
    assert await stage.slack.private_text() == common.TUNE_GONE
    assert [(await stage.tune(tune_id)).likes for tune_id in (elsewhere.id, direct)] == [0, 0]


@pytest.mark.parametrize("trouble", ["lost", "broken", "refused", "limited"])
async def test_the_number_is_shown_in_spite_of_trouble(stage: Stage, trouble: str) -> None:
    _, message = await stage.posted()
    match trouble:
        case "lost":
            stage.slack.lose_answer("chat.update", times=2)
        case "broken":
            stage.slack.refuse("chat.update", status=503, times=2)
        case "refused":
            stage.slack.refuse("chat.update", "fatal_error", times=2)
        case "limited":
            stage.slack.refuse("chat.update", "ratelimited", status=429, retry_s=1)
    await stage.slack.click(message, "♥ 0")
    await stage.slack.until(lambda: shows(message, 1)() and not stage.slack.faults_left)


async def test_a_message_that_is_gone_does_not_stop_the_others(stage: Stage) -> None:
    gone, lost = await stage.posted()
    del stage.slack.state.messages[TUNES.id, lost["ts"]]
    await stage.storage.sharing.like(gone, HERE)
    tune_id, message = await stage.posted()
    await stage.storage.sharing.like(tune_id, HERE)
    await stage.slack.until(shows(message, 1))
    assert edits_of(stage, lost) <= 1


async def test_tunes_of_other_platforms_do_not_stop_the_others(stage: Stage) -> None:
    origin = Origin("discord", "1", "7", channel_id="8", community_id="9", reply={"application": "1"})
    other = await stage.storage.add(TuneRequest.check(), origin)
    await stage.compose(other.id)
    await stage.storage.mark_delivered(other.id, "10")
    await stage.storage.sharing.like(other.id, Viewer("discord", "7"))
    tune_id, message = await stage.posted()
    await stage.storage.sharing.like(tune_id, HERE)
    await stage.slack.until(shows(message, 1))


async def test_the_number_is_right_where_slack_does_not_tell_the_message(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SHARES_S", 0.1)
    stage.slack.files.shares_after_s = None
    tune = await stage.requested()
    await stage.compose(tune.id)
    assert (await stage.delivered(tune.id)).startswith("F")
    [message] = stage.slack.tunes()
    await stage.slack.click(message, "♥ 0")
    await stage.slack.until(shows(message, 1))


async def test_of_a_message_that_is_not_stored_only_the_number_changes(stage: Stage) -> None:
    tune_id, _ = await stage.posted()
    client = await stage.context.clients.of(SESSION.id, "")
    copy = await load_tune_message(stage.context, await stage.tune(tune_id), language("en"))
    await posting.complete(client, copy, await posting.upload(client, stage.context.clients, copy), SHOWCASE.id, "")
    [message] = await stage.slack.posted(SHOWCASE)
    before = without_number(message)
    await stage.slack.click(message, "♥ 0")
    await stage.slack.until(shows(message, 1))
    await stage.storage.sharing.like(tune_id, Viewer("slack", PIPER.id, SESSION.id))
    await stage.slack.until(shows(message, 2))
    assert without_number(message) == before


async def test_a_private_message_shows_the_new_number(stage: Stage) -> None:
    tune_id, message = await stage.posted(TuneRequest.check(seed=1), TuneRequest.check(seed=2))
    await stage.slack.choose(message, "set:choose", tune_id)
    [private] = await stage.slack.until(stage.slack.ephemerals)
    for number in (1, 0):
        await stage.slack.acked(await stage.slack.click(private, "tune:like"))
        await stage.slack.until(shows(private, number))
    await until_liked(stage, tune_id, 0)
    assert edits_of(stage, message) == 0
    assert stage.slack.ephemerals() == [private]


async def test_two_processes_edit_each_message_once(stage: Stage, other: Stage) -> None:
    posted = [await stage.posted() for _ in range(3)]
    for tune_id, _ in posted:
        await stage.storage.sharing.like(tune_id, HERE)
    await stage.slack.until(lambda: all(shows(message, 1)() for _, message in posted))
    assert [edits_of(stage, message) for _, message in posted] == [1, 1, 1]


async def test_another_process_takes_over(stage: Stage, other: Stage) -> None:
    tune_id, message = await stage.posted()
    await stage.storage.sharing.like(tune_id, HERE)
    await stage.slack.until(shows(message, 1))
    await stage.stop_app()
    await stage.storage.sharing.like(tune_id, Viewer("slack", PIPER.id, SESSION.id))
    await stage.slack.until(shows(message, 2))


async def test_a_hundred_people_press_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIKE_CHECK_INTERVAL_S", 1.0)
    monkeypatch.setattr(limits, "LIKE_EDIT_INTERVAL_S", 3.0)
    people = [Person(f"U0CROWD{number:03}", f"person {number}") for number in range(100)]
    stage.slack.state.people |= {person.id: person for person in people}
    began_s = time.monotonic()
    _, message = await stage.posted()
    pressed = [await stage.slack.click(message, "tune:like", person=person) for person in people]
    for sent in pressed:
        await stage.slack.acked(sent, 5 * HANG_S)
    await stage.slack.until(shows(message, 100), 5 * HANG_S)
    assert edits_of(stage, message) <= 1 + (time.monotonic() - began_s) / 3, "at most one in 3 s, however long it takes"
    assert stage.slack.messages_in() == [message]
    stage.slack.assert_rules_kept()
