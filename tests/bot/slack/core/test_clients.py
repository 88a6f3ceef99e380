"""Calls to Slack: rate limits, failures, files, and addresses that are not Slack's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.slack.core import limits
from bot.slack.core.clients import Clients, NotInstalled, Refused, error_code, is_temporary
from bot.slack.installations.single_workspace import SingleWorkspace
from tests.loopback.slack import BOT_TOKEN, DIRECT, HARBOUR, HIDDEN, LOBBY, SESSION, SHOWCASE, TUNES, FakeSlack, Limits, Upload
from tests.patience import HANG_S


@pytest.fixture(autouse=True)
def at_slacks_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "POST_INTERVAL_S", 1.0)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """A Slack that allows no bursts."""
    async with FakeSlack(limits=Limits(burst=1), stretch=1) as slack:
        yield slack


@pytest.fixture
async def clients(slack: FakeSlack) -> AsyncIterator[Clients]:
    installations = SingleWorkspace(BOT_TOKEN)
    async with Clients(installations, slack.api_url) as clients:
        await installations.start(clients)
        yield clients


async def test_messages_in_a_channel_keep_a_second_apart(slack: FakeSlack, clients: Clients) -> None:
    client, other = await clients.of(SESSION.id, ""), await clients.of(SESSION.id, "")
    await asyncio.gather(
        *(client.chat_postMessage(channel=TUNES.id, text=str(number)) for number in range(2)),
        other.chat_postMessage(channel=TUNES.id, text="2"),
        other.chat_postMessage(channel=SHOWCASE.id, text="elsewhere"),
    )
    assert [message["text"] for message in slack.messages_in(TUNES)] == ["0", "1", "2"]
    slack.assert_rules_kept()


async def test_the_app_joins_a_public_channel_to_post_there(slack: FakeSlack, clients: Clients) -> None:
    client = await clients.of(SESSION.id, "")
    await client.chat_postMessage(channel=LOBBY.id, text="here")
    assert [message["text"] for message in slack.messages_in(LOBBY)] == ["here"]
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_postMessage(channel=HIDDEN.id, text="there")
    slack.refuse("conversations.join", "restricted_action")
    slack.leave(LOBBY)
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.chat_postMessage(channel=LOBBY.id, text="again")
    assert slack.calls_of["conversations.join"] == 2
    slack.assert_rules_kept()


async def test_after_a_refusal_the_method_waits_as_long_as_slack_asks(slack: FakeSlack, clients: Clients) -> None:
    client = await clients.of(SESSION.id, "")
    slack.refuse("users.info", "ratelimited", status=429, retry_s=1)
    held = asyncio.create_task(client.users_info(user="U0FIDDLER"))
    await slack.until(lambda: not slack.faults_left)
    await client.auth_test()  # other methods go on
    assert not held.done()
    assert (await held)["user"]["name"] == "fiddler"
    assert slack.calls_of["users.info"] == 2


async def test_a_method_stays_within_its_tier(slack: FakeSlack, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await clients.of(SESSION.id, "")
    monkeypatch.setitem(limits.METHOD_CALLS_PER_MINUTE, "users.info", 3)
    calls = [asyncio.create_task(client.users_info(user="U0FIDDLER")) for _ in range(5)]
    await slack.until(lambda: slack.calls_of.get("users.info") == 3)
    await client.auth_test()
    assert sum(call.done() for call in calls) <= 3 and slack.calls_of["users.info"] == 3
    for call in calls:
        call.cancel()


async def test_cards_wait_for_messages_and_leave_edits_to_others(
    slack: FakeSlack, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await clients.of(SESSION.id, "")
    posted = await client.chat_postMessage(channel=TUNES.id, text="a card")
    waiting = asyncio.create_task(client.chat_postMessage(channel=TUNES.id, text="a tune"))
    await asyncio.sleep(0)
    await client.pacing.card_turn(TUNES.id)
    assert waiting.done()
    monkeypatch.setattr(limits, "CARD_INTERVAL_S", 0)
    monkeypatch.setattr(limits, "KEPT_FROM_CARDS", limits.CALLS_PER_MINUTE - 1)
    await client.chat_update(channel=TUNES.id, ts=posted["ts"], text="8 bars")
    card = asyncio.create_task(client.pacing.card_turn(TUNES.id))
    await client.chat_update(channel=TUNES.id, ts=posted["ts"], text="liked")
    assert not card.done()
    card.cancel()


async def test_a_message_whose_answer_was_lost_is_not_sent_twice(slack: FakeSlack, clients: Clients) -> None:
    client = await clients.of(SESSION.id, "")
    slack.lose_answer("chat.postMessage")
    with pytest.raises(aiohttp.ClientError) as error:
        await client.chat_postMessage(channel=TUNES.id, text="a tune")
    assert is_temporary(error.value)
    assert slack.calls_of["chat.postMessage"] == 1


@pytest.mark.parametrize(
    ("error", "status", "temporary"),
    [("channel_not_found", 200, False), ("internal_error", 200, True), ("", 502, True), ("is_archived", 200, False)],
)
async def test_refusals_that_may_pass_are_told_from_others(
    slack: FakeSlack, clients: Clients, error: str, status: int, temporary: bool
) -> None:
    client = await clients.of(SESSION.id, "")
    slack.refuse("chat.postMessage", error, status=status)
    with pytest.raises(SlackApiError) as refusal:
        await client.chat_postMessage(channel=TUNES.id, text="a tune")
    assert (error_code(refusal.value), is_temporary(refusal.value)) == (error, temporary)


async def test_slack_out_of_reach_may_pass(clients: Clients, slack: FakeSlack) -> None:
    client = await clients.of(SESSION.id, "")
    await slack.close()
    with pytest.raises(aiohttp.ClientError) as error:
        await client.auth_test()
    assert is_temporary(error.value)


async def test_another_workspace_has_no_client(clients: Clients) -> None:
    with pytest.raises(NotInstalled):
        await clients.of(HARBOUR.id, "")


async def test_a_file_is_sent_and_read_up_to_a_limit(slack: FakeSlack, clients: Clients) -> None:
    client = await clients.of(SESSION.id, "")
    place = await client.files_getUploadURLExternal(filename="tune.abc", length=5)
    await clients.upload(place["upload_url"], b"X:1\nK")
    assert slack.files.all[place["file_id"]].content == b"X:1\nK"
    said = await slack.write("look", channel=DIRECT, files=[Upload("tune.abc", b"X" * 100)])
    address = said["files"][0]["url_private"]
    assert await clients.download(BOT_TOKEN, address, 100) == b"X" * 100
    assert len(await clients.download(BOT_TOKEN, address, 10)) == 11


async def test_nothing_is_sent_to_an_address_that_is_not_slacks(clients: Clients) -> None:
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host = f"127.0.0.1:{runner.addresses[0][1]}"
        for address in (
            f"http://{host}/x",
            f"http://slack.com@{host}/x",
            "http://hooks.slack.com/x",
            "https://slack.com.example.org/x",
            "https://notslack.com/x",
            "file:///etc/passwd",
            "",
        ):
            with pytest.raises(Refused):
                await clients.download(BOT_TOKEN, address, 10)
            with pytest.raises(Refused):
                await clients.respond(address, {"text": "hello"})
            with pytest.raises(Refused):
                await clients.upload(address, b"hello")
    finally:
        await runner.cleanup()
    assert not asked


async def test_a_refused_answer_is_final_and_a_fault_may_pass(slack: FakeSlack, clients: Clients) -> None:
    address = slack.api_url.replace("/api/", "/respond/unknown")
    with pytest.raises(Refused):
        await clients.respond(address, {"text": "hello"})
    slack.refuse("respond", status=503)
    with pytest.raises(aiohttp.ClientError):
        await clients.respond(address, {"text": "hello"})
    slack.refuse("upload", "ratelimited", status=429, retry_s=1)
    client = await clients.of(SESSION.id, "")
    place = await client.files_getUploadURLExternal(filename="tune.abc", length=5)
    async with asyncio.timeout(HANG_S):
        await clients.upload(place["upload_url"], b"X:1\nK")
    assert slack.calls_of["upload"] == 2
