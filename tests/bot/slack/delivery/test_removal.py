"""What Slack shows of a deleted tune is removed, whenever it is deleted."""

from __future__ import annotations

import pytest

from bot.slack.core import limits
from bot.slack.delivery.removal import remove_messages
from generator.request import TuneRequest
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import DIRECT, FIDDLER, HIDDEN, TUNES, Channel, text_of

REST = ["1-sergeant-earlys-dream.mp3", "1-sergeant-earlys-dream.png", "set.abc"]
ME = Viewer("slack", FIDDLER.id, FIDDLER.team.id)


async def delete(stage: Stage, tune_id: str) -> None:
    await remove_messages(stage.context, await stage.storage.sharing.delete(tune_id, ME))


def living_files(stage: Stage) -> list[str]:
    return [file.name for file in stage.slack.files.all.values() if not file.deleted]


@pytest.mark.parametrize("channel", [TUNES, DIRECT])
async def test_the_message_and_its_files_are_removed(stage: Stage, channel: Channel) -> None:
    tune_id, _ = await stage.posted(channel=channel)
    await delete(stage, tune_id)
    assert stage.slack.messages_in(channel) == []
    assert living_files(stage) == []
    stage.slack.assert_rules_kept()


async def test_a_tune_that_was_sent_directly_is_removed_there(stage: Stage) -> None:
    tune = await stage.requested(channel=HIDDEN)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.slack.tunes(DIRECT)) == 1
    await delete(stage, tune.id)
    assert stage.slack.messages_in(DIRECT) == []


async def test_an_unfinished_tune_leaves_no_card(stage: Stage) -> None:
    tune = await stage.requested()
    await stage.card(tune.id)
    await delete(stage, tune.id)
    await stage.idle()
    assert stage.slack.messages_in() == []
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize("after", [False, True], ids=["before it takes effect", "after it took effect"])
@pytest.mark.parametrize(
    "call", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info", "chat.delete"]
)
async def test_a_tune_that_is_deleted_while_it_is_posted_leaves_nothing(stage: Stage, call: str, after: bool) -> None:
    tune = await stage.requested()
    await stage.card(tune.id)
    release = stage.slack.hold(f"^{call}$", after=after)
    await stage.compose(tune.id)
    await stage.slack.until(lambda: not stage.slack.faults_left)
    await delete(stage, tune.id)
    release.set()
    await stage.idle()
    assert stage.slack.messages_in() == []
    assert [file.name for file in stage.slack.files.all.values() if file.completed and not file.deleted] == []
    stage.slack.assert_rules_kept()


async def test_a_tune_that_another_process_posts_while_it_is_deleted_leaves_nothing(stage: Stage, other: Stage) -> None:
    tune = await stage.requested()
    await stage.card(tune.id)
    release = stage.slack.hold("files.completeUploadExternal")
    await stage.compose(tune.id)
    await stage.slack.until(lambda: not stage.slack.faults_left)
    await delete(other, tune.id)
    release.set()
    await stage.idle()
    assert stage.slack.messages_in() == []


async def test_the_other_tunes_of_a_set_get_a_new_message(stage: Stage) -> None:
    tune = await stage.requested(TuneRequest.check(), TuneRequest.check())
    assert tune.set_id
    one, two = await stage.storage.set_of(tune.set_id)
    await stage.compose(one.id, title="The Humours of Lissadell")
    await stage.compose(two.id, title="Sergeant Early's Dream")
    message_id = await stage.delivered(two.id)
    await delete(stage, one.id)
    [message] = stage.slack.messages_in()
    assert message["ts"] == await stage.delivered(two.id) != message_id  # others cannot see files that are put into a message
    assert "Lissadell" not in text_of(message) and "Early" in text_of(message)
    assert sorted(file["name"] for file in message["files"]) == REST
    assert sorted(living_files(stage)) == REST
    await delete(stage, two.id)
    assert stage.slack.messages_in() == []
    assert living_files(stage) == []
    stage.slack.assert_rules_kept()


async def test_a_tune_of_a_set_that_is_deleted_while_the_set_is_posted_is_not_in_it(stage: Stage) -> None:
    tune = await stage.requested(TuneRequest.check(), TuneRequest.check())
    assert tune.set_id
    one, two = await stage.storage.set_of(tune.set_id)
    release = stage.slack.hold("files.completeUploadExternal")
    await stage.compose(one.id, title="The Humours of Lissadell")
    await stage.compose(two.id, title="Sergeant Early's Dream")
    await stage.slack.until(lambda: not stage.slack.faults_left)
    await delete(stage, one.id)
    release.set()
    await stage.delivered(two.id)
    [message] = stage.slack.messages_in()
    assert "Lissadell" not in text_of(message) and "Early" in text_of(message)
    stage.slack.assert_rules_kept()


async def test_what_cannot_be_removed_now_is_removed_later(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.removals.RETRY_S", 0.05)
    tune_id, _ = await stage.posted()
    stage.slack.refuse("files.delete", status=503, times=2)
    stage.slack.lose_answer("chat.delete")
    await delete(stage, tune_id)
    await stage.slack.until(lambda: not stage.slack.faults_left and living_files(stage) == [])
    assert stage.slack.messages_in() == []


# --- Slack does not tell which message has a file
async def test_a_ts_that_slack_tells_late_is_asked_for_when_the_tune_is_deleted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHARES_S", 0.0)
    stage.slack.files.shares_after_s = 0.5
    tune = await stage.requested()
    await stage.compose(tune.id)
    message_id = await stage.delivered(tune.id)
    assert message_id.startswith("F")
    await stage.slack.until(lambda: stage.slack.files.all[message_id].shares)
    await delete(stage, tune.id)
    assert stage.slack.messages_in() == []


async def test_without_a_ts_at_least_the_files_are_deleted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SHARES_S", 0.0)
    stage.slack.files.shares_after_s = None
    tune = await stage.requested()
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = await stage.slack.posted()
    await delete(stage, tune.id)
    assert {file["mode"] for file in message["files"]} == {"tombstone"}
