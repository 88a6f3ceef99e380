"""The app is removed from a workspace, or tokens of it are revoked: exactly those are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.core.desk import Desk
from bot.slack.app import make_app
from bot.slack.core.clients import Clients, NotInstalled
from bot.slack.core.context import Context
from bot.slack.installations import revocation
from bot.slack.installations.single_workspace import SingleWorkspace
from storage import Storage
from tests.bot.slack.installations.conftest import Browser, Process
from tests.loopback.slack import (
    BOT_TOKEN,
    FEDERATION,
    HARBOUR,
    NORTH,
    NORTHERNER,
    SAILOR,
    SESSION,
    SIGNING_SECRET,
    SOUTH,
    FakeSlack,
)
from tests.patience import HANG_S


async def serve(slack: FakeSlack, context: Context, installations: Any) -> AsyncIterator[Context]:
    """Slack sends events to the app by signed HTTP."""
    app = make_app(context, installations, SIGNING_SECRET)

    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", handle)
    runner = web.AppRunner(server)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.send_by_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        yield context
    finally:
        await runner.cleanup()


@pytest.fixture
async def context(slack: FakeSlack, process: Process) -> AsyncIterator[Context]:
    desk = Desk(process.storage, open_requests_per_person=10)
    context = Context(desk, process.storage, process.clients, web_url=None)
    async for served in serve(slack, context, process.workspaces):
        yield served


async def handled(slack: FakeSlack, context: Context, count: int = 1) -> None:
    """Waits until the app has handled so many events."""
    for sent in slack.sent[-count:]:
        await slack.acked(sent)
    async with asyncio.timeout(HANG_S):
        while context.tasks:
            await asyncio.wait(set(context.tasks))


async def tokens(process: Process) -> dict[str, str]:
    found: dict[str, str] = {}
    for owner in (HARBOUR.id, NORTH.id, FEDERATION.id):
        found |= await process.store.tokens(owner)
    return found


async def test_a_workspace_that_removes_the_app_is_no_longer_known(
    slack: FakeSlack, process: Process, context: Context, browser: Browser
) -> None:
    await browser.install(slack)
    await browser.install(slack, NORTH, NORTHERNER)
    await slack.uninstall(HARBOUR)
    await handled(slack, context, 2)
    assert list(await tokens(process)) == [f"bot:{NORTH.id}"]
    with pytest.raises(NotInstalled):
        await process.clients.of(HARBOUR.id, "")


async def test_an_organization_that_removes_the_app_is_no_longer_known(
    slack: FakeSlack, process: Process, context: Context, browser: Browser
) -> None:
    await browser.install(slack)
    await browser.install(slack, FEDERATION, NORTHERNER)
    await slack.uninstall(NORTH)
    await handled(slack, context, 2)
    assert list(await tokens(process)) == [f"bot:{HARBOUR.id}"]
    assert await process.workspaces.authorize(FEDERATION.id, SOUTH.id, NORTHERNER.id) is None


async def test_a_revoked_token_is_deleted(slack: FakeSlack, process: Process, context: Context, browser: Browser) -> None:
    await browser.install(slack)
    await slack.revoke_tokens(HARBOUR)
    await handled(slack, context)
    assert await tokens(process) == {}


async def test_only_the_users_token_that_was_revoked_is_deleted(
    slack: FakeSlack, process: Process, context: Context, browser: Browser
) -> None:
    await browser.install(slack)
    valid, revoked = slack.install()["access_token"], slack.install()["access_token"]
    for user_id, token in (("U1", revoked), ("U2", valid)):
        await process.store.async_save(Installation(team_id=HARBOUR.id, user_id=user_id, user_token=token))
    slack.state.installations.tokens[revoked].revoked = True
    event = {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}, "event_ts": "1.2"}
    await slack.state.event(HARBOUR, event)
    await handled(slack, context)
    assert sorted(await tokens(process)) == [f"bot:{HARBOUR.id}", f"user:{HARBOUR.id}:U2"]


async def test_an_event_that_comes_after_the_app_was_installed_again_deletes_nothing(
    slack: FakeSlack, process: Process, context: Context, browser: Browser
) -> None:
    await browser.install(slack)
    await slack.uninstall(HARBOUR)
    await handled(slack, context, 2)
    await browser.install(slack)
    late = slack.sent[-2:]
    for sent in late:
        await slack.acked(await slack.repeat(sent))
    await handled(slack, context)
    assert await process.workspaces.authorize(None, HARBOUR.id, SAILOR.id) is not None


async def test_when_slack_or_the_database_is_down_the_token_is_deleted_later(
    slack: FakeSlack, process: Process, context: Context, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "PAUSES_S", (0.0, 0.05, 0.05, 0.05))
    await browser.install(slack)
    slack.refuse("auth.test", "internal_error")
    slack.lose_answer("auth.test")
    await slack.revoke_tokens(HARBOUR)
    await handled(slack, context)
    assert await tokens(process) == {}
    assert slack.faults_left == []


async def test_with_the_token_of_one_workspace_in_the_settings_nothing_is_stored_and_nothing_fails(
    storage: Storage, tmp_path: Path
) -> None:
    one = SingleWorkspace(BOT_TOKEN)
    async with FakeSlack() as slack, Clients(one, slack.api_url) as clients:
        context = Context(Desk(storage, open_requests_per_person=10), storage, clients, web_url=None)
        async for served in serve(slack, context, one):
            await slack.uninstall(SESSION)
            await handled(slack, served, 2)
        assert slack.calls_of.get("auth.test", 0) == 0
