"""A shared tune has one post, and an unshared one none, in spite of faults and of processes that die."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.core import channel_posts
from bot.core.texts import sharing
from bot.languages import language
from bot.slack.core import limits
from bot.slack.core.reply import reply_of
from bot.slack.delivery.removal import remove_channel_post
from tests.bot.slack.conftest import Stage
from tests.bot.slack.sharing.conftest import HERE, known, ready_to_share, shared, told
from tests.loopback.slack import (
    PIPER,
    SHOWCASE,
)
from tests.patience import HANG_S

CALLS = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", ["lost", "broken", "refused", "limited"])
async def test_a_shared_tune_is_posted_once_in_spite_of_trouble(stage: Stage, call: str, trouble: str) -> None:
    _, message = await ready_to_share(stage)
    match trouble:
        case "lost":
            stage.slack.lose_answer(call)
        case "broken":
            stage.slack.refuse(call, status=503)
        case "refused":
            stage.slack.refuse(call, "internal_error", status=200 if call != "upload" else 500)
        case "limited":
            stage.slack.refuse(call, "ratelimited", status=429, retry_s=1)
    assert await told(stage, message, "tune:share") == language("de")(sharing.shared_in(SHOWCASE.id))
    assert len(stage.slack.messages_in(SHOWCASE)) == 1
    assert not stage.slack.faults_left


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_process_that_dies_leaves_one_post(stage: Stage, call: str, after: bool) -> None:
    tune_id, message = await ready_to_share(stage)
    calls = stage.slack.calls_of.get(call, 0)
    held = stage.slack.hold(call, after=after)
    await stage.slack.click(message, "tune:share", person=PIPER)
    await stage.slack.until(lambda: stage.slack.calls_of.get(call, 0) > calls)
    await stage.stop_app()
    held.set()
    await stage.start_app()
    post = await known(stage, tune_id)
    assert [each["ts"] for each in stage.slack.messages_in(SHOWCASE)] == [post]


@pytest.mark.parametrize("step", ["set_reply", "mark_posted"])
async def test_a_process_that_dies_before_it_stores_a_step_leaves_one_post(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    tune_id, message = await ready_to_share(stage)
    dying = asyncio.Event()

    async def die(*_: Any, **__: Any) -> None:
        dying.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(stage.storage if step == "set_reply" else stage.storage.sharing, step, die)
        await stage.slack.click(message, "tune:share", person=PIPER)
        async with asyncio.timeout(HANG_S):
            await dying.wait()
        await stage.stop_app()
    await stage.start_app()
    post = await known(stage, tune_id)
    assert [each["ts"] for each in stage.slack.messages_in(SHOWCASE)] == [post]


async def test_a_shared_tune_without_a_post_is_posted_after_a_restart(stage: Stage) -> None:
    tune_id, _ = await ready_to_share(stage)
    await stage.stop_app()
    await stage.storage.sharing.share(tune_id, HERE, channel_id=SHOWCASE.id)
    await stage.start_app()
    await known(stage, tune_id)
    assert len(stage.slack.tunes(SHOWCASE)) == 1


async def test_files_that_slack_discarded_are_uploaded_again(stage: Stage) -> None:
    tune_id, message = await ready_to_share(stage)
    held = stage.slack.hold("files.completeUploadExternal")
    await stage.slack.click(message, "tune:share", person=PIPER)
    await stage.slack.until(lambda: stage.slack.calls_of["files.completeUploadExternal"] == 2)
    await stage.stop_app()
    reply = reply_of(await stage.tune(tune_id))
    assert reply is not None and reply.post_file_ids
    for file_id in reply.post_file_ids:
        stage.slack.files.all[file_id].deleted = True
    held.set()
    await stage.start_app()
    await known(stage, tune_id)
    assert len(stage.slack.tunes(SHOWCASE)) == 1


async def test_another_process_waits_and_takes_over(stage: Stage, other: Stage) -> None:
    tune_id, message = await ready_to_share(stage)
    await other.stop_app()
    held = stage.slack.hold("files.completeUploadExternal", after=True)
    await stage.slack.click(message, "tune:share", person=PIPER)
    [post] = await stage.slack.posted(SHOWCASE)
    await other.start_app()  # it finds a tune that is not posted
    async with asyncio.timeout(HANG_S):
        while [task.get_name() for task in asyncio.all_tasks()].count(f"share {tune_id}") < 2:
            await asyncio.sleep(0.01)
    await stage.stop_app()
    held.set()
    assert await known(other, tune_id) == post["ts"]
    assert stage.slack.messages_in(SHOWCASE) == [post]


async def test_the_post_of_a_tune_unshared_meanwhile_is_deleted(stage: Stage) -> None:
    _, message = await ready_to_share(stage)
    held = stage.slack.hold("files.completeUploadExternal", after=True)
    await stage.slack.click(message, "tune:share", person=PIPER)
    [post] = await stage.slack.posted(SHOWCASE)
    await told(stage, message, "tune:share")
    await stage.slack.click(stage.slack.ephemerals(PIPER)[-1], "tune:unshare", person=PIPER)
    await not_shared(stage)
    held.set()
    await stage.slack.until(lambda: not stage.slack.messages_in(SHOWCASE))
    await stage.slack.until(lambda: all(stage.slack.files.all[file["id"]].deleted for file in post["files"]))


async def not_shared(stage: Stage) -> None:
    async with asyncio.timeout(HANG_S):
        while await shared(stage):
            await asyncio.sleep(0.01)


async def test_a_post_that_a_dead_process_did_not_store_is_removed_when_the_tune_is_unshared(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune_id, message = await ready_to_share(stage)
    held = stage.slack.hold("files.completeUploadExternal", after=True)
    await stage.slack.click(message, "tune:share", person=PIPER)
    await stage.slack.posted(SHOWCASE)
    await stage.stop_app()
    held.set()
    monkeypatch.setattr(channel_posts, "LOOK_FOR_TUNES_S", HANG_S)
    tune = await stage.storage.sharing.unshare(tune_id, HERE)
    await stage.start_app()
    await remove_channel_post(stage.context, tune)
    await stage.slack.until(lambda: not stage.slack.messages_in(SHOWCASE))


async def test_a_post_that_slack_does_not_remove_at_once_is_removed_later(stage: Stage) -> None:
    _, message = await ready_to_share(stage)
    await told(stage, message, "tune:share")
    await told(stage, message, "tune:share")
    stage.slack.refuse("chat.delete", "fatal_error", times=2)
    stage.slack.lose_answer("files.delete")
    await stage.slack.click(stage.slack.ephemerals(PIPER)[-1], "tune:unshare", person=PIPER)
    await stage.slack.until(lambda: not stage.slack.messages_in(SHOWCASE) and not stage.slack.faults_left)


async def test_a_post_whose_ts_slack_never_told_is_removed_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    tune_id, message = await ready_to_share(stage)
    monkeypatch.setattr(limits, "SHARES_S", 0.1)
    stage.slack.files.shares_after_s = None
    await told(stage, message, "tune:share")
    assert (await known(stage, tune_id)).startswith("F")
    [post] = stage.slack.messages_in(SHOWCASE)
    await told(stage, message, "tune:share")
    for file in post["files"]:  # Slack tells it in the end
        stage.slack.files.all[file["id"]].shares.append((SHOWCASE, post["ts"]))
    await stage.slack.click(stage.slack.ephemerals(PIPER)[-1], "tune:unshare", person=PIPER)
    await stage.slack.until(lambda: not stage.slack.messages_in(SHOWCASE))
