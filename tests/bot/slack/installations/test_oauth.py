"""People install the app: what they see, what is stored, and what is refused."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.slack.core.clients import NotInstalled
from storage import SecretKeyError
from tests.bot.slack.installations.conftest import KEY, WEB_URL, Browser, Process, query_of, running
from tests.loopback.slack import FEDERATION, HARBOUR, NORTH, NORTHERNER, SAILOR, SOUTH, FakeSlack
from tests.storage.examples import execute

FAILED = "Tunesmith was not added"


async def installed(process: Process) -> bool:
    return await process.workspaces.authorize(None, HARBOUR.id, SAILOR.id) is not None


async def test_who_allows_the_app_has_it_in_their_workspace(slack: FakeSlack, process: Process, browser: Browser) -> None:
    address = await browser.start()
    assert "Slack asks you next what it may do" in browser.text
    assert query_of(address)["redirect_uri"] == f"{WEB_URL}/slack/oauth_redirect"
    assert query_of(address).get("user_scope", "") == ""
    await browser.come_back(slack.consent(address))
    assert browser.status == 200 and "Tunesmith is now in Harbour" in browser.text
    authorized = await process.workspaces.authorize(None, HARBOUR.id, SAILOR.id)
    assert authorized is not None
    assert (authorized.team_id, authorized.bot_user_id, authorized.bot_id) == (HARBOUR.id, HARBOUR.bot_user, HARBOUR.bot_id)
    client = await process.clients.of(HARBOUR.id, "")
    assert (await client.auth_test())["team_id"] == HARBOUR.id
    assert client.token == authorized.bot_token


async def test_other_workspaces_do_not_have_it(slack: FakeSlack, process: Process, browser: Browser) -> None:
    await browser.install(slack)
    assert await process.workspaces.authorize(FEDERATION.id, NORTH.id, NORTHERNER.id) is None
    with pytest.raises(NotInstalled):
        await process.workspaces.token_of(NORTH.id, FEDERATION.id)


async def test_the_database_has_no_readable_token_and_no_person(
    slack: FakeSlack, process: Process, browser: Browser, url: str
) -> None:
    await browser.install(slack)
    [(row,)] = execute(url, "SELECT credentials::text FROM credentials")
    token = await process.workspaces.token_of(HARBOUR.id, "")
    assert isinstance(row, str) and token.encode().hex() not in row and token not in row
    secret = await process.storage.credentials.get("slack", f"bot:{HARBOUR.id}")
    assert secret is not None and token in secret and SAILOR.id not in secret


async def test_all_workspaces_of_an_organization_have_it_at_once(slack: FakeSlack, process: Process, browser: Browser) -> None:
    await browser.install(slack, FEDERATION, NORTHERNER)
    assert "Tunesmith is now in Federation" in browser.text
    tokens = {await process.workspaces.token_of(team_id, FEDERATION.id) for team_id in (NORTH.id, SOUTH.id, "")}
    assert len(tokens) == 1
    for team_id in (None, NORTH.id):  # Slack does not always tell the workspace
        authorized = await process.workspaces.authorize(FEDERATION.id, team_id, NORTHERNER.id)
        assert authorized is not None and authorized.bot_user_id == FEDERATION.bot_user
    assert not await installed(process)


async def test_a_workspaces_own_installation_counts_before_that_of_its_organization(
    slack: FakeSlack, process: Process, browser: Browser
) -> None:
    await browser.install(slack, NORTH, NORTHERNER)
    own = await process.workspaces.token_of(NORTH.id, FEDERATION.id)
    await browser.install(slack, FEDERATION, NORTHERNER)
    assert await process.workspaces.token_of(NORTH.id, FEDERATION.id) == own
    assert await process.workspaces.token_of(SOUTH.id, FEDERATION.id) != own


async def test_who_installs_again_replaces_the_token(slack: FakeSlack, process: Process, browser: Browser) -> None:
    await browser.install(slack)
    first = await process.workspaces.token_of(HARBOUR.id, "")
    await browser.install(slack)
    assert await process.workspaces.token_of(HARBOUR.id, "") != first


async def test_another_process_may_end_what_one_has_begun(slack: FakeSlack, browser: Browser, other: Process) -> None:
    address = slack.consent(await browser.start())
    browser.flow = other.workspaces.oauth_flow
    await browser.come_back(address)
    assert browser.status == 200
    assert await installed(other)


async def test_a_wrong_state_is_refused(slack: FakeSlack, process: Process, browser: Browser) -> None:
    address = slack.consent(await browser.start())
    state = query_of(address)["state"]
    for wrong in (state[:-1], state.swapcase(), "%00", "%ED%A0%80", ""):
        browser.cookies["slack-app-oauth-state"] = wrong
        await browser.come_back(address.replace(state, wrong))
        assert browser.status in (400, 401) and FAILED in browser.text
    assert not await installed(process)


async def test_a_state_is_used_once_by_one_of_several_processes(
    slack: FakeSlack, process: Process, browser: Browser, other: Process
) -> None:
    address = slack.consent(await browser.start())
    cookies = dict(browser.cookies)
    await browser.come_back(address)
    token = await process.workspaces.token_of(HARBOUR.id, "")
    for flow in (browser.flow, other.workspaces.oauth_flow):
        again = Browser(flow, cookies=dict(cookies))
        await again.come_back(address)
        assert again.status == 401 and "was used already" in again.text
    assert await process.workspaces.token_of(HARBOUR.id, "") == token


async def test_a_state_lives_for_ten_minutes(slack: FakeSlack, process: Process, browser: Browser, url: str) -> None:
    address = slack.consent(await browser.start())
    assert execute(url, "SELECT expires_at - updated_at = interval '10 minutes' FROM credentials") == [(True,)]
    execute(url, "UPDATE credentials SET expires_at = now()")
    await browser.come_back(address)
    assert browser.status == 401 and "older than ten minutes" in browser.text
    assert not await installed(process)


async def test_the_browser_of_somebody_else_is_refused(slack: FakeSlack, process: Process, browser: Browser) -> None:
    """Else a person could be made to install the app where somebody else wants it."""
    address = slack.consent(await browser.start())
    stranger = Browser(browser.flow)
    await stranger.come_back(address)
    assert stranger.status == 400 and "Allow cookies" in stranger.text
    assert not await installed(process)


async def test_who_does_not_allow_it_can_start_again(process: Process, browser: Browser) -> None:
    state = query_of(await browser.start())["state"]
    await browser.come_back(f"{WEB_URL}/slack/oauth_redirect?error=access_denied&state={state}")
    assert "You did not allow it" in browser.text
    assert '<a href="/slack/install">Start again</a>' in browser.page
    assert not await installed(process)


async def test_an_error_from_the_address_is_not_shown(browser: Browser) -> None:
    await browser.come_back(f"{WEB_URL}/slack/oauth_redirect?error=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "Slack did not confirm it" in browser.text and "alert" not in browser.page


@pytest.mark.parametrize("code", ["wrong", None])
async def test_a_code_that_is_not_slacks_is_refused(
    slack: FakeSlack, process: Process, browser: Browser, code: str | None
) -> None:
    address = slack.consent(await browser.start())
    query = query_of(address)
    await browser.come_back(address.replace(f"code={query['code']}", f"code={code}" if code else ""))
    assert browser.status == 401 and "Slack did not confirm it" in browser.text
    assert not await installed(process)


async def test_when_slack_does_not_answer_the_page_says_so(slack: FakeSlack, browser: Browser) -> None:
    address = slack.consent(await browser.start())
    slack.lose_answer("oauth.v2.access")
    await browser.come_back(address)
    assert browser.status == 503 and "Slack does not answer" in browser.text


async def test_when_the_database_does_not_answer_the_pages_say_so(
    slack: FakeSlack, process: Process, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = slack.consent(await browser.start())
    monkeypatch.setattr(process.storage.database, "conninfo", "host=127.0.0.1 port=1 dbname=tunes connect_timeout=2")
    await process.storage.database.engine.dispose()
    for opening in (browser.come_back(address), browser.start()):
        await opening
        assert browser.status == 503 and "I could not store it" in browser.text
    monkeypatch.undo()
    await Browser(browser.flow).install(slack)


async def test_when_the_tokens_cannot_be_stored_the_page_says_so(
    slack: FakeSlack, process: Process, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = slack.consent(await browser.start())
    release = slack.hold("auth.test")
    coming = asyncio.create_task(browser.come_back(address))
    await slack.until(lambda: slack.calls_of.get("auth.test"))  # the state is consumed
    monkeypatch.setattr(process.storage.database, "conninfo", "host=127.0.0.1 port=1 dbname=tunes connect_timeout=2")
    await process.storage.database.engine.dispose()
    release.set()
    await coming
    assert browser.status == 500 and "I could not store it" in browser.text


async def test_the_workspace_in_the_address_is_passed_on_and_nothing_else(browser: Browser) -> None:
    assert query_of(await browser.start(f"team={HARBOUR.id}"))["team"] == HARBOUR.id
    for hostile in ("T1%26scope=admin", "T1%26redirect_uri=https://example.com", "%3Cscript%3E"):
        address = await browser.start(f"team={hostile}")
        assert "team" not in query_of(address) and "admin" not in address and "example.com" not in address
        assert "script" not in browser.page


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "Tunesmith zu Slack hinzufügen"),
        ("nl, fr;q=0.5, es;q=0.7", "Añadir Tunesmith a Slack"),
        ("nl", "Add Tunesmith to Slack"),
        ("", "Add Tunesmith to Slack"),
        ("x" * 10_000, "Add Tunesmith to Slack"),
    ],
)
async def test_the_pages_are_in_the_browsers_language(browser: Browser, language: str, title: str) -> None:
    browser.language = language
    await browser.start()
    assert f"<h1>{title}</h1>" in browser.page
    assert re.search(rf'<html lang="{"de" if "zu" in title else "es" if "Añ" in title else "en"}">', browser.page)


async def test_without_a_secret_key_the_app_does_not_start_and_says_what_to_set(
    slack: FakeSlack, url: str, tmp_path: Path
) -> None:
    with pytest.raises(SecretKeyError, match="set SECRET_KEY to what"):
        async with running(slack, url, tmp_path, secret_key=""):
            pass


async def test_with_a_wrong_secret_key_the_app_does_not_start_and_says_what_to_do(
    slack: FakeSlack, browser: Browser, url: str, tmp_path: Path
) -> None:
    await browser.install(slack)
    with pytest.raises(SecretKeyError, match="SECRET_KEY lacks the key"):
        async with running(slack, url, tmp_path, secret_key=f"another {KEY}"):
            pass
