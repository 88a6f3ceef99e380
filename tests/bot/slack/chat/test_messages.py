"""Requests in messages: mentions, direct messages and replies in threads, with words, ABC and files."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.core import reply_limit
from bot.core.texts import chat as texts
from bot.core.texts import common as common_texts
from bot.slack.core import limits
from bot.slack.core.submission import accept
from generator.request import TuneRequest
from storage import Viewer
from tests.bot.slack.conftest import MESSAGES_S, Stage
from tests.bot.worker import ABC
from tests.loopback.slack import (
    COMMITTEE,
    CONNECT,
    DIRECT,
    FIDDLER,
    PIPER,
    SAILOR,
    SESSION,
    SHOWCASE,
    TUNES,
    Channel,
    FakeSlack,
    Limits,
    Payload,
    Upload,
)
from tests.patience import HANG_S

LINE = "|:EAAB c2Bc|dBAB G2EG|"
FILE = Upload("tune.abc", ABC.encode())


@pytest.fixture
async def slack() -> Any:
    """A workspace without agent view: tests of that are in tests/bot/slack/assistant."""
    async with FakeSlack(limits=Limits(messages_s=MESSAGES_S), assistant=None) as slack:
        yield slack


async def posted_tune(stage: Stage, channel: Channel = TUNES, **changes: Any) -> tuple[str, Payload]:
    tune = await stage.accepted(await stage.slack.slash("tune", "reel seed:7 temperature:0.8 instrument:harp", channel=channel))
    await stage.compose(tune.id, **changes)
    return tune.id, stage.slack.state.messages[channel.id, await stage.delivered(tune.id)]


async def unanswered(stage: Stage) -> None:
    """Checks that nothing was requested or said. An event is acknowledged after it is handled."""
    assert await stage.storage.undelivered("slack") == []
    assert not stage.slack.ephemerals() and not [message for message in stage.slack.messages_in() if "bot_id" in message]


@pytest.mark.parametrize("channel", [TUNES, COMMITTEE], ids=lambda channel: channel.name)
async def test_a_mention_is_answered_in_its_thread(stage: Stage, channel: Channel) -> None:
    said = await stage.slack.mention("a slow jig in G minor, please", channel=channel)
    tune = await stage.accepted(said)
    request = tune.request
    assert (request.rhythm, request.key, request.tempo, request.opening) == ("jig", "Gm", 0.75, "")
    assert (tune.origin.user_id, tune.origin.channel_id, tune.origin.community_id) == (FIDDLER.id, channel.id, SESSION.id)
    assert (await stage.card(tune.id))["thread_ts"] == said["ts"]
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert [reply["ts"] for reply in stage.slack.thread(said)] == [message], "the card is gone"
    stage.slack.assert_rules_kept()


async def test_a_direct_message_is_answered_beside_it(stage: Stage) -> None:
    tune = await stage.accepted(await stage.slack.direct("a slow jig in G minor, please"))
    assert (tune.origin.channel_id, tune.origin.community_id) == (DIRECT.id, "")
    await stage.compose(tune.id)
    [message] = await stage.slack.posted(DIRECT)
    assert "thread_ts" not in message
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize(
    ("content", "files", "parameters"),
    [
        (f"a reel from this:\n```\n{LINE}\n```", [], {"opening": LINE, "rhythm": "reel", "mode": "continue"}),
        (f"a reel from this: {LINE}", [], {"opening": LINE, "rhythm": "reel", "mode": "continue"}),
        ("M:4/4\nK:D\n|:A>B c<d ef2g|a4 a4:|", [], {"opening": "M:4/4\nK:D\n|:A>B c<d ef2g|a4 a4:|"}),
        (LINE, [], {"opening": LINE, "rhythm": None, "mode": "continue"}),
        (f"please answer\n{LINE}", [], {"opening": LINE, "mode": "answer"}),
        ("play this on the flute", [FILE], {"opening": ABC.strip(), "mode": "play", "instrument": "flute"}),
        ("vary it a lot", [Upload("photo.png", b"\x89PNG"), FILE], {"opening": ABC.strip(), "mode": "vary", "strength": 3}),
        ("", [FILE], {"opening": ABC.strip(), "mode": "continue"}),
        ("play me something wild", [], {"opening": "", "mode": "continue", "temperature": 1.3}),
        ("surprise me", [], {"opening": "", "rhythm": None, "temperature": 1.0}),
        (f"reel key:Ador opening:{LINE}", [], {"opening": LINE, "rhythm": "reel", "key": "Ador"}),
        ("tempo:0.8 instrument:flute", [FILE], {"opening": ABC.strip(), "tempo": 0.8, "instrument": "flute"}),
    ],
)
async def test_abc_a_file_and_words_form_one_request(
    stage: Stage, content: str, files: list[Upload], parameters: dict[str, Any]
) -> None:
    tune = await stage.accepted(await stage.slack.mention(content, files=files))
    assert {name: getattr(tune.request, name) for name in parameters} == parameters


@pytest.mark.parametrize("channel", [TUNES, DIRECT], ids=lambda channel: channel.name)
@pytest.mark.parametrize(
    ("reply", "parameters"),
    [
        ("vary it", {"opening": ABC.strip(), "mode": "vary"}),
        ("slower", {"opening": ABC.strip(), "mode": "play", "tempo": 0.75, "instrument": "harp"}),
        ("in D", {"opening": ABC.strip(), "mode": "play", "key": "Ddor"}),
        ("a waltz", {"opening": "", "rhythm": "waltz", "key": "Ador", "temperature": 0.8}),
        (LINE, {"opening": LINE, "mode": "continue"}),
        ("another one", {"opening": "", "rhythm": "reel", "instrument": "harp"}),
        ("instrument:flute", {"opening": ABC.strip(), "mode": "play", "instrument": "flute"}),
    ],
)
async def test_a_reply_in_its_thread_derives_from_a_tune_after_a_restart(
    stage: Stage, channel: Channel, reply: str, parameters: dict[str, Any]
) -> None:
    tune_id, message = await posted_tune(stage, channel)
    await stage.restart()
    called = "" if channel is DIRECT else f"<@{SESSION.bot_user}> "
    tune = await stage.accepted(await stage.slack.reply(message, f"{called}{reply}"))
    assert {name: getattr(tune.request, name) for name in parameters} == parameters
    assert tune.parent_id == (None if reply == "another one" else tune_id)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert stage.slack.thread(message)[-1]["files"]
    stage.slack.assert_rules_kept()


async def test_in_a_thread_the_latest_tune_is_meant(stage: Stage) -> None:
    said = await stage.slack.mention("a reel")
    first = await stage.accepted(said)
    await stage.compose(first.id)
    await stage.delivered(first.id)
    second = await stage.accepted(await stage.slack.reply(said, f"<@{SESSION.bot_user}> vary it", person=PIPER))
    assert second.parent_id == first.id
    await stage.compose(second.id)
    await stage.delivered(second.id)
    elsewhere = await stage.accepted(await stage.slack.mention("a jig"))
    await stage.compose(elsewhere.id)
    await stage.delivered(elsewhere.id)
    third = await stage.accepted(await stage.slack.reply(said, f"<@{SESSION.bot_user}> slower"))
    assert third.parent_id == second.id


async def test_a_reply_to_a_set_means_its_first_tune(stage: Stage) -> None:
    set_id, message = await stage.posted(*TuneRequest.check(rhythm="reel").in_a_row(2))
    tune = await stage.accepted(await stage.slack.reply(message, f"<@{SESSION.bot_user}> vary it"))
    assert tune.parent_id == set_id


async def test_a_reply_to_a_post_in_the_sharing_channel_means_its_tune(stage: Stage) -> None:
    tune_id, _ = await stage.posted()
    post = await stage.slack.write("stands for the post", channel=SHOWCASE)
    await stage.storage.sharing.share(tune_id, Viewer("slack", FIDDLER.id, SESSION.id), channel_id=SHOWCASE.id)
    await stage.storage.sharing.mark_posted(tune_id, post["ts"])
    tune = await stage.accepted(await stage.slack.reply(post, f"<@{SESSION.bot_user}> vary it", person=PIPER))
    assert (tune.parent_id, tune.origin.channel_id) == (tune_id, SHOWCASE.id)


async def test_in_the_thread_of_a_deleted_tune_words_ask_for_a_new_one(stage: Stage) -> None:
    tune_id, message = await posted_tune(stage)
    await stage.storage.sharing.delete(tune_id, Viewer("slack", FIDDLER.id))
    tune = await stage.accepted(await stage.slack.reply(message, f"<@{SESSION.bot_user}> a waltz"))
    assert (tune.request.rhythm, tune.parent_id) == ("waltz", None)


async def test_a_guest_of_a_shared_channel_gets_a_tune_of_no_workspace(stage: Stage) -> None:
    tune = await stage.accepted(await stage.slack.mention("a reel", channel=CONNECT, person=SAILOR))
    assert (tune.origin.user_id, tune.origin.community_id) == (SAILOR.id, "")
    await stage.compose(tune.id)
    await stage.slack.posted(CONNECT)


async def test_a_file_of_a_guest_is_looked_up(stage: Stage) -> None:
    tune = await stage.accepted(await stage.slack.mention("play it", channel=CONNECT, person=SAILOR, files=[FILE]))
    assert (tune.request.mode, tune.request.opening) == ("play", ABC.strip())


async def test_what_is_not_written_to_the_app_is_ignored(stage: Stage) -> None:
    _, message = await posted_tune(stage)
    before = len(stage.slack.messages_in())
    for said in (
        await stage.slack.write("a reel, please"),
        await stage.slack.reply(message, "vary it"),
        await stage.slack.write(f"<@{SESSION.bot_user}> a reel", bot_id="B0OTHER"),
    ):
        if any(sent.event.get("ts") == said["ts"] for sent in stage.slack.sent if sent.kind == "events_api"):
            await stage.slack.acked(said)
    assert await stage.storage.undelivered("slack") == []
    assert len(stage.slack.messages_in()) == before + 3


async def test_an_edit_asks_for_nothing(stage: Stage) -> None:
    said = await stage.slack.direct("hello, a reel")
    tune = await stage.accepted(said)
    await stage.slack.acked(await stage.slack.edit(said, "a jig"))
    mentioned = await stage.slack.mention("a jig", edited={"user": FIDDLER.id, "ts": "1.000001"})
    await stage.slack.acked(mentioned)
    assert [waiting.id for waiting in await stage.storage.undelivered("slack")] == [tune.id]


async def test_a_mention_without_a_request_is_explained_privately(stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.mention("how are you?"))
    assert await stage.slack.private_text() == texts.HOW_TO_REQUEST
    await stage.slack.acked(await stage.slack.direct("how are you?"))
    [_, explained] = await stage.slack.until(lambda: found if len(found := stage.slack.messages_in(DIRECT)) > 1 else None)
    assert explained["text"] == texts.HOW_TO_REQUEST
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize(
    ("content", "files", "told"),
    [
        ("in C locrian", [], "not in C locrian"),
        ("", [Upload("tune.abc", b"\x00\x01")], common_texts.FILE_NOT_TEXT),
        ("", [Upload("tune.abc", b"please write me a nice tune")], "is not ABC"),
        ("vary it", [], "There is no tune to vary"),
        ("rhythm:*bold*", [], "\u200b*\u200bbold"),
    ],
)
async def test_a_refusal_is_private(stage: Stage, content: str, files: list[Upload], told: str) -> None:
    said = await stage.slack.mention(content, files=files)
    await stage.slack.acked(said)
    assert told in await stage.slack.private_text()
    assert not stage.slack.thread(said)
    stage.slack.assert_rules_kept()


async def test_a_refusal_is_in_the_persons_language(stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.mention("in C locrian", person=PIPER))
    assert "C-lokrisch" in await stage.slack.private_text(PIPER)


async def test_a_person_gets_few_explanations(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(reply_limit.REPLIES + 2):
        await stage.slack.acked(await stage.slack.mention("how are you?"))
    assert len(stage.slack.ephemerals()) == reply_limit.REPLIES
    await stage.accepted(await stage.slack.mention("a reel"))
    monkeypatch.setattr(reply_limit, "REPLIES_S", 0.0)
    await stage.slack.acked(await stage.slack.mention("how are you?"))
    assert len(stage.slack.ephemerals()) == reply_limit.REPLIES + 1


async def test_an_event_that_slack_sends_again_is_one_tune(stage: Stage) -> None:
    said = await stage.slack.mention("a reel")
    sent = stage.slack.event_of(said)
    tune = await stage.accepted(said)
    await stage.slack.acked(await stage.slack.repeat(sent))
    await stage.restart()
    await stage.slack.acked(await stage.slack.repeat(sent))
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    await stage.slack.acked(await stage.slack.repeat(sent))
    await stage.idle()
    assert len(stage.slack.tunes()) == 1
    stage.slack.assert_rules_kept()


async def test_an_event_that_slack_sends_again_is_explained_once(stage: Stage) -> None:
    said = await stage.slack.mention("how are you?")
    sent = stage.slack.event_of(said)
    await stage.slack.acked(said)
    await stage.restart()
    await stage.slack.acked(await stage.slack.repeat(sent))
    assert len(stage.slack.ephemerals()) == 1


async def test_two_processes_answer_each_message_once(stage: Stage) -> None:
    other = Stage(stage.slack, stage.storage)
    await other.start_app()
    try:
        asked = [await stage.slack.mention(text) for text in ("a reel", "how are you?", "a jig", "a walk?")]
        for said in asked:
            await stage.slack.acked(said)
            await stage.slack.acked(await stage.slack.repeat(stage.slack.event_of(said)))
        tunes = await stage.storage.undelivered("slack")
        assert sorted(str(tune.request.rhythm) for tune in tunes) == ["jig", "reel"]
        assert len(stage.slack.ephemerals()) == 2
        for tune in tunes:
            await stage.compose(tune.id)
        for tune in tunes:
            await stage.delivered(tune.id)
    finally:
        await other.stop_app()
    assert len(stage.slack.tunes()) == 2
    stage.slack.assert_rules_kept()


async def test_a_request_is_stored_before_it_is_acknowledged(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a process that dies before that, Slack sends the event to another one."""
    acknowledged: list[bool] = []

    async def watch(*arguments: Any) -> Any:
        tune = await accept(*arguments)
        acknowledged.append(stage.slack.event_of(said).settled.is_set())
        return tune

    monkeypatch.setattr("bot.slack.chat.messages.accept", watch)
    said = await stage.slack.write(f"<@{SESSION.bot_user}> a reel")
    await stage.accepted(said)
    assert acknowledged == [False]


async def test_a_failure_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*arguments: Any) -> None:
        raise RuntimeError("out of rosin")

    monkeypatch.setattr("bot.slack.chat.messages.accept", fail)
    await stage.slack.acked(await stage.slack.mention("a reel"))
    assert await stage.slack.private_text() == common_texts.REQUEST_FAILED


async def test_a_workspace_can_allow_tunes_in_some_channels_only(stage: Stage) -> None:
    await stage.storage.preferences.change_community(Viewer("slack", community_id=SESSION.id), channels=(SHOWCASE.id,))
    await stage.slack.acked(await stage.slack.mention("a reel"))
    assert f"<#{SHOWCASE.id}>" in await stage.slack.private_text()
    assert (await stage.accepted(await stage.slack.mention("a reel", channel=SHOWCASE))).request.rhythm == "reel"


@pytest.mark.parametrize("channel", [TUNES, DIRECT], ids=lambda channel: channel.name)
async def test_a_session_is_continued_and_ended_in_its_thread(stage: Stage, channel: Channel) -> None:
    called = "" if channel is DIRECT else f"<@{SESSION.bot_user}> "
    await stage.slack.acked(await stage.slack.slash("tune", "session reel Ador", channel=channel))
    [start] = await stage.slack.until(lambda: stage.slack.messages_in(channel))
    async with asyncio.timeout(HANG_S):
        while await stage.storage.sessions.find("slack", channel.id, start["ts"]) is None:
            await asyncio.sleep(0.01)
    first = await stage.accepted(await stage.slack.reply(start, f"{called}{LINE}"))
    assert (first.request.mode, first.request.rhythm, first.request.key) == ("answer", "reel", "Ador")
    await stage.compose(first.id)
    await stage.delivered(first.id)
    await stage.restart()
    second = await stage.accepted(await stage.slack.reply(start, f"{called}{LINE}"))
    assert (second.request.mode, second.parent_id) == ("answer", first.id)
    await stage.slack.acked(await stage.slack.reply(start, f"{called}stop"))
    last = stage.slack.thread(start)[-1]
    assert "The session is over" in last["text"] and stage.slack.buttons(last) == ["📜 Whole session"]
    assert await stage.storage.sessions.find("slack", channel.id, start["ts"]) is None


async def test_a_slow_answer_delays_no_acknowledgement(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOKUP_S", 0.0)
    tune = await stage.accepted(await stage.slack.mention("a reel"))
    assert tune.request.rhythm == "reel"
    stage.slack.assert_rules_kept()
