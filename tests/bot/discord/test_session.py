"""`/session`: phrases and answers in turn, also after a restart and with missing permissions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.sessions import joined_phrases
from generator.notation.reader import read
from storage import Viewer
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import (
    APPLICATION,
    DIRECT,
    ELSEWHERE,
    FIDDLER,
    MENTION,
    NO_HISTORY,
    NO_THREADS,
    PIPER,
    PRIVATE,
    SHOWCASE,
    SILENT,
    SILENT_THREAD,
    SILENT_THREADS,
    THREAD,
    TUNES,
    Channel,
    Payload,
)
from tests.loopback.discord_server import EPHEMERAL

FIRST, SECOND = "EAAB c2Bc|dBAB G2EG|", "eaab c'2bc'|d'bab g2eg|"
ANSWERS = [
    "X:1\nT:One\nR:reel\nM:4/4\nL:1/8\nQ:1/2=104\nK:Ador\nEAAB c2Bc|dBAB G2EG|EAAB c2Bc|dBGB A4|]\n",
    "X:1\nT:Two\nR:reel\nM:4/4\nL:1/8\nQ:1/2=104\nK:Ador\neaab c'2bc'|d'bab g2eg|eaab c2Bc|dBGB A4|]\n",
]


async def started_session(stage: Stage, channel: Channel = TUNES, **options: Any) -> tuple[Channel, Payload]:
    """The channel of a session, and the message to reply to."""
    discord = stage.discord
    asked = await discord.slash("session", channel=channel, **options)
    await discord.deferred(asked)

    def opening() -> Payload | None:
        return next((m for m in discord.messages.values() if m["type"] == 0 and "Your turn" in discord.buttons(m)), None)

    message = await discord.until(opening)
    return discord.channels[message["channel_id"]], message


async def answer_to(stage: Stage, said: Payload, answer: str = ANSWERS[0]) -> Payload:
    """The message that answers a phrase."""
    tune = await stage.tune_of_message(said)
    assert tune.request.mode == "answer"
    await stage.compose(tune.id, abc=answer)
    return stage.discord.messages[await stage.delivered(tune.id)]


async def test_phrases_are_answered_in_turn_in_a_thread(stage: Stage) -> None:
    discord = stage.discord
    thread, opening = await started_session(stage, rhythm="reel", key="Ador")
    assert (thread.parent, thread.owner) == (TUNES.id, APPLICATION)
    [response] = discord.messages_in(TUNES)
    await discord.until(lambda: f"<#{thread.id}>" in response["content"])
    assert "reply to this message" in opening["content"]
    said = await discord.write(FIRST, channel=thread, reply_to=opening)
    first = await stage.tune_of_message(said)
    assert (first.request.opening, first.request.rhythm, first.request.key) == (FIRST, "reel", "Ador")
    assert (first.parent_id, first.origin.channel_id) == (None, thread.id)
    message = await answer_to(stage, said)
    assert {"Your turn", "Whole session"} <= discord.buttons(message).keys()
    await stage.stop_bot()
    await stage.start_bot()
    second = await stage.tune_of_message(await discord.write(SECOND, channel=thread, reply_to=message, person=PIPER))
    assert (second.request.key, second.request.metre, second.parent_id) == ("Ador", "4/4", first.id)
    assert second.request.opening == SECOND
    discord.assert_no_pings()


async def test_fields_in_a_phrase_take_precedence_over_the_session(stage: Stage) -> None:
    thread, opening = await started_session(stage, rhythm="reel", key="Ador")
    said = await stage.discord.write("M:6/8\nK:G\nGAB cde|dcB A2G|", channel=thread, reply_to=opening)
    tune = await stage.tune_of_message(said)
    assert (tune.request.mode, tune.request.key, tune.request.rhythm) == ("answer", None, None)


async def test_a_mention_in_the_sessions_thread_continues_from_the_last_answer(stage: Stage) -> None:
    discord = stage.discord
    thread, _ = await started_session(stage)
    message = await answer_to(stage, await discord.write(f"{MENTION}\n{FIRST}", channel=thread))
    await stage.stop_bot()
    await stage.start_bot()
    second = await stage.tune_of_message(await discord.write(f"{MENTION}\n{SECOND}", channel=thread))
    first = await stage.storage.tune(second.parent_id or "")
    assert first is not None and first.message_id == message["id"]


async def test_a_form_opened_before_a_restart_is_accepted(stage: Stage) -> None:
    discord = stage.discord
    thread, opening = await started_session(stage, key="Ador")
    await stage.stop_bot()
    await stage.start_bot()
    form = await discord.answered(await discord.click(opening, "Your turn", person=PIPER))
    await stage.stop_bot()
    await stage.start_bot()
    tune = await stage.accepted(await discord.submit(form, FIRST))
    assert (tune.request.mode, tune.request.opening, tune.request.key) == ("answer", FIRST, "Ador")
    assert (tune.origin.user_id, tune.origin.channel_id) == (PIPER.id, thread.id)
    await stage.compose(tune.id, abc=ANSWERS[0])
    message = discord.messages[await stage.delivered(tune.id)]
    form = await discord.answered(await discord.click(message, "Your turn"))
    second = await stage.accepted(await discord.submit(form, SECOND))
    assert second.parent_id == tune.id


async def test_a_submitted_form_is_handled_once(stage: Stage) -> None:
    discord = stage.discord
    _, opening = await started_session(stage)
    form = await discord.answered(await discord.click(opening, "Your turn"))
    sent = await discord.submit(form, FIRST)
    tune = await stage.accepted(sent)
    assert [waiting.id for waiting in await stage.storage.undelivered("discord")] == [tune.id]
    assert discord.calls.count(f"POST /interactions/{sent.id}/{sent.token}/callback") == 1


@pytest.mark.parametrize(
    ("typed", "sentence"), [(" ", "no tune to play"), ("hello!", "“hello!” is not ABC"), ("K:x\nABc|", "not a key")]
)
async def test_a_form_without_a_phrase_is_refused_privately(stage: Stage, typed: str, sentence: str) -> None:
    discord = stage.discord
    _, opening = await started_session(stage)
    form = await discord.answered(await discord.click(opening, "Your turn"))
    assert sentence in await discord.private_text(await discord.submit(form, typed))
    assert await stage.storage.undelivered("discord") == []


async def test_the_whole_session_is_one_tune_of_all_phrases(stage: Stage) -> None:
    discord = stage.discord
    thread, message = await started_session(stage)
    for phrase, answer in zip([FIRST, SECOND], ANSWERS, strict=True):
        message = await answer_to(stage, await discord.write(phrase, channel=thread, reply_to=message), answer)
    await stage.stop_bot()
    await stage.start_bot()
    pressed = await discord.click(message, "Whole session", person=PIPER)
    given = discord.messages[(await discord.deferred(pressed)).original or ""]
    await discord.until(lambda: given["attachments"] and given["flags"] & EPHEMERAL)
    assert "2 phrases" in given["content"]
    abc = discord.file(given, "session.abc").decode()
    assert abc == joined_phrases(ANSWERS, "Session")
    bars = [bar for answer in ANSWERS for bar in read(answer).bars]
    assert [bar.notes for bar in read(abc).bars] == [bar.notes for bar in bars]


async def test_elsewhere_a_session_is_only_what_is_shared_of_it(stage: Stage) -> None:
    """The post in the sharing channel has no buttons of the session; older posts, which have them, give no other answers."""
    discord = stage.discord
    here = Viewer("discord", FIDDLER.id, TUNES.server)
    await stage.storage.preferences.change_community(here, sharing_channel=SHOWCASE.id)
    thread, message = await started_session(stage)
    for phrase, answer in zip([FIRST, SECOND], ANSWERS, strict=True):
        message = await answer_to(stage, await discord.write(phrase, channel=thread, reply_to=message), answer)
    await discord.private_text(await discord.click(message, "Share"))
    [post] = discord.tunes(SHOWCASE)
    assert not {"Your turn", "Whole session"} & discord.buttons(post).keys()
    await discord.click(post, "♥ 0", person=PIPER)
    await discord.until(lambda: {"♥ 1"} <= discord.buttons(post).keys() & discord.buttons(message).keys())
    assert not {"Your turn", "Whole session"} & discord.buttons(post).keys()
    assert {"Your turn", "Whole session"} <= discord.buttons(message).keys()
    pressed = await discord.click({**message, "channel_id": SHOWCASE.id}, "Whole session", person=PIPER)
    given = await discord.private_message(pressed)
    assert "1 phrase and" in given["content"]
    assert discord.file(given, "session.abc").decode() == joined_phrases(ANSWERS[1:], "Session")


async def test_a_turn_takes_nothing_from_a_hidden_tune(stage: Stage) -> None:
    """The form and the button can be forged with the id of any tune."""
    discord = stage.discord
    _, message = await started_session(stage, DIRECT, key="Ador")
    answer = await answer_to(stage, await discord.write(FIRST, channel=DIRECT, reply_to=message))
    form = await discord.answered(await discord.click({**answer, "channel_id": ELSEWHERE.id}, "Your turn", person=PIPER))
    tune = await stage.accepted(await discord.submit(form, FIRST, person=PIPER))
    assert (tune.request.mode, tune.request.key, tune.request.metre, tune.parent_id) == ("answer", None, None, None)


def test_a_new_key_and_metre_are_written_in_the_whole_session() -> None:
    jig = "X:1\nT:Three\nR:jig\nM:6/8\nL:1/8\nK:G\nGAB cde|dcB A2G|]\n"
    abc = joined_phrases([ANSWERS[0], jig, jig], "Session")
    assert abc.count("K:") == abc.count("M:") == 2
    assert abc.count("X:") == abc.count("T:") == abc.count("R:") == 1
    assert len(read(abc).bars) == 8
    assert [bar.duration for bar in read(abc).bars][-1] == read(jig).bars[-1].duration


async def test_stop_ends_the_session_and_offers_the_whole(stage: Stage) -> None:
    discord = stage.discord
    thread, opening = await started_session(stage)
    message = await answer_to(stage, await discord.write(FIRST, channel=thread, reply_to=opening))
    await discord.write("Stop!", channel=thread, reply_to=message)
    end = await discord.until(
        lambda: next((m for m in discord.messages_in(thread) if "The session is over" in m["content"]), None)
    )
    assert list(discord.buttons(end)) == ["Whole session"]
    await stage.stop_bot()
    await stage.start_bot()
    tune = await stage.tune_of_message(await discord.write(f"{MENTION}\n{SECOND}", channel=thread))
    assert tune.request.mode == "continue"


@pytest.mark.parametrize("channel", [THREAD, DIRECT], ids=lambda channel: channel.name)
async def test_in_a_thread_or_direct_messages_no_thread_is_created(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    where, _ = await started_session(stage, channel)
    assert where == channel
    called = "" if channel == DIRECT else f"{MENTION}\n"
    message = await answer_to(stage, await discord.write(called + FIRST, channel=channel))
    await stage.stop_bot()
    await stage.start_bot()
    second = await stage.tune_of_message(await discord.write(called + SECOND, channel=channel))
    first = await stage.storage.tune(second.parent_id or "")
    assert first is not None and first.message_id == message["id"]
    await discord.write(f"{called}stop", channel=channel)
    await discord.until(lambda: any("The session is over" in m["content"] for m in discord.messages_in(channel)))
    later = await stage.tune_of_message(await discord.write(called + FIRST, channel=channel))
    assert later.request.mode == "continue"


async def test_without_a_session_a_phrase_in_direct_messages_is_continued(stage: Stage) -> None:
    tune = await stage.tune_of_message(await stage.discord.write(FIRST, channel=DIRECT))
    assert tune.request.mode == "continue"


@pytest.mark.parametrize("channel", [NO_THREADS, NO_HISTORY, SILENT], ids=lambda channel: channel.name)
async def test_replies_work_if_one_permission_is_missing(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    where, opening = await started_session(stage, channel)
    assert (where == channel) is (channel == NO_THREADS)
    if channel == NO_THREADS:
        await discord.until(lambda: "Create Public Threads" in discord.messages_in(channel)[0]["content"])
    message = await answer_to(stage, await discord.write(FIRST, channel=where, reply_to=opening))
    second = await stage.tune_of_message(await discord.write(SECOND, channel=where, reply_to=message))
    assert second.request.mode == "answer" and second.parent_id


@pytest.mark.parametrize("channel", [SILENT_THREAD, SILENT_THREADS, ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_if_the_bot_may_not_write_the_button_is_on_the_response(stage: Stage, channel: Channel) -> None:
    discord = stage.discord
    asked = await discord.slash("session", channel=channel)
    await discord.deferred(asked)
    response = await discord.until(lambda: (card := discord.card(asked)) and discord.buttons(card) and card)
    assert ("can't send messages there" in response["content"]) is channel.member
    form = await discord.answered(await discord.click(response, "Your turn"))
    tune = await stage.accepted(await discord.submit(form, FIRST))
    await stage.compose(tune.id, abc=ANSWERS[0])
    await stage.delivered(tune.id)
    discord.assert_no_pings()


async def test_an_invalid_key_is_refused_privately(stage: Stage) -> None:
    assert "not a key" in await stage.discord.private_text(await stage.discord.slash("session", key="xyz"))
    assert stage.discord.messages_in() == []


async def test_the_command_offers_keys_and_is_available_everywhere(stage: Stage) -> None:
    choices = await stage.discord.autocomplete("session", "key", "a d")
    assert choices[0]["value"] == "Ador"
    registered = stage.discord.commands["session"]
    assert (registered["integration_types"], registered["contexts"]) == ([0, 1], [0, 1, 2])


async def test_a_session_whose_tunes_are_deleted_says_so(stage: Stage) -> None:
    discord = stage.discord
    thread, opening = await started_session(stage)
    message = await answer_to(stage, await discord.write(FIRST, channel=thread, reply_to=opening))
    for row in message["components"]:
        for button in row["components"]:
            if button["label"] == "Whole session":
                button["custom_id"] = f"session:whole:{'0' * 12}::"
    await discord.click(message, "Whole session")
    await discord.until(lambda: any("no longer have that tune" in m["content"] for m in discord.messages.values()))
