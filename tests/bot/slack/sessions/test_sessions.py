"""`/tune session`: phrases and answers in turn in a thread, also after a restart."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.sessions import Turn, joined_phrases
from bot.core.texts import common
from bot.core.texts import sessions as core_texts
from bot.languages import language
from bot.slack.core.event import Event
from bot.slack.delivery import texts as delivery_texts
from bot.slack.sessions import texts
from bot.slack.sessions.turns import end_session, find_turn
from generator.request import TuneRequest
from storage.tunes import Tune
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import (
    CONNECT,
    DIRECT,
    DIRECT_OF,
    FIDDLER,
    HIDDEN,
    PIPER,
    SAILOR,
    SESSION,
    SHOWCASE,
    TUNES,
    Channel,
    Payload,
    Person,
)
from tests.loopback.slack import text_of as words_of
from tests.loopback.slack_forms import elements
from tests.patience import HANG_S

FIRST, SECOND = "EAAB c2Bc|dBAB G2EG|", "eaab c'2bc'|d'bab g2eg|"
ANSWERS = [
    "X:1\nT:One\nR:reel\nM:4/4\nL:1/8\nQ:1/2=104\nK:Ador\nEAAB c2Bc|dBAB G2EG|EAAB c2Bc|dBGB A4|]\n",
    "X:1\nT:Two\nR:reel\nM:4/4\nL:1/8\nQ:1/2=104\nK:Ador\neaab c'2bc'|d'bab g2eg|eaab c2Bc|dBGB A4|]\n",
]
OWNER_VIEW = Viewer("slack", FIDDLER.id, SESSION.id)


async def started(stage: Stage, text: str = "", *, channel: Channel = TUNES, person: Person = FIDDLER) -> Payload:
    """The first message of a session, once the session is stored."""
    await stage.slack.acked(await stage.slack.slash("tune", f"session {text}", channel=channel, person=person))
    message = (await stage.slack.until(lambda: stage.slack.messages_in(channel)))[-1]
    async with asyncio.timeout(HANG_S):
        while await stage.storage.sessions.find("slack", channel.id, message["ts"]) is None:
            await asyncio.sleep(0.01)
    return message


async def phrase_form(stage: Stage, message: Payload, person: Person = FIDDLER) -> Payload:
    await stage.slack.acked(await stage.slack.click(message, "session:your-turn", person=person))
    return await stage.slack.modal(person, "session:phrase")


async def answered(
    stage: Stage, message: Payload, phrase: str = FIRST, answer: str = ANSWERS[0], **who: Person
) -> tuple[Tune, Payload]:
    """The tune that answers a phrase, and its message."""
    tune = await stage.accepted(await stage.slack.submit(await phrase_form(stage, message, **who), opening=phrase))
    assert tune.request.mode == "answer"
    await stage.compose(tune.id, abc=answer)
    return tune, stage.slack.state.messages[message["channel"], await stage.delivered(tune.id)]


def reply_in(thread: Payload, person: Person = FIDDLER) -> Event:
    """The event of a message in the thread of another one."""
    where = {"channel_id": thread["channel"], "thread_ts": thread.get("thread_ts", thread["ts"])}
    return Event(id="Ev1", team_id=SESSION.id, enterprise_id="", user_id=person.id, **where)


@pytest.mark.parametrize(
    ("channel", "rules"), [(TUNES, texts.SESSION_RULES), (DIRECT, texts.SESSION_RULES_DIRECT)], ids=["channel", "direct"]
)
async def test_a_session_begins_with_its_rules_and_a_button(stage: Stage, channel: Channel, rules: str) -> None:
    message = await started(stage, "reel Ador", channel=channel)
    assert "thread_ts" not in message
    words = words_of(message)
    assert core_texts.SESSION_STARTED in words and rules in words and "reel · A dorian" in words
    assert stage.slack.buttons(message) == ["🎶 Your turn"]
    session = await stage.storage.sessions.find("slack", channel.id, message["ts"])
    assert session is not None
    assert (session.rhythm, session.key, session.tune_id) == ("reel", "Ador", None)
    stage.slack.assert_rules_kept()


async def test_the_language_is_that_of_who_starts_it(stage: Stage) -> None:
    message = await started(stage, "reel", person=PIPER)
    assert language("de")(texts.SESSION_RULES) in words_of(message)


async def test_an_invalid_key_is_refused_privately(stage: Stage) -> None:
    await stage.slack.slash("tune", "session xyz")
    assert "xyz" in await stage.slack.private_text()
    assert stage.slack.messages_in() == []


async def test_where_the_app_may_not_post_the_person_is_told_privately(stage: Stage) -> None:
    await stage.slack.slash("tune", "session reel", channel=HIDDEN)
    assert await stage.slack.private_text() == texts.CANNOT_POST


async def test_in_a_channel_where_no_tunes_are_requested_no_session_begins(stage: Stage) -> None:
    await stage.storage.preferences.change_community(OWNER_VIEW, channels=(SHOWCASE.id,))
    await stage.slack.slash("tune", "session reel")
    assert SHOWCASE.id in await stage.slack.private_text()
    assert stage.slack.messages_in() == []


@pytest.mark.parametrize(
    ("channel", "person"), [(TUNES, PIPER), (DIRECT, FIDDLER), (CONNECT, SAILOR)], ids=["channel", "direct", "shared"]
)
async def test_phrases_and_answers_take_turns_by_button_after_a_restart(stage: Stage, channel: Channel, person: Person) -> None:
    slack = stage.slack
    root = await started(stage, "reel Ador", channel=channel)
    await stage.restart()
    form = await phrase_form(stage, root, person)
    await stage.restart()  # while the form is filled in
    one = await stage.accepted(await slack.submit(form, opening=FIRST))
    assert (one.request.mode, one.request.opening, one.request.rhythm, one.request.key) == ("answer", FIRST, "reel", "Ador")
    assert (one.parent_id, one.origin.user_id, one.origin.channel_id) == (None, person.id, channel.id)
    await stage.compose(one.id, abc=ANSWERS[0])
    message = slack.state.messages[channel.id, await stage.delivered(one.id)]
    assert message["thread_ts"] == root["ts"]
    translate = language(person.locale)
    assert slack.buttons(message)[-2:] == [f"🎶 {translate(core_texts.YOUR_TURN)}", f"📜 {translate(core_texts.WHOLE_SESSION)}"]
    await stage.restart()
    two, second = await answered(stage, message, SECOND, ANSWERS[1], person=person)
    assert (two.parent_id, two.request.key, second["thread_ts"]) == (one.id, "Ador", root["ts"])
    assert slack.tunes(channel) == [message, second]
    slack.assert_rules_kept()


async def test_a_mistake_in_a_phrase_is_explained_in_the_form_and_nothing_is_lost(stage: Stage) -> None:
    root = await started(stage, "reel")
    form = await phrase_form(stage, root)
    await stage.slack.acked(await stage.slack.submit(form, opening="what?"))
    [(field, sentence)] = stage.slack.errors(form).items()
    assert (field, bool(sentence)) == ("opening", True)
    await stage.slack.acked(await stage.slack.submit(form, opening="   "))
    assert stage.slack.errors(form) == {"opening": common.NOTHING_TO_PLAY}
    await stage.restart()
    assert (await stage.accepted(await stage.slack.submit(form, opening=FIRST))).request.opening == FIRST
    stage.slack.assert_rules_kept()


async def test_a_reply_in_the_thread_takes_the_turn_after_the_latest_answer(stage: Stage) -> None:
    root = await started(stage, "reel Ador")
    assert await find_turn(stage.context, reply_in(root)) == Turn("", "reel", "Ador")
    one, message = await answered(stage, root)
    two, _ = await answered(stage, message, SECOND, ANSWERS[1])
    await stage.restart()
    assert await find_turn(stage.context, reply_in(message, PIPER)) == Turn(two.id, "reel", "Ador")
    _, varied = await stage.posted(thread=root)
    assert await find_turn(stage.context, reply_in(varied)) == Turn(two.id, "reel", "Ador")
    await stage.storage.sharing.delete(one.id, OWNER_VIEW)
    assert await find_turn(stage.context, reply_in(message)) == Turn(two.id, "reel", "Ador")
    await end_session(stage.context, reply_in(message))
    await stage.restart()
    assert await find_turn(stage.context, reply_in(message)) is None


async def test_after_the_latest_answer_is_deleted_the_one_before_counts(stage: Stage) -> None:
    root = await started(stage, "reel Ador")
    one, message = await answered(stage, root)
    two, _ = await answered(stage, message, SECOND, ANSWERS[1])
    await stage.storage.sharing.delete(two.id, OWNER_VIEW)
    assert await find_turn(stage.context, reply_in(root)) == Turn(one.id, "reel", "Ador")
    await stage.storage.sharing.delete(one.id, OWNER_VIEW)
    assert await find_turn(stage.context, reply_in(root)) == Turn("", "reel", "Ador")


async def test_a_failed_answer_leaves_the_turn_where_it_was(stage: Stage) -> None:
    root = await started(stage, "reel Ador")
    one, message = await answered(stage, root)
    tune = await stage.accepted(await stage.slack.submit(await phrase_form(stage, message), opening=SECOND))
    await stage.storage.fail(tune.id, "Enough.")
    await stage.idle()
    assert await find_turn(stage.context, reply_in(root)) == Turn(one.id, "reel", "Ador")


async def test_the_thread_under_an_answer_is_a_session_too(stage: Stage) -> None:
    one, message = await stage.posted(TuneRequest.check(opening=FIRST, mode="answer"))
    assert await find_turn(stage.context, reply_in(message)) == Turn(one)
    two, second = await answered(stage, message, SECOND, ANSWERS[1])
    assert (two.parent_id, second["thread_ts"]) == (one, message["ts"])
    assert await find_turn(stage.context, reply_in(message)) == Turn(two.id)


async def test_elsewhere_there_is_no_session(stage: Stage) -> None:
    root = await started(stage, "reel Ador")
    _, message = await stage.posted()
    other = await stage.slack.write("a thread")
    assert await find_turn(stage.context, reply_in(message)) is None
    assert await find_turn(stage.context, reply_in(other)) is None
    assert await find_turn(stage.context, reply_in({**root, "channel": SHOWCASE.id})) is None
    unthreaded = Event(id="Ev1", team_id=SESSION.id, enterprise_id="", user_id=FIDDLER.id, channel_id=TUNES.id)
    assert await find_turn(stage.context, unthreaded) is None


async def played(stage: Stage, channel: Channel = TUNES, answers: list[str] = ANSWERS) -> Payload:
    """The last message of a session with these answers."""
    message = await started(stage, "reel Ador", channel=channel)
    for phrase, answer in zip([FIRST, SECOND], answers, strict=True):
        _, message = await answered(stage, message, phrase, answer)
    return message


async def test_the_whole_session_is_shown_and_sent_as_a_file_after_a_restart(stage: Stage) -> None:
    slack, translate = stage.slack, language("de")
    message = await played(stage)
    await stage.restart()
    await slack.acked(await slack.click(message, "session:whole", person=PIPER))
    shown = await slack.private_text(PIPER)
    abc = joined_phrases(ANSWERS, translate(core_texts.SESSION_NAME))
    [sent] = slack.tunes(DIRECT_OF[PIPER.id])
    assert slack.file(sent, "session.abc").decode() == abc
    assert translate(core_texts.phrases_in_file(2)) in shown and abc.strip() in shown
    assert f"<{slack.link(sent)}|{translate(delivery_texts.FILES_SENT)}>" in shown
    slack.assert_rules_kept()


async def test_in_direct_messages_the_whole_session_comes_into_the_thread(stage: Stage) -> None:
    message = await played(stage, DIRECT)
    await stage.slack.click(message, "session:whole")
    sent = (await stage.slack.posted(DIRECT, count=3))[-1]
    assert [file["name"] for file in sent["files"]] == ["session.abc"]
    assert sent["thread_ts"] == message["thread_ts"]
    assert stage.slack.ephemerals() == []


async def test_a_long_session_is_only_a_file(stage: Stage) -> None:
    long = ANSWERS[0] + "EAAB c2Bc|dBAB G2EG|\n" * 150
    message = await played(stage, answers=[long, ANSWERS[1]])
    await stage.slack.click(message, "session:whole")
    assert "EAAB" not in await stage.slack.private_text()
    [sent] = await stage.slack.posted(DIRECT)
    assert long[-100:].strip() in stage.slack.file(sent, "session.abc").decode()
    stage.slack.assert_rules_kept()


async def test_who_gets_no_direct_messages_still_sees_the_whole_session(stage: Stage) -> None:
    message = await played(stage, CONNECT)
    await stage.slack.click(message, "session:whole", person=SAILOR)
    shown = await stage.slack.private_text(SAILOR)
    assert joined_phrases(ANSWERS, "Session").strip() in shown and delivery_texts.NO_DIRECT_MESSAGES in shown


async def test_elsewhere_a_session_is_only_what_is_shared_of_it(stage: Stage) -> None:
    """The button can be forged into another channel."""
    message = await played(stage)
    last = await stage.tune(message_value(message))
    await stage.storage.sharing.share(last.id, OWNER_VIEW)
    elsewhere = await stage.slack.write("look")
    forged = {**message, "channel": SHOWCASE.id, "ts": elsewhere["ts"]}
    stage.slack.state.messages[SHOWCASE.id, elsewhere["ts"]] = forged
    await stage.slack.click(forged, "session:whole", person=PIPER)
    await stage.slack.private_text(PIPER)
    [sent] = stage.slack.tunes(DIRECT_OF[PIPER.id])
    assert stage.slack.file(sent, "session.abc").decode() == joined_phrases(ANSWERS[1:], language("de")(core_texts.SESSION_NAME))


def message_value(message: Payload) -> str:
    """The tune's id in a message of the session."""
    [button] = [button for _, button in elements(message) if button["action_id"] == "session:whole"]
    return str(button["value"]).split(":")[0]


async def test_a_session_whose_tunes_are_deleted_says_so(stage: Stage) -> None:
    message = await played(stage)
    last = await stage.tune(message_value(message))
    for tune_id in (last.parent_id or "", last.id):
        await stage.storage.sharing.delete(tune_id, OWNER_VIEW)
    await stage.slack.click(message, "session:whole")
    assert await stage.slack.private_text() == common.TUNE_GONE
    later = await stage.accepted(await stage.slack.submit(await phrase_form(stage, message), opening=FIRST))
    assert (later.request.mode, later.parent_id) == ("answer", None)
