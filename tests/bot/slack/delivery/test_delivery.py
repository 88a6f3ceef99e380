"""A finished tune is one message with files and buttons, where it was requested."""

from __future__ import annotations

import pytest

from bot.core.texts import delivery as texts
from bot.core.texts.common import AGAIN
from bot.languages import language
from bot.slack.core.reply import reply_of
from bot.slack.delivery.removal import remove_messages
from generator.request import TuneRequest
from generator.user_messages import LANGUAGES
from storage.storage import Storage
from storage.viewer import Viewer
from tests.bot.slack.conftest import MESSAGES_S, Stage
from tests.bot.worker import ABC, FILES
from tests.loopback.slack import (
    ATTIC,
    CAIRN,
    COMMITTEE,
    DIRECT,
    FEDERATION,
    FIDDLER,
    GROUP,
    HIDDEN,
    LOBBY,
    NEWS,
    NORTH,
    NORTHERNER,
    TUNES,
    Channel,
    FakeSlack,
    Limits,
    Person,
    text_of,
)


async def test_a_tune_is_one_message_with_recording_sheet_abc_and_buttons(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    slack = stage.slack
    assert slack.messages_in() == [message]
    assert {file["name"] for file in message["files"]} == {"the-loopback.mp3", "the-loopback.png", "the-loopback.abc"}
    assert slack.file(message, ".abc") == FILES["tune.abc"][1]
    assert slack.file(message, ".mp3") == FILES["tune.mp3"][1]
    assert "The Loopback" in text_of(message) and ABC.strip() in text_of(message)
    assert "🔁 Again" in slack.buttons(message) and "♥ 0" in slack.buttons(message)
    assert (await stage.tune(tune_id)).message_id == message["ts"]
    slack.assert_rules_kept()


async def test_only_the_sheet_has_an_alternative_text(stage: Stage) -> None:
    _, message = await stage.posted()
    texts = {file["name"]: file.get("alt_txt") for file in message["files"]}
    assert texts == {"the-loopback.png": "Sheet music of The Loopback", "the-loopback.mp3": None, "the-loopback.abc": None}


@pytest.mark.parametrize("channel", [TUNES, COMMITTEE, DIRECT, GROUP])
async def test_the_tune_is_posted_where_it_was_requested(stage: Stage, channel: Channel) -> None:
    _, message = await stage.posted(channel=channel)
    assert stage.slack.messages_in(channel) == [message]
    assert "I can't post" not in text_of(message)
    stage.slack.assert_rules_kept()


async def test_a_tune_is_posted_in_a_workspace_of_an_organization_that_installed_the_app(storage: Storage) -> None:
    async with FakeSlack(limits=Limits(messages_s=MESSAGES_S), installed=False) as slack:
        stage = Stage(slack, storage)
        await stage.start_app(slack_bot_token=slack.install(FEDERATION, NORTHERNER)["access_token"])
        tune_id, message = await stage.posted(channel=CAIRN, person=NORTHERNER)
        assert slack.messages_in(CAIRN) == [message]
        await remove_messages(stage.context, await storage.sharing.delete(tune_id, Viewer("slack", NORTHERNER.id, NORTH.id)))
        assert slack.messages_in(CAIRN) == []
        slack.assert_rules_kept()
        await stage.stop_app()


async def test_a_tune_that_was_requested_in_a_thread_is_posted_there_with_its_card(stage: Stage) -> None:
    first = await stage.slack.write("Let's play")
    reply = await stage.slack.reply(first, "a reel?")
    tune = await stage.requested(thread=reply)
    assert (await stage.card(tune.id))["thread_ts"] == first["ts"]
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.slack.tunes()
    assert message["thread_ts"] == first["ts"]
    stage.slack.assert_rules_kept()


async def test_the_app_joins_a_public_channel_where_a_tune_is_requested(stage: Stage) -> None:
    _, message = await stage.posted(channel=LOBBY)
    assert stage.slack.messages_in(LOBBY) == [message]
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize("channel", [HIDDEN, ATTIC, NEWS])
async def test_where_the_app_may_not_post_the_tune_is_a_direct_message_with_a_note(stage: Stage, channel: Channel) -> None:
    tune = await stage.requested(channel=channel)
    card = await stage.card(tune.id)
    assert card["channel"] == DIRECT.id
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.slack.messages_in(DIRECT)
    assert f"I can't post in <#{channel.id}>" in text_of(message)
    assert len(message["files"]) == 3
    assert stage.slack.messages_in(channel) == []
    stage.slack.assert_rules_kept()


async def test_direct_messages_do_not_say_for_whom_a_tune_is(stage: Stage) -> None:
    tune = await stage.requested(channel=DIRECT)
    await stage.card(tune.id)
    await stage.storage.start(tune.id)
    await stage.storage.fail(tune.id, "The opening is too long.")
    await stage.delivered(tune.id)
    [message] = stage.slack.messages_in(DIRECT)
    assert text_of(message) == "The opening is too long."


async def test_a_card_that_slack_refuses_everywhere_is_asked_for_once(stage: Stage) -> None:
    slack = stage.slack
    slack.refuse("chat.postMessage", "restricted_action", times=9)
    tune = await stage.requested()
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert slack.calls_of["chat.postMessage"] == 2  # in the channel, and to the person
    assert len(slack.tunes()) == 1


async def test_if_the_app_is_removed_from_the_channel_meanwhile_the_tune_is_a_direct_message(stage: Stage) -> None:
    tune = await stage.requested(channel=COMMITTEE)
    await stage.card(tune.id)
    stage.slack.leave(COMMITTEE)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.slack.messages_in(DIRECT)
    assert f"I can't post in <#{COMMITTEE.id}>" in text_of(message)


async def test_a_failed_tune_is_told_on_its_card(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.storage.start(tune.id)
    await stage.storage.fail(tune.id, "I don't know the key “<!channel> *x* &amp;”.")
    await stage.delivered(tune.id)
    assert stage.slack.messages_in() == [card]
    assert "&lt;!channel&gt; \u200b*\u200bx\u200b*\u200b &amp;amp;" in text_of(card)
    assert stage.slack.buttons(card) == []
    stage.slack.assert_rules_kept()


async def test_a_tune_that_failed_while_the_app_was_down_is_told_in_a_message(stopped_stage: Stage) -> None:
    stage = stopped_stage
    await stage.start_app()
    stage.slack.hold("chat.postMessage")
    tune = await stage.requested()
    await stage.slack.until(lambda: stage.slack.calls_of.get("chat.postMessage") == 1)
    await stage.stop_app()
    await stage.storage.start(tune.id)
    await stage.storage.fail(tune.id, "<@U0PIPER00>")
    await stage.start_app()
    await stage.delivered(tune.id)
    [message] = stage.slack.messages_in()
    assert text_of(message) == f"&lt;@U0PIPER00&gt;\nfor <@{FIDDLER.id}>"
    stage.slack.assert_rules_kept()


# --- sets
async def test_a_set_is_one_message_with_one_recording_and_all_sheets(stage: Stage) -> None:
    first, second = TuneRequest.check(rhythm="jig"), TuneRequest.check(rhythm="reel")
    tune_id, message = await stage.posted(first, second)
    names = sorted(file["name"] for file in message["files"])
    assert names == ["1-the-loopback.png", "2-the-loopback.png", "set.abc", "set.mp3"]
    assert {file["name"]: file.get("alt_txt") for file in message["files"]}["2-the-loopback.png"] == "Sheet music of The Loopback"
    assert stage.slack.messages_in() == [message]
    set_id = (await stage.tune(tune_id)).set_id
    assert set_id and [tune.message_id for tune in await stage.storage.set_of(set_id)] == [message["ts"]] * 2
    stage.slack.assert_rules_kept()


async def test_a_set_whose_second_tune_fails_is_posted_with_the_first(stage: Stage) -> None:
    tune = await stage.requested(TuneRequest.check(), TuneRequest.check())
    assert tune.set_id
    one, two = await stage.storage.set_of(tune.set_id)
    await stage.compose(one.id)
    await stage.storage.start(two.id)
    await stage.storage.fail(two.id, "no")
    await stage.delivered(one.id)
    [message] = stage.slack.messages_in()
    assert "1 tune failed." in text_of(message)


async def test_a_set_that_failed_as_a_whole_says_why(stage: Stage) -> None:
    tune = await stage.requested(TuneRequest.check(), TuneRequest.check())
    assert tune.set_id
    for one in await stage.storage.set_of(tune.set_id):
        await stage.storage.start(one.id)
        await stage.storage.fail(one.id, "The opening is too long.")
    await stage.delivered(tune.id)
    [message] = stage.slack.messages_in()
    assert text_of(message) == f"The opening is too long.\nfor <@{FIDDLER.id}>"


# --- texts
HOSTILE = "<!here> <@U0PIPER00> *bold* `code` > quote :smile: <https://evil.example|click> &lt; @here"


async def test_a_hostile_title_is_shown_literally(stage: Stage) -> None:
    abc = ABC.replace("The Loopback", HOSTILE)
    tune = await stage.requested()
    await stage.compose(tune.id, title=HOSTILE, abc=abc, rhythm="<!channel>", key="<!everyone>", notices=("<!here> *left out*",))
    await stage.delivered(tune.id)
    [message] = stage.slack.tunes()
    title, *rest = message["blocks"]
    assert title["text"] == {"type": "plain_text", "text": HOSTILE, "emoji": False}  # Slack shows plain text literally
    text = text_of({"blocks": rest})
    assert "<!" not in text and "<https" not in text
    assert text.count("<@") == 1 and f"<@{FIDDLER.id}>" in text  # who requested it
    abc, settings = text.split("```")[1:]
    assert "&lt;!here&gt;" in abc
    assert "&lt;!channel&gt;" in settings and "&lt;!everyone&gt;" in settings and "&lt;!here&gt;" in settings
    assert "*left" not in settings
    stage.slack.assert_rules_kept()


async def test_abc_that_is_too_long_for_a_message_is_only_in_the_file(stage: Stage) -> None:
    tune = await stage.requested()
    await stage.compose(tune.id, abc=ABC + "|:" + "abcd efga|" * 300 + ":|\n")
    await stage.delivered(tune.id)
    [message] = stage.slack.tunes()
    assert "```" not in text_of(message)
    assert [file for file in message["files"] if file["name"].endswith(".abc")]
    stage.slack.assert_rules_kept()


async def test_long_titles_and_many_notices_fit_into_a_message(stage: Stage) -> None:
    tune = await stage.requested()
    await stage.compose(tune.id, title="<&>" * 900, abc="&" * 590, notices=("<" * 900,) * 20)
    await stage.delivered(tune.id)
    [message] = stage.slack.tunes()
    assert len(message["files"]) == 3
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize("code", LANGUAGES)
async def test_card_and_message_speak_the_language_of_the_person(stage: Stage, code: str) -> None:
    person = Person(f"U0IN{code.upper()}00", code, locale=f"{code}-XX")
    stage.slack.state.people[person.id] = person
    tune = await stage.requested(person=person)
    reply = reply_of(tune)
    assert reply is not None and reply.language == code
    translate = language(code)
    assert stage.slack.buttons(await stage.card(tune.id)) == [translate(texts.CANCEL)]
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    [message] = stage.slack.tunes()
    assert f"🔁 {translate(AGAIN)}" in stage.slack.buttons(message)
    stage.slack.assert_rules_kept()


async def test_a_variation_links_to_its_parent(stage: Stage) -> None:
    parent_id, parent = await stage.posted()
    _, child = await stage.posted(parent_id=parent_id)
    assert f"based on <{stage.slack.link(parent)}|The Loopback>" in text_of(child)


async def test_the_parent_is_not_linked_for_people_who_cannot_see_it(stage: Stage) -> None:
    parent_id, _ = await stage.posted(channel=DIRECT)
    _, child = await stage.posted(parent_id=parent_id)
    assert "based on" not in text_of(child)
    _, own = await stage.posted(parent_id=parent_id, channel=DIRECT)
    assert "based on" in text_of(own)
