"""The stand-in sends events as Slack does, in Socket Mode and by signed HTTP, and OAuth gives tokens."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.file import FileInstallationStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from tests.loopback.slack import (
    APP_TOKEN,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    CONNECT,
    DIRECT,
    FEDERATION,
    FIDDLER,
    HARBOUR,
    HIDDEN,
    NORTHERNER,
    QUAY,
    SAILOR,
    SESSION,
    SIGNING_SECRET,
    FakeSlack,
    Upload,
)
from tests.patience import HANG_S

LATE_S = 3.1


@dataclass
class Heard:
    """What an app got: payloads of events, and their retry headers."""

    events: list[dict[str, Any]] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None  # acknowledges nothing until it is set
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def arrived(self, count: int) -> None:
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: len(self.events) >= count), HANG_S)


def listening(slack: FakeSlack, heard: Heard, **options: Any) -> AsyncApp:
    client = AsyncWebClient(options.pop("token", BOT_TOKEN), slack.api_url)
    app = AsyncApp(client=client, process_before_response=True, **options)

    @app.event(re.compile(".*"))
    async def anything(body: Any, request: Any) -> None:
        heard.events.append(body)
        heard.retries += request.headers.get("x-slack-retry-num", [])
        async with heard.changed:
            heard.changed.notify_all()
        if heard.hold:
            await heard.hold.wait()

    @app.command("/tune")
    async def tune(ack: Any) -> None:
        await ack("for you")

    return app


@asynccontextmanager
async def socket(app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(app, APP_TOKEN, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    yield handler
    await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def server(handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    routes = web.Application()
    routes.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(routes)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def over_http(slack: FakeSlack, app: AsyncApp) -> AsyncIterator[str]:
    async with server(app.server(port=0).handle_post_requests) as address:
        slack.send_by_http(f"{address}/slack/events")
        yield address


# --- Socket Mode
async def test_several_connections_share_the_events() -> None:
    one, two = Heard(), Heard()
    async with FakeSlack.with_every_scope() as slack, socket(listening(slack, one)), socket(listening(slack, two)):
        await slack.connected(2)
        for _ in range(20):
            await slack.acked(await slack.direct("hello"))
        assert len(one.events) + len(two.events) == 20
        assert one.events
        assert two.events


async def test_an_event_that_nobody_acknowledges_is_sent_three_times_more() -> None:
    heard = Heard(hold=asyncio.Event())
    async with FakeSlack.with_every_scope(stretch=1_000) as slack, socket(listening(slack, heard)):
        await slack.connected()
        said = await slack.direct("hello")
        for attempt in (1, 2, 3, 4):
            await slack.until(lambda attempt=attempt: slack.event_of(said).attempts == attempt)  # type: ignore[misc]
            await heard.arrived(attempt)
            slack.pass_time(LATE_S + 300)
        assert heard.retries == ["0", "1", "2", "3"]
        assert len({event["event_id"] for event in heard.events}) == 1
        with pytest.raises(AssertionError, match="timeout"):
            await slack.acked(said)
        with pytest.raises(AssertionError, match="event message was not acknowledged within 3 s"):
            slack.assert_rules_kept()
        assert heard.hold
        heard.hold.set()


async def test_an_event_survives_the_end_of_its_connection() -> None:
    heard = Heard(hold=asyncio.Event())
    async with FakeSlack.with_every_scope() as slack:
        async with socket(listening(slack, heard)):
            await slack.connected()
            said = await slack.direct("hello")
            await heard.arrived(1)
            await slack.drop()
        heard.hold = None
        async with socket(listening(slack, heard)):
            await slack.acked(said)
        assert [event["event"]["text"] for event in heard.events] == ["hello", "hello"]
        slack.assert_rules_kept()


async def test_the_app_notices_a_silent_connection_and_replaces_it() -> None:
    heard = Heard()
    async with FakeSlack.with_every_scope() as slack, socket(listening(slack, heard)):
        await slack.connected()
        slack.stick()
        lost = await slack.slash("tune")
        slack.stick(False)
        await slack.until(lambda: slack.calls_of["apps.connections.open"] >= 2)
        await slack.connected()
        with pytest.raises(AssertionError, match=r"timeout|connection_failed"):
            await slack.acked(lost)
        await slack.acked(await slack.slash("tune"))
        slack.assert_rules_kept()


async def test_without_a_connection_a_command_fails() -> None:
    async with FakeSlack.with_every_scope() as slack:
        command = await slack.slash("tune")
        slack.pass_time(LATE_S)
        with pytest.raises(AssertionError, match="no_connection"):
            await slack.acked(command)


async def test_a_text_in_the_acknowledgement_is_seen_by_the_person() -> None:
    async with FakeSlack.with_every_scope() as slack, socket(listening(slack, Heard())):
        await slack.acked(await slack.slash("tune"))
        assert await slack.private_text() == "for you"


async def test_an_address_of_socket_mode_works_once() -> None:
    async with FakeSlack.with_every_scope() as slack, aiohttp.ClientSession() as session:
        opened = await AsyncWebClient(base_url=slack.api_url).apps_connections_open(app_token=APP_TOKEN)
        async with session.ws_connect(opened["url"]) as connection:
            assert (await connection.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(opened["url"])


async def test_the_eleventh_connection_is_refused() -> None:
    async with FakeSlack.with_every_scope() as slack, aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=slack.api_url)
        open = [await session.ws_connect((await client.apps_connections_open(app_token=APP_TOKEN))["url"]) for _ in range(11)]
        assert (await open[-1].receive_json())["reason"] == "too_many_websockets"


# --- what is sent
async def test_events_come_only_from_where_the_app_is_and_as_it_asked() -> None:
    heard = Heard()
    async with FakeSlack.with_every_scope(events=("app_mention", "message.im")) as slack, socket(listening(slack, heard)):
        await slack.connected()
        await slack.write("not addressed")
        await slack.mention("here", channel=HIDDEN)
        await slack.mention("hello")
        await slack.acked(await slack.direct("direct"))
        assert sorted(event["event"]["type"] for event in heard.events) == ["app_mention", "message"]


async def test_files_from_another_workspace_have_to_be_asked_for() -> None:
    heard = Heard()
    async with FakeSlack.with_every_scope() as slack, socket(listening(slack, heard)):
        await slack.connected()
        said = await slack.mention("play this", channel=CONNECT, person=SAILOR, files=[Upload("tune.abc", b"X:1")])
        await heard.arrived(1)
        event = heard.events[0]["event"]
        assert (event["user_team"], event["files"][0]["file_access"]) == (HARBOUR.id, "check_file_info")
        info = await AsyncWebClient(BOT_TOKEN, slack.api_url).files_info(file=said["files"][0]["id"])
        assert info["file"]["url_private_download"]


# --- HTTP
async def test_signed_http_reaches_the_app_and_a_wrong_or_old_signature_does_not() -> None:
    heard = Heard()
    async with FakeSlack.with_every_scope() as slack, over_http(slack, listening(slack, heard, signing_secret=SIGNING_SECRET)):
        said = await slack.acked(await slack.direct("hello"))
        assert [event["event"]["text"] for event in heard.events] == ["hello"]
        post = slack.state.delivery.post
        assert (await post(said.kind, said.payload, secret="guess"))[0] == 401
        assert (await post(said.kind, said.payload, age_s=301))[0] == 401
        await slack.acked(await slack.slash("tune"))
        assert await slack.private_text() == "for you"
        assert await slack.verify_url()


async def test_an_event_is_sent_again_when_http_fails() -> None:
    tries: list[tuple[str, str]] = []

    async def failing(request: web.Request) -> web.Response:
        tries.append((request.headers.get("X-Slack-Retry-Num", ""), request.headers.get("X-Slack-Retry-Reason", "")))
        return web.Response(status=500 if len(tries) < 3 else 200)

    async with FakeSlack.with_every_scope(stretch=1_000) as slack, server(failing) as address:
        slack.send_by_http(address)
        said = await slack.direct("hello")
        await slack.until(lambda: slack.event_of(said).attempts == 2)
        slack.pass_time(60)
        await slack.acked(said)
        assert tries == [("", ""), ("1", "http_error"), ("2", "http_error")]


async def test_an_app_can_say_that_it_wants_no_event_again() -> None:
    async def failing(request: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with FakeSlack.with_every_scope() as slack, server(failing) as address:
        slack.send_by_http(address)
        with pytest.raises(AssertionError, match="no_retry"):
            await slack.acked(await slack.direct("hello"))


# --- OAuth
async def test_consent_gives_a_code_and_the_code_a_token_once() -> None:
    async with FakeSlack.with_every_scope(rotation=True, installed=False) as slack:
        client = AsyncWebClient(base_url=slack.api_url)
        query = {"client_id": CLIENT_ID, "scope": ",".join(slack.state.installations.scopes), "state": "s",
                 "redirect_uri": "http://127.0.0.1/slack/oauth_redirect"}  # fmt: skip
        back = slack.consent(f"https://slack.com/oauth/v2/authorize?{urlencode(query)}", HARBOUR, SAILOR)
        given = {name: value[0] for name, value in parse_qs(urlsplit(back).query).items()}
        assert given["state"] == "s"
        secrets = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        access = {"code": given["code"], "redirect_uri": query["redirect_uri"], **secrets}
        granted = await client.oauth_v2_access(**access)
        assert (granted["team"]["id"], granted["expires_in"], granted["authed_user"]["id"]) == (HARBOUR.id, 43_200, SAILOR.id)
        await client.chat_postMessage(token=granted["access_token"], channel=QUAY.id, text="x")
        with pytest.raises(Exception, match="invalid_code"):
            await client.oauth_v2_access(**access)
        with pytest.raises(Exception, match="bad_client_secret"):
            await client.oauth_v2_access(**access | {"client_secret": "guess"})


async def test_an_expired_token_is_refreshed_once_per_refresh_token() -> None:
    async with FakeSlack.with_every_scope(rotation=True) as slack:
        granted = slack.install(HARBOUR, SAILOR)
        client = AsyncWebClient(granted["access_token"], slack.api_url)
        slack.pass_time(12 * 3600 + 1)
        with pytest.raises(Exception, match="token_expired"):
            await client.auth_test()
        rotator = AsyncTokenRotator(client=client, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        old = Installation(user_id=SAILOR.id, team_id=HARBOUR.id, bot_token=granted["access_token"],
                           bot_refresh_token=granted["refresh_token"], bot_token_expires_at=1)  # fmt: skip
        new = await rotator.perform_token_rotation(installation=old, minutes_before_expiration=120)
        assert new is not None
        assert (await client.auth_test(token=new.bot_token))["team_id"] == HARBOUR.id
        with pytest.raises(Exception, match="invalid_refresh_token"):
            await client.oauth_v2_access(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, grant_type="refresh_token",
                                         refresh_token=granted["refresh_token"])  # fmt: skip


async def test_an_app_of_an_organisation_gets_events_of_its_workspaces(tmp_path: Any) -> None:
    heard = Heard()
    async with FakeSlack.with_every_scope(installed=False) as slack:
        granted = slack.install(FEDERATION, NORTHERNER)
        store = FileInstallationStore(base_dir=str(tmp_path), client_id=CLIENT_ID)
        store.save(
            Installation(
                user_id=NORTHERNER.id,
                enterprise_id=FEDERATION.id,
                bot_token=granted["access_token"],
                bot_id="B1",
                bot_user_id=granted["bot_user_id"],
                is_enterprise_install=True,
            )
        )
        app = listening(slack, heard, token=None, signing_secret=SIGNING_SECRET, installation_store=store)
        async with over_http(slack, app):
            await slack.acked(await slack.direct("hello", person=NORTHERNER))
            [authorization] = heard.events[0]["authorizations"]
            assert (authorization["enterprise_id"], authorization["team_id"]) == (FEDERATION.id, None)


async def test_uninstalling_sends_events_and_ends_the_tokens() -> None:
    heard = Heard()
    async with FakeSlack.with_every_scope() as slack, socket(listening(slack, heard)):
        await slack.connected()
        await slack.uninstall(SESSION)
        await slack.until(lambda: len(slack.sent) == 2)
        assert {sent.event["type"] for sent in slack.sent} == {"tokens_revoked", "app_uninstalled"}
        assert slack.state.installations.of(SESSION) is None


async def test_a_lost_answer_took_effect_and_a_held_call_waits() -> None:
    async with FakeSlack.with_every_scope() as slack:
        client = AsyncWebClient(BOT_TOKEN, slack.api_url, retry_handlers=[])
        slack.lose_answer("chat.postMessage")
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel=DIRECT.id, text="once")
        assert [message["text"] for message in slack.messages_in(DIRECT)] == ["once"]
        release = slack.hold("chat.postMessage")
        posting = asyncio.create_task(client.chat_postMessage(channel=DIRECT.id, text="later"))
        await slack.until(lambda: slack.calls_of["chat.postMessage"] == 2)
        assert len(slack.messages_in(DIRECT)) == 1
        release.set()
        await posting
        slack.refuse("chat.postMessage", "ratelimited", status=429, retry_s=7)
        with pytest.raises(Exception, match="ratelimited"):
            await client.chat_postMessage(channel=FIDDLER.id, text="x")
        assert slack.faults_left == []
