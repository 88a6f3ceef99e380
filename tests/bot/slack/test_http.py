"""Events by HTTP: signatures, sizes, and what else the server offers."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar
from slack_bolt.async_app import AsyncApp

from bot.core.desk import Desk
from bot.settings import Settings
from bot.slack import features, http
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.installations.oauth import INSTALL, INSTALLED
from bot.web import make_app, run_routes, serving
from generator.request import TuneRequest
from storage.storage import Storage, open_storage
from storage.tunes import Origin
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import DIRECT, HARBOUR, QUAY, SAILOR, SIGNING_SECRET, FakeSlack
from tests.loopback.slack_delivery import signature
from tests.patience import HANG_S

heard: list[str] = []


def register(app: AsyncApp, context: Context) -> None:
    """Stores a request for each command, under its id."""
    heard.clear()

    async def tune(body: dict[str, Any], ack: Callable[[], Awaitable[object]]) -> None:
        event = Event.of_command(body)
        origin = Origin(platform="slack", event_id=event.id, user_id=event.user_id, channel_id=event.channel_id)
        await context.desk.submit(TuneRequest(seed=1), origin)
        await ack()
        heard.append(body["text"])

    app.command("/tune")(tune)


@pytest.fixture
async def stage(stopped_stage: Stage, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """The app behind the whole web page."""
    monkeypatch.setattr(features, "FEATURES", (register,))
    monkeypatch.setattr(features, "JOBS", ())
    stage = stopped_stage
    await stage.start_app(slack_app_token=None, slack_signing_secret=SIGNING_SECRET, web_url="https://tunes.example.org")
    app = make_app(storage=storage, desk=Desk(storage, open_requests_per_person=3), routes=stage.side.routes)
    async with serving(app, "127.0.0.1", 0) as address:
        stage.slack.send_by_http(address + http.EVENTS)
        yield stage


async def post(stage: Stage, body: bytes, **headers: str) -> int:
    async with (
        ClientSession() as session,
        session.post(stage.slack.state.delivery.request_url, data=body, headers=headers) as got,
    ):
        return got.status


def signed(body: bytes, *, age_s: float = 0, secret: str = SIGNING_SECRET) -> dict[str, str]:
    timestamp = str(int(time.time() - age_s))
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature(body, timestamp, secret)}


COMMAND_BODY = (
    b"command=%2Ftune&text=a+reel&team_id=T0SESSION&user_id=U0FIDDLER&channel_id=C0TUNES00&trigger_id=1.2.3"
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1&api_app_id=A1"
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_signed_command_is_heard_and_acknowledged(stage: Stage) -> None:
    sent = await stage.slack.acked(await stage.slack.slash("tune", "a reel"))
    assert (sent.attempts, heard) == (1, ["a reel"])
    assert stage.side.ready()


async def test_what_no_feature_listens_to_is_acknowledged(stage: Stage) -> None:
    assert (await stage.slack.acked(await stage.slack.write("hello", channel=DIRECT))).attempts == 1


@pytest.mark.parametrize(
    "sign",
    [
        dict,
        lambda: signed(COMMAND_BODY, secret="another"),
        lambda: signed(COMMAND_BODY + b"&text=a+jig"),
        lambda: signed(COMMAND_BODY, age_s=6 * 60),
        lambda: signed(COMMAND_BODY, age_s=-6 * 60),
        lambda: {**signed(COMMAND_BODY), "X-Slack-Request-Timestamp": "soon"},
        lambda: {**signed(COMMAND_BODY), "X-Slack-Signature": "v0=é"},
        lambda: {"X-Slack-Signature": signed(COMMAND_BODY)["X-Slack-Signature"]},
    ],
    ids=["none", "another secret", "another body", "too old", "from the future", "no number", "no hash", "no time"],
)
async def test_a_wrong_signature_is_refused(stage: Stage, sign: Callable[[], dict[str, str]]) -> None:
    assert await post(stage, COMMAND_BODY, **FORM, **sign()) == 401
    assert not heard


async def test_a_replayed_command_is_stored_once(stage: Stage, storage: Storage) -> None:
    headers = signed(COMMAND_BODY)
    assert [await post(stage, COMMAND_BODY, **FORM, **headers) for _ in range(2)] == [200, 200]
    assert len(await storage.undelivered("slack")) == 1


async def test_a_large_view_is_read_and_a_huge_one_refused(stage: Stage) -> None:
    large = COMMAND_BODY + b"&view=" + b"x" * 300_000
    assert await post(stage, large, **FORM, **signed(large)) == 200
    huge = COMMAND_BODY + b"&view=" + b"x" * http.MAX_BODY_BYTES
    assert await post(stage, huge, **FORM, **signed(huge)) == 413


async def test_nobody_can_install_an_app_that_has_one_workspace(stage: Stage) -> None:
    address = stage.slack.state.delivery.request_url.removesuffix(http.EVENTS)
    async with ClientSession() as session:
        for path in (INSTALL, INSTALLED):
            async with session.get(address + path) as response:
                assert response.status == 404


async def test_a_workspace_installs_the_app_and_uses_it(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "FEATURES", (register,))
    monkeypatch.setattr(features, "JOBS", ())
    public = "https://tunes.example.org"
    async with (
        FakeSlack(installed=False) as slack,
        open_storage(data_dir=tmp_path, database_url=url, secret_keys=["a secret key that is long enough for tests"]) as storage,
    ):
        stage = Stage(slack, storage)
        tokens = {"slack_bot_token": None, "slack_app_token": None}
        await stage.start_app(**tokens, **slack.public_settings, web_url=public)
        app = make_app(storage=storage, desk=Desk(storage, open_requests_per_person=3), routes=stage.side.routes)
        async with serving(app, "127.0.0.1", 0) as address, ClientSession(cookie_jar=DummyCookieJar()) as browser:
            slack.send_by_http(address + http.EVENTS)
            async with browser.get(address + INSTALL) as response:
                [consent] = re.findall(r'<a href="([^"]+)"', await response.text())
                cookie = response.headers["Set-Cookie"].partition(";")[0]
            back = slack.consent(unescape(consent), HARBOUR, SAILOR).removeprefix(public)
            async with browser.get(address + back, headers={"Cookie": cookie}) as response:
                assert (response.status, "Harbour" in await response.text()) == (200, True)
            assert (await slack.acked(await slack.slash("tune", "a reel", channel=QUAY, person=SAILOR))).attempts == 1
            assert heard == ["a reel"]
        await stage.stop_app()
        slack.assert_rules_kept()


async def test_alone_the_app_serves_its_events_and_its_health(stopped_stage: Stage, storage: Storage) -> None:
    stage = stopped_stage
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    changed = {"slack_app_token": None, "slack_signing_secret": SIGNING_SECRET, "web_url": "https://tunes.example.org"}
    await stage.start_app(**changed)
    settings = Settings(_env_file=None, web_port=port)
    serving = asyncio.create_task(run_routes(settings, storage, {"slack": stage.side.ready}, stage.side.routes))
    address = f"http://127.0.0.1:{port}"
    try:
        async with ClientSession() as session, asyncio.timeout(HANG_S):
            while True:
                try:
                    async with session.get(f"{address}/health") as response:
                        assert (response.status, (await response.json())["parts"]["slack"]) == (200, "up")
                    break
                except OSError:
                    await asyncio.sleep(0.01)
            await stage.stop_app()
            async with session.get(f"{address}/health") as response:
                assert (response.status, (await response.json())["parts"]["slack"]) == (503, "down")
            body = b"ssl_check=1"
            async with session.post(f"{address}{http.EVENTS}", data=body, headers=signed(body)) as response:
                assert response.status == 503
    finally:
        serving.cancel()
