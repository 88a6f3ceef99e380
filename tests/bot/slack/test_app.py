"""What the app does around the listeners of features: acknowledgements, failures, other bots, and workspaces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.texts import common as texts
from bot.languages import language
from bot.slack import features
from bot.slack.core.answers import answer
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.installations.single_workspace import SingleWorkspace
from generator.user_messages import UserError, UserMessage
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import DIRECT, DIRECT_OF, HARBOUR, LOBBY, PIPER, QUAY, SAILOR, SESSION
from tests.patience import HANG_S

Listener = Callable[..., Awaitable[None]]


class Heard:
    """A feature that listens to everything, and does with it what a test says."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.act: Callable[[Event], Awaitable[None]] | None = None
        self.ack_first = True

    def register(self, app: AsyncApp, context: Context) -> None:
        self.context = context

        async def listen(body: dict[str, Any], ack: Callable[[], Awaitable[object]]) -> None:
            self.bodies.append(body)
            if self.ack_first and "event" not in body:
                await ack()
            if self.act is not None:
                await self.act(Event.of_event(body) if "event" in body else Event.of_command(body))

        app.command("/tune")(listen)
        app.event("message")(listen)
        app.event("app_mention")(listen)

    @property
    def texts(self) -> list[str]:
        return [str(body.get("text", body.get("event", {}).get("text"))) for body in self.bodies]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    monkeypatch.setattr(features, "FEATURES", (heard.register,))
    monkeypatch.setattr(features, "JOBS", ())
    return heard


async def fail(event: Event) -> None:
    raise RuntimeError("out of rosin")


async def test_a_failing_command_is_acknowledged_and_explained(heard: Heard, stage: Stage) -> None:
    heard.ack_first, heard.act = False, fail
    with structlog.testing.capture_logs() as logs:
        await stage.slack.acked(await stage.slack.slash("tune"))
    assert await stage.slack.private_text() == texts.REQUEST_FAILED
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert entry["kind"] == "/tune" and isinstance(entry["exc_info"], RuntimeError)
    stage.slack.assert_rules_kept()


async def test_an_acknowledgement_before_a_failure_is_not_lost(heard: Heard, stage: Stage) -> None:
    heard.act = fail
    await stage.slack.acked(await stage.slack.slash("tune"))
    stage.slack.assert_rules_kept()


async def test_an_event_is_acknowledged_when_it_has_been_handled(heard: Heard, stage: Stage) -> None:
    acked = []

    async def look(event: Event) -> None:
        acked.append(stage.slack.event_of(said).acked)

    heard.act = look
    said: dict[str, Any] = {}
    said |= await stage.slack.write("a reel", channel=DIRECT)
    await stage.slack.acked(said)
    assert acked == [False]


async def test_a_user_error_is_shown_escaped_and_not_logged(heard: Heard, stage: Stage) -> None:
    async def refuse(event: Event) -> None:
        raise UserError(UserMessage("I don't know the rhythm “{text}”.", text="<!channel> *tango*"))

    heard.act = refuse
    with structlog.testing.capture_logs() as logs:
        await stage.slack.acked(await stage.slack.slash("tune", "tango"))
        shown = await stage.slack.private_text()
    assert "&lt;!channel&gt;" in shown and "*tango*" not in shown
    assert not logs


async def test_a_failure_is_explained_in_the_persons_language(heard: Heard, stage: Stage) -> None:
    heard.act = fail
    await stage.slack.acked(await stage.slack.slash("tune", person=PIPER))
    assert await stage.slack.private_text(PIPER) == language("de")(texts.REQUEST_FAILED)


async def test_a_failing_message_is_explained_in_its_thread(heard: Heard, stage: Stage) -> None:
    heard.act = fail
    first = await stage.slack.write("a session?")
    said = await stage.slack.reply(first, f"<@{SESSION.bot_user}> a reel")
    await stage.slack.acked(said)
    await stage.slack.private_text()
    [private] = stage.slack.ephemerals()
    assert private["thread_ts"] == first["ts"]


async def test_in_a_direct_message_the_explanation_is_a_message(heard: Heard, stage: Stage) -> None:
    heard.act = fail
    await stage.slack.write("a reel", channel=DIRECT)
    [_, answer] = await stage.slack.until(lambda: found if len(found := stage.slack.messages_in(DIRECT)) > 1 else None)
    assert answer["text"] == texts.REQUEST_FAILED


async def test_what_no_feature_listens_to_is_acknowledged(heard: Heard, stage: Stage) -> None:
    for sent in (await stage.slack.slash("mine"), await stage.slack.open_home()):
        assert sent is not None
        await stage.slack.acked(sent)
        assert sent.attempts == 1
    assert not heard.bodies


async def test_bots_edits_and_the_app_itself_are_not_heard(heard: Heard, stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.write("from a bot", channel=DIRECT, bot_id="B0OTHER", subtype="bot_message"))
    await stage.slack.acked(await stage.slack.write(f"<@{SESSION.bot_user}> from a bot", bot_id="B0OTHER"))
    said = await stage.slack.write("a reel", channel=DIRECT)
    edited = await stage.slack.edit(said, "a jig")
    await stage.slack.acked(edited)
    client = await heard.context.clients.of(SESSION.id, "")
    await client.chat_postMessage(channel=DIRECT.id, text="here it is")
    await stage.slack.acked(await stage.slack.write("thanks", channel=DIRECT))
    assert heard.texts == ["a reel", "thanks"]


async def test_another_workspace_is_not_heard_with_the_token_of_one(heard: Heard, stage: Stage) -> None:
    stage.slack.install(HARBOUR)
    await stage.slack.acked(await stage.slack.write(f"<@{HARBOUR.bot_user}> a reel", channel=QUAY, person=SAILOR))
    await stage.slack.acked(await stage.slack.slash("tune", "a jig", channel=QUAY, person=SAILOR))
    assert not heard.bodies
    await stage.slack.acked(await stage.slack.slash("tune", "a jig"))
    assert heard.texts == ["a jig"]


async def test_an_event_that_cannot_be_authorized_is_sent_again(
    heard: Heard, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorize, failures = SingleWorkspace.authorize, iter([OSError("no database")])

    async def failing(self: SingleWorkspace, *ids: str | None) -> Any:
        for failure in failures:
            raise failure
        return await authorize(self, *ids)

    monkeypatch.setattr(SingleWorkspace, "authorize", failing)
    said = await stage.slack.write("a reel", channel=DIRECT)
    sent = stage.slack.event_of(said)
    async with asyncio.timeout(HANG_S):
        while not sent.settled.is_set():
            stage.slack.pass_time(1)
            await asyncio.sleep(0.01)
    assert (sent.attempts, sent.failed, heard.texts) == (2, "", ["a reel"])


async def test_an_answer_takes_the_next_way_when_one_is_closed(heard: Heard, stage: Stage) -> None:
    events: list[Event] = []

    async def remember(event: Event) -> None:
        events.append(event)

    heard.act = remember
    await stage.slack.acked(await stage.slack.slash("tune", channel=LOBBY, person=PIPER))
    [event] = events
    for number in range(7):
        await answer(heard.context, event, f"answer {number}")
    assert len(stage.slack.ephemerals(PIPER)) == 5  # by the response_url
    direct = [message["text"] for message in stage.slack.messages_in(DIRECT_OF[PIPER.id])]
    assert direct == ["answer 5", "answer 6"]  # the app is not in the lobby
    stage.slack.assert_rules_kept()


async def test_two_processes_answer_each_command_once(heard: Heard, stage: Stage) -> None:
    async def greet(event: Event) -> None:
        raise UserError(UserMessage("Hello."))

    heard.act = greet
    other = Stage(stage.slack, stage.storage)
    await other.start_app()
    try:
        before = [connection.frames for connection in stage.slack.state.delivery.open]
        assert len(before) == 2
        for _ in range(10):
            assert (await stage.slack.acked(await stage.slack.slash("tune"))).attempts == 1
        await stage.slack.until(lambda: len(stage.slack.ephemerals()) >= 10)
        after = [connection.frames for connection in stage.slack.state.delivery.open]
        assert all(count > earlier for count, earlier in zip(after, before, strict=True))
    finally:
        await other.stop_app()
    assert len(stage.slack.ephemerals()) == 10


async def test_settings_of_slack_bolt_in_the_environment_change_nothing(
    heard: Heard, stopped_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "BOT_TOKEN", "SIGNING_SECRET", "VERIFICATION_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "xoxb-from-the-environment")
    with structlog.testing.capture_logs() as logs:
        await stopped_stage.start_app(slack_signing_secret=None, slack_client_id=None, slack_client_secret=None)
        await stopped_stage.slack.acked(await stopped_stage.slack.slash("tune", "a reel"))
    assert heard.texts == ["a reel"] and not [entry for entry in logs if entry["log_level"] != "info"]
