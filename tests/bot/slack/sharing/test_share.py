"""Share and Unshare: the gallery and the sharing channel."""

from __future__ import annotations

import pytest

from bot.core.texts import common, sharing
from bot.languages import language
from bot.slack.core import limits
from tests.bot.slack.conftest import Stage
from tests.bot.slack.sharing.conftest import ready_to_share, shared, sharing_in, told
from tests.bot.worker import ABC
from tests.loopback.slack import (
    ATTIC,
    COMMITTEE,
    CONNECT,
    DIRECT,
    FIDDLER,
    GUEST,
    HIDDEN,
    LOBBY,
    NEWS,
    OWNER,
    PIPER,
    SAILOR,
    SESSION,
    SHOWCASE,
    TUNES,
    Channel,
    Person,
    text_of,
)


async def test_the_owner_shares_a_tune_after_a_restart(stage: Stage) -> None:
    tune_id, message = await ready_to_share(stage)
    await stage.restart()
    text = await told(stage, message, "tune:share")
    assert text == language("de")(sharing.shared_in(SHOWCASE.id))
    [post] = stage.slack.messages_in(SHOWCASE)
    assert stage.slack.file(post, ".abc") == ABC.encode()
    assert stage.slack.buttons(post) == stage.slack.buttons(message)
    assert f"geteilt von <@{PIPER.id}>" in text_of(post)
    assert await shared(stage) == [tune_id]
    tune = await stage.tune(tune_id)
    assert tune.shared is not None
    assert (tune.shared.community_id, tune.shared.message_id) == (SESSION.id, post["ts"])
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize("channel", [DIRECT, TUNES, COMMITTEE, CONNECT], ids=lambda channel: channel.name or "direct")
async def test_without_a_sharing_channel_the_tune_is_only_in_the_gallery(stage: Stage, channel: Channel) -> None:
    tune_id, message = await stage.posted(channel=channel)
    assert await told(stage, message, "tune:share", FIDDLER) == sharing.SHARED
    assert await shared(stage) == [tune_id]


async def test_a_tune_requested_in_the_sharing_channel_is_not_posted_again(stage: Stage) -> None:
    tune_id, message = await ready_to_share(stage, TUNES)
    assert await told(stage, message, "tune:share") == language("de")(sharing.SHARED)
    assert stage.slack.messages_in() == [message]
    assert await shared(stage) == [tune_id]


async def test_a_tune_that_was_requested_directly_is_posted_in_the_sharing_channel(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    _, message = await stage.posted(channel=DIRECT)
    assert await told(stage, message, "tune:share", FIDDLER) == sharing.shared_in(SHOWCASE.id)
    assert len(stage.slack.tunes(SHOWCASE)) == 1


@pytest.mark.parametrize("person", [FIDDLER, GUEST, OWNER], ids=lambda person: person.name)
async def test_only_the_owner_can_share(stage: Stage, person: Person) -> None:
    _, message = await ready_to_share(stage)
    text = await told(stage, message, "tune:share", person)
    assert text == language(person.locale)("Only the owner of this tune can share it.")
    assert await shared(stage) == []


async def test_a_guest_from_another_workspace_can_neither_share_nor_unshare(stage: Stage) -> None:
    await sharing_in(stage, SHOWCASE)
    tune_id, message = await stage.posted(channel=CONNECT)
    assert await told(stage, message, "tune:share", SAILOR) == common.TUNE_IS_PRIVATE
    await told(stage, message, "tune:share", FIDDLER)
    assert await told(stage, message, "tune:share", SAILOR) == sharing.ALREADY_SHARED  # an administrator, but not here
    assert await shared(stage) == [tune_id]


async def test_the_owner_unshares_a_tune_after_a_restart(stage: Stage) -> None:
    _, message = await ready_to_share(stage)
    await told(stage, message, "tune:share")
    [post] = stage.slack.tunes(SHOWCASE)
    await told(stage, message, "tune:share")
    question = stage.slack.ephemerals(PIPER)[-1]
    assert len(await shared(stage)) == 1
    await stage.restart()
    await stage.slack.click(question, "tune:unshare", person=PIPER)
    unshared = language("de")(sharing.UNSHARED)
    await stage.slack.until(lambda: question["text"] == unshared)
    assert not stage.slack.buttons(question)
    assert not await shared(stage)
    assert not stage.slack.messages_in(SHOWCASE)
    assert all(stage.slack.files.all[file["id"]].deleted for file in post["files"])
    await told(stage, message, "tune:share")
    assert len(stage.slack.tunes(SHOWCASE)) == 1
    stage.slack.assert_rules_kept()


async def test_an_administrator_can_unshare_and_others_cannot(stage: Stage) -> None:
    tune_id, message = await ready_to_share(stage)
    await told(stage, message, "tune:share")
    [post] = stage.slack.tunes(SHOWCASE)
    assert await told(stage, post, "tune:share", GUEST) == language("es")(sharing.ALREADY_SHARED)
    assert not stage.slack.buttons(stage.slack.ephemerals(GUEST)[-1])
    assert await told(stage, post, "tune:share", FIDDLER) == sharing.UNSHARE_QUESTION
    question = stage.slack.ephemerals()[-1]
    forged = post | {"blocks": question["blocks"]}
    assert "moderación" in await told(stage, forged, "tune:unshare", GUEST)
    assert await shared(stage) == [tune_id]
    await stage.slack.click(question, "tune:unshare")
    await stage.slack.until(lambda: question["text"] == sharing.UNSHARED)
    assert not await shared(stage)
    assert not stage.slack.messages_in(SHOWCASE)
    assert stage.slack.messages_in() == [message]


async def test_the_app_joins_a_public_sharing_channel(stage: Stage) -> None:
    _, message = await ready_to_share(stage, LOBBY)
    assert await told(stage, message, "tune:share") == language("de")(sharing.shared_in(LOBBY.id))
    assert len(stage.slack.tunes(LOBBY)) == 1


@pytest.mark.parametrize("channel", [NEWS, ATTIC, HIDDEN], ids=lambda channel: channel.name)
async def test_if_the_app_may_not_post_the_tune_is_shared_with_a_notice(stage: Stage, channel: Channel) -> None:
    tune_id, message = await ready_to_share(stage, channel)
    assert await told(stage, message, "tune:share") == language("de")(sharing.shared_but_not_posted_in(channel.id))
    assert await shared(stage) == [tune_id]
    assert not stage.slack.messages_in(channel)


async def test_who_waits_too_long_for_the_post_is_told_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHANNEL_POST_S", 0.01)
    _, message = await ready_to_share(stage)
    go_on = stage.slack.hold("files.completeUploadExternal")
    assert await told(stage, message, "tune:share") == language("de")(sharing.posted_later_in(SHOWCASE.id, "Slack"))
    go_on.set()
    await stage.slack.posted(SHOWCASE)


async def test_a_press_that_slack_sends_twice_is_answered_once(stage: Stage) -> None:
    _, message = await ready_to_share(stage)
    pressed = await stage.slack.click(message, "tune:share", person=PIPER)
    await stage.slack.private_text(PIPER)
    await stage.slack.acked(await stage.slack.repeat(pressed))
    assert await told(stage, message, "tune:share") == language("de")(sharing.UNSHARE_QUESTION)
    assert len(stage.slack.ephemerals(PIPER)) == 2
    assert len(stage.slack.tunes(SHOWCASE)) == 1


@pytest.mark.parametrize("value", ["", "x" * 2_000, "000000000000", "direct"])
async def test_a_forged_press_shares_nothing(stage: Stage, value: str) -> None:
    private, _ = await stage.posted(channel=DIRECT)
    _, message = await ready_to_share(stage)
    button = {"type": "button", "action_id": "tune:share", "text": {"type": "plain_text", "text": "Share"}}
    button["value"] = private if value == "direct" else value
    forged = message | {"blocks": [{"type": "actions", "block_id": "b", "elements": [button]}]}
    assert await told(stage, forged, "tune:share") == language("de")(common.TUNE_GONE)
    assert await shared(stage) == []
