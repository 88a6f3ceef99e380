"""Tokens that expire are renewed in time, each refresh token is used once, and no workspace is lost by it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from bot.slack.core import limits
from bot.slack.core.clients import NotInstalled
from bot.slack.installations import many_workspaces
from bot.slack.installations.many_workspaces import ROTATE_MINUTES
from tests.bot.slack.installations.conftest import Browser, Process
from tests.loopback.slack import FEDERATION, HARBOUR, NORTH, NORTHERNER, SAILOR, FakeSlack
from tests.patience import HANG_S
from tests.storage.examples import execute

RENEWAL = "oauth.v2.access"
DUE_S = 60.0 * ROTATE_MINUTES - 1
AWAY = "host=127.0.0.1 port=1 dbname=tunes connect_timeout=2"


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(installed=False, rotation=True) as slack:
        yield slack
        slack.assert_rules_kept()


@pytest.fixture
async def installed(slack: FakeSlack, browser: Browser) -> None:
    await browser.install(slack)
    slack.calls.clear()


async def token(process: Process) -> str:
    return await process.workspaces.token_of(HARBOUR.id, "")


async def age(slack: FakeSlack, process: Process, *, lives_s: float = -1, owner: str = HARBOUR.id) -> str:
    """Makes the token so old that it lives only so long. Returns it."""
    bot = await process.store.bot_of(owner)
    assert bot is not None
    bot.bot_token_expires_at = int(time.time() + lives_s)
    await process.store.async_save_bot(bot)
    if lives_s <= 0:
        slack.expire(bot.bot_token)
    return bot.bot_token


def renewals(slack: FakeSlack) -> int:
    return slack.calls_of.get(RENEWAL, 0)


async def stored(process: Process, old: str) -> str:
    """The token that replaces the old one in the database."""
    async with asyncio.timeout(HANG_S):
        while (bot := await process.store.bot_of(HARBOUR.id)) is None or bot.bot_token == old:
            await asyncio.sleep(0.02)
    return bot.bot_token


@pytest.mark.usefixtures("installed")
async def test_a_fresh_token_is_not_renewed(slack: FakeSlack, process: Process) -> None:
    assert await token(process) == await token(process)
    assert renewals(slack) == 0


@pytest.mark.usefixtures("installed")
async def test_a_token_that_expires_soon_is_renewed_and_nobody_waits(slack: FakeSlack, process: Process) -> None:
    old = await age(slack, process, lives_s=DUE_S)
    release = slack.hold(RENEWAL)
    for _ in range(3):
        assert await token(process) == old
    release.set()
    new = await stored(process, old)
    assert await token(process) == new
    client = await process.clients.of(HARBOUR.id, "")
    assert (await client.auth_test())["ok"]
    assert renewals(slack) == 1


@pytest.mark.usefixtures("installed")
async def test_an_expired_token_is_renewed_first(slack: FakeSlack, process: Process) -> None:
    old = await age(slack, process)
    authorized = await process.workspaces.authorize(None, HARBOUR.id, SAILOR.id)
    assert authorized is not None and authorized.bot_token not in (old, None)
    assert await token(process) == authorized.bot_token


@pytest.mark.usefixtures("installed")
async def test_the_next_refresh_token_is_kept_too(slack: FakeSlack, process: Process) -> None:
    tokens = set()
    for _ in range(3):
        await age(slack, process)
        tokens.add(await token(process))
    assert len(tokens) == 3


async def test_the_token_of_an_organization_is_renewed(slack: FakeSlack, process: Process, browser: Browser) -> None:
    await browser.install(slack, FEDERATION, NORTHERNER)
    old = await age(slack, process, owner=FEDERATION.id)
    new = await process.workspaces.token_of(NORTH.id, FEDERATION.id)
    assert new != old and await process.workspaces.token_of("", FEDERATION.id) == new


@pytest.mark.usefixtures("installed")
async def test_many_who_need_it_at_once_in_two_processes_use_the_refresh_token_once(
    slack: FakeSlack, process: Process, other: Process
) -> None:
    old = await age(slack, process)
    tokens = set(await asyncio.gather(*(token(each) for each in [process, other] * 10)))
    assert len(tokens) == 1 and old not in tokens
    assert renewals(slack) == 1


@pytest.mark.usefixtures("installed")
async def test_a_process_that_dies_while_it_renews_a_token_does_not_stop_another(
    slack: FakeSlack, process: Process, other: Process
) -> None:
    await age(slack, process)
    slack.hold(RENEWAL)
    dying = asyncio.create_task(token(process))
    await slack.until(lambda: renewals(slack))
    waiting = asyncio.create_task(token(other))
    await process.storage.leases.close()  # as PostgreSQL does when a process dies
    assert await waiting
    dying.cancel()


@pytest.mark.usefixtures("installed")
async def test_who_used_the_refresh_token_too_late_takes_what_the_other_process_got(
    slack: FakeSlack, process: Process, other: Process, url: str
) -> None:
    """When a process is taken for dead, two may renew at the same time."""
    await age(slack, process)
    release = slack.hold(RENEWAL)
    slow = asyncio.create_task(token(process))
    await slack.until(lambda: renewals(slack))
    execute(url, "DELETE FROM lease_holders")
    new = await token(other)
    release.set()
    assert await slow == new
    assert [call.error for call in slack.calls if call.method == RENEWAL] == ["invalid_refresh_token", ""]


@pytest.mark.usefixtures("installed")
async def test_a_renewal_goes_on_if_who_asked_gives_up(slack: FakeSlack, process: Process) -> None:
    old = await age(slack, process)
    release = slack.hold(RENEWAL, after=True)
    asking = asyncio.create_task(token(process))
    await slack.until(lambda: renewals(slack))
    asking.cancel()
    await asyncio.wait({asking})
    closing = asyncio.create_task(process.workspaces.close())
    release.set()
    await closing
    bot = await process.store.bot_of(HARBOUR.id)
    assert bot is not None and bot.bot_token != old


@pytest.mark.usefixtures("installed")
async def test_a_renewed_token_is_stored_when_the_database_is_back(
    slack: FakeSlack, process: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await age(slack, process)
    release = slack.hold(RENEWAL)
    asking = asyncio.create_task(token(process))
    await slack.until(lambda: renewals(slack))
    with monkeypatch.context() as away:
        away.setattr(process.storage.database, "conninfo", AWAY)
        failing = asyncio.Event()
        save = process.workspaces._store.async_save_bot

        async def failed(*args: object) -> None:
            failing.set()
            await save(*args)  # type: ignore[arg-type]

        away.setattr(process.workspaces._store, "async_save_bot", failed)
        await process.storage.database.engine.dispose()
        release.set()
        await asyncio.wait_for(failing.wait(), HANG_S)
    new = await asking
    assert new != old and await token(other) == new


@pytest.mark.usefixtures("installed")
async def test_while_slack_is_down_an_expired_token_is_an_error_that_may_pass(slack: FakeSlack, process: Process) -> None:
    await age(slack, process)
    for error in ("internal_error", "service_unavailable"):
        slack.refuse(RENEWAL, error)
        with pytest.raises(ConnectionError):
            await process.workspaces.authorize(None, HARBOUR.id, SAILOR.id)
    assert await token(process)


@pytest.mark.usefixtures("installed")
async def test_a_refused_renewal_takes_nothing_from_a_token_that_lives(slack: FakeSlack, process: Process) -> None:
    old = await age(slack, process, lives_s=60)
    slack.refuse(RENEWAL, "invalid_refresh_token")
    assert await token(process) == old


@pytest.mark.usefixtures("installed")
async def test_with_an_expired_token_and_a_refused_renewal_the_app_is_not_installed_until_it_is_installed_again(
    slack: FakeSlack, process: Process, browser: Browser
) -> None:
    await age(slack, process)
    slack.refuse(RENEWAL, "invalid_refresh_token", times=2)
    with pytest.raises(NotInstalled):
        await token(process)
    assert await process.workspaces.authorize(None, HARBOUR.id, SAILOR.id) is None
    await browser.install(slack)
    assert await token(process)


@pytest.mark.usefixtures("installed")
async def test_a_process_that_holds_the_lease_and_hangs_is_an_error_that_may_pass(
    slack: FakeSlack, process: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await age(slack, process)
    lease = await other.storage.leases.take(f"slack token {HARBOUR.id}")
    assert lease is not None
    monkeypatch.setattr(limits, "CALL_S", 0.5)
    monkeypatch.setattr(many_workspaces, "PAUSE_S", 0.05)
    with pytest.raises(TimeoutError):
        await token(process)
    await lease.release()
    monkeypatch.undo()
    assert await token(process)
