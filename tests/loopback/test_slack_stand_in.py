"""The stand-in behaves as Slack does towards the real slack-bolt."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.loopback.slack import APP_TOKEN, BOT_TOKEN, DIRECT, PIPER, FakeSlack, Limits, Upload, text_of


def button(action_id: str, label: str, **others: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label}, **others}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


KEY = {"type": "input", "block_id": "key", "label": {"type": "plain_text", "text": "Key"},
       "element": {"type": "plain_text_input", "action_id": "typed", "max_length": 5}}  # fmt: skip
FORM = {"type": "modal", "callback_id": "compose", "title": {"type": "plain_text", "text": "Compose"},
        "submit": {"type": "plain_text", "text": "Send"}, "notify_on_close": True, "blocks": [KEY]}  # fmt: skip
CARD = [section("A reel"), {"type": "actions", "elements": [button("again", "Again", value="7")]}]


def small_app(api_url: str) -> AsyncApp:
    """An app that uses each part of Slack once."""
    app = AsyncApp(client=AsyncWebClient(token=BOT_TOKEN, base_url=api_url))

    @app.command("/tune")
    async def tune(ack: Any, command: Any, client: AsyncWebClient, respond: Any) -> None:
        await ack()
        if not command["text"]:
            await client.views_open(trigger_id=command["trigger_id"], view=FORM)
            return
        card = await client.chat_postMessage(channel=command["channel_id"], text="Queued")
        uploads: list[dict[str, Any]] = [
            {"filename": "tune.abc", "content": "X:1\nK:D\n"},
            {"filename": "tune.mp3", "file": b"ID3"},
        ]
        await client.files_upload_v2(channel=command["channel_id"], file_uploads=uploads, blocks=json.dumps(CARD))
        await client.chat_update(channel=command["channel_id"], ts=card["ts"], text="Done")
        await respond("only for you")

    @app.view("compose")
    async def composed(ack: Any, view: Any, body: Any, client: AsyncWebClient) -> None:
        key = view["state"]["values"]["key"]["typed"]["value"]
        if key == "H":
            await ack(response_action="errors", errors={"key": "There is no such key."})
            return
        await ack()
        await client.chat_postMessage(channel=body["user"]["id"], text=f"A tune in {key}")

    @app.view_closed("compose")
    async def closed(ack: Any) -> None:
        await ack()

    @app.action("again")
    async def again(ack: Any, action: Any, respond: Any) -> None:
        await ack()
        await respond(text=f"again {action['value']}", blocks=[{"type": "actions", "elements": [button("ok", "OK")]}],
                      replace_original=False)  # fmt: skip

    @app.action("ok")
    async def ok(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    @app.event("app_mention")
    async def mentioned(event: Any, say: Any) -> None:
        await say(text=f"heard {event['text']}", thread_ts=event["ts"])

    @app.event("app_home_opened")
    async def home(event: Any, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Your tunes")]})

    @app.event(re.compile("message|file_shared"))
    async def ignored() -> None:
        pass

    return app


@asynccontextmanager
async def connected(slack: FakeSlack) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(small_app(slack.api_url), APP_TOKEN)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.connected()
    yield handler
    await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.with_every_scope() as slack, connected(slack):
        yield slack
        slack.assert_rules_kept()


async def test_a_command_posts_files_with_buttons_in_one_message(slack: FakeSlack) -> None:
    await slack.acked(await slack.slash("tune", "a jig in D"))
    [message] = await slack.posted()
    assert (text_of(message), slack.buttons(message)) == ("A reel\nAgain", ["Again"])
    assert slack.file(message, ".abc") == b"X:1\nK:D\n"
    await slack.until(lambda: slack.messages_in()[0]["text"] == "Done")
    assert await slack.private_text() == "only for you"
    assert slack.ephemerals(PIPER) == []


async def test_a_button_answers_privately_and_a_private_button_removes_the_answer(slack: FakeSlack) -> None:
    await slack.slash("tune", "a jig in D")
    [message] = await slack.posted()
    await slack.click(message, "again", person=PIPER)
    assert await slack.private_text(PIPER) == "OK"
    with pytest.raises(AssertionError, match="does not see"):
        await slack.click(slack.ephemerals(PIPER)[0], "OK")
    await slack.click(slack.ephemerals(PIPER)[0], "OK", person=PIPER)
    await slack.until(lambda: not slack.ephemerals(PIPER))


async def test_a_form_shows_errors_and_then_closes(slack: FakeSlack) -> None:
    await slack.slash("tune")
    form = await slack.modal(callback_id="compose")
    await slack.acked(await slack.submit(form, Key="H"))
    assert slack.errors(form) == {"key": "There is no such key."}
    await slack.acked(await slack.submit(form, typed="G"))
    assert slack.views_of() == []
    await slack.until(lambda: [message["text"] for message in slack.messages_in(DIRECT)] == ["A tune in G"])


async def test_nobody_can_type_too_much_or_send_a_form_without_its_required_inputs(slack: FakeSlack) -> None:
    await slack.slash("tune")
    form = await slack.modal()
    with pytest.raises(AssertionError, match="required"):
        await slack.submit(form)
    with pytest.raises(AssertionError, match="room for 5"):
        await slack.submit(form, key="G minor")
    closed = await slack.close_view(form)
    assert closed is not None
    await slack.acked(closed)


async def test_a_mention_is_answered_in_its_thread_and_texts_are_escaped(slack: FakeSlack) -> None:
    said = await slack.mention("|:A>B c2|", files=[Upload("tune.abc", b"X:1")])
    [answer] = await slack.until(lambda: slack.thread(said))
    assert answer["text"].endswith("|:A&gt;B c2|")


async def test_app_home_is_published(slack: FakeSlack) -> None:
    opened = await slack.open_home()
    assert opened is not None
    await slack.acked(opened)
    home = await slack.until(slack.home)
    assert text_of(home) == "Your tunes"
    again = await slack.open_home()
    assert again is not None
    assert again.event["view"]["hash"] == home["hash"]


async def test_the_app_reconnects_when_slack_asks(slack: FakeSlack) -> None:
    await slack.disconnect()
    await slack.connected()
    assert slack.calls_of["apps.connections.open"] == 2
    await slack.acked(await slack.mention("hello"))


async def test_a_hundred_people_press_at_once_and_all_are_acknowledged() -> None:
    async with FakeSlack.with_every_scope(limits=Limits(messages_s=0, tiers=False)) as slack, connected(slack):
        await slack.slash("tune", "a jig in D")
        [message] = await slack.posted()
        people = slack.crowd(100)
        pressed = await asyncio.gather(*(slack.click(message, "Again", person=person) for person in people))
        await asyncio.gather(*(slack.acked(each) for each in pressed))
        for person in people:
            assert await slack.private_text(person) == "OK"
        slack.assert_rules_kept()
