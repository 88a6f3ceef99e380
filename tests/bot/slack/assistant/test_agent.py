"""Slack's agent view: suggested requests, the status of an answer, the title of a thread, and Stop."""

from __future__ import annotations

import pytest
import structlog

from bot.core.texts import chat as texts
from bot.core.texts import delivery as delivery_texts
from bot.core.typed_request import typed_request
from bot.languages import language
from bot.slack.assistant import texts as agent_texts
from generator.user_messages import LANGUAGES
from storage import Status
from tests.bot.slack.conftest import MESSAGES_S, Stage
from tests.loopback.slack import DIRECT, FIDDLER, PIPER, TUNES, Channel, FakeSlack, Limits, Payload


def title(stage: Stage, said: Payload) -> str:
    return str(stage.slack.assistant_thread(said).get("title"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_suggestion_is_understood(code: str) -> None:
    lively, slow, hornpipe, surprise = (typed_request(language(code)(message)) for _, message in agent_texts.PROMPTS)
    assert lively.parameters == {"rhythm": "reel", "key": "A dorian", "tempo": 1.1}
    assert slow.parameters == {"rhythm": "jig", "key": "G minor", "tempo": 0.75}
    assert hornpipe.parameters == {"rhythm": "hornpipe", "key": "D", "instrument": "flute"}
    assert surprise.is_request and surprise.parameters == {}


@pytest.mark.parametrize("looking_at", [TUNES, None])
async def test_requests_are_suggested_in_the_persons_language(stage: Stage, looking_at: Channel | None) -> None:
    for person in (FIDDLER, PIPER):
        opened = await stage.slack.open_home(person, tab="messages", looking_at=looking_at)
        assert opened is not None
        await stage.slack.acked(opened)
        shown = [(prompt["title"], prompt["message"]) for prompt in stage.slack.prompts(person)]
        translate = language(person.locale)
        assert shown == [(translate(name), translate(message)) for name, message in agent_texts.PROMPTS]
    stage.slack.assert_rules_kept()


async def test_the_status_shows_at_once_and_then_the_progress(stage: Stage) -> None:
    said = await stage.slack.direct("a reel in Ador, please")
    tune = await stage.accepted(said)
    thread = stage.slack.assistant_thread
    await stage.slack.until(lambda: thread(said).get("session") == "processing")
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await stage.slack.until(lambda: "5 bars" in thread(said)["status"])
    await stage.restart()
    await stage.compose(tune.id)
    message = await stage.delivered(tune.id)
    assert [reply["ts"] for reply in stage.slack.thread(said)] == [message], "there is no card"
    assert (thread(said)["session"], thread(said)["status"]) == ("active", "")
    assert title(stage, said) == "reel · A dorian"
    stage.slack.assert_rules_kept()


async def test_a_status_stands_before_the_request_is_stored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses: list[str] = []

    async def watch(*arguments: object) -> None:
        statuses.append(str(stage.slack.assistants.threads))

    monkeypatch.setattr("bot.slack.chat.messages.accept", watch)
    await stage.slack.acked(await stage.slack.direct("a reel"))
    assert texts.ONE_MOMENT in statuses[0]


async def test_the_title_of_a_thread_comes_from_its_first_request(stage: Stage) -> None:
    said = await stage.slack.direct("eine Polka in D", person=PIPER)
    first = await stage.accepted(said)
    await stage.compose(first.id)
    await stage.delivered(first.id)
    assert title(stage, said) == "Polka · D-Dur"
    await stage.restart()
    second = await stage.accepted(await stage.slack.reply(said, "in G", person=PIPER))
    assert second.parent_id == first.id
    await stage.compose(second.id)
    await stage.delivered(second.id)
    assert title(stage, said) == "Polka · D-Dur"


async def test_an_explanation_comes_in_the_thread(stage: Stage) -> None:
    said = await stage.slack.direct("how are you?")
    await stage.slack.acked(said)
    [explained] = stage.slack.thread(said)
    assert explained["text"] == texts.HOW_TO_REQUEST
    stage.slack.assert_rules_kept()


async def test_where_no_answer_comes_the_status_ends(stage: Stage) -> None:
    said = await stage.slack.direct("how are you?")
    sent = stage.slack.event_of(said)
    await stage.slack.acked(said)
    await stage.restart()
    await stage.slack.acked(await stage.slack.repeat(sent))
    assert len(stage.slack.thread(said)) == 1
    assert stage.slack.assistant_thread(said)["status"] == ""


async def test_stop_cancels_what_was_requested_in_the_thread(stage: Stage) -> None:
    said, other = await stage.slack.direct("a reel"), await stage.slack.direct("a jig")
    tune, kept = await stage.accepted(said), await stage.accepted(other)
    await stage.slack.until(lambda: stage.slack.assistant_thread(said).get("session") == "processing")
    await stage.restart()
    stopped = await stage.slack.stop_session(said)
    assert stopped is not None
    await stage.slack.acked(stopped)
    assert await stage.storage.tune(tune.id) is None
    assert await stage.storage.tune(kept.id) is not None
    await stage.slack.until(lambda: stage.slack.assistant_thread(said)["session"] == "active")
    [told] = await stage.slack.until(lambda: stage.slack.thread(said))
    assert told["text"] == delivery_texts.CANCELLED
    await stage.compose(kept.id)
    await stage.delivered(kept.id)
    stage.slack.assert_rules_kept()


async def test_a_failed_tune_is_told_in_the_thread(stage: Stage) -> None:
    said = await stage.slack.direct("a reel")
    tune = await stage.accepted(said)
    await stage.storage.fail(tune.id, "The model is out of rosin.")
    await stage.delivered(tune.id)
    assert [message["text"] for message in stage.slack.thread(said)] == ["The model is out of rosin."]
    assert stage.slack.assistant_thread(said)["session"] == "active"


async def test_an_error_that_passes_is_not_remembered(stage: Stage) -> None:
    stage.slack.refuse("assistant.threads.setStatus", "internal_error")
    first = await stage.accepted(await stage.slack.direct("a reel"))
    assert await stage.card(first.id)
    said = await stage.slack.direct("a jig")
    await stage.accepted(said)
    await stage.slack.until(lambda: stage.slack.assistant_thread(said).get("session"))


class TestWithoutAgentView:
    @pytest.fixture
    async def slack(self) -> object:
        async with FakeSlack(limits=Limits(messages_s=MESSAGES_S), assistant=None) as slack:
            yield slack

    async def test_it_is_logged_once_and_messages_are_answered(self, stage: Stage) -> None:
        with structlog.testing.capture_logs() as logs:
            opened = await stage.slack.open_home(tab="messages")
            assert opened is not None
            await stage.slack.acked(opened)
            for words in ("a reel", "a jig"):
                tune = await stage.accepted(await stage.slack.direct(words))
                assert (await stage.card(tune.id))["channel"] == DIRECT.id
        assert len([entry for entry in logs if entry["event"] == "The workspace has no agent view."]) == 1
        asked = {name: times for name, times in stage.slack.calls_of.items() if name.startswith(("assistant.", "agents."))}
        assert asked == {"assistant.threads.setSuggestedPrompts": 1}
        stage.slack.assert_rules_kept()
