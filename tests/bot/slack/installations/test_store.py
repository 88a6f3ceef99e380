"""slack-bolt's own authorization works with the store of installations."""

from __future__ import annotations

import time
from typing import Any

import pytest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncInstallationStoreAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.slack.core.clients import LOGGER
from bot.slack.installations.store import InstallationStore
from tests.bot.slack.installations.conftest import Process
from tests.loopback.slack import CLIENT_ID, CLIENT_SECRET, FEDERATION, HARBOUR, NORTH, SAILOR, FakeSlack

IN_HARBOUR: dict[str, Any] = {"enterprise_id": None, "team_id": HARBOUR.id}
IN_NORTH: dict[str, Any] = {"enterprise_id": FEDERATION.id, "team_id": NORTH.id}
IN_FEDERATION: dict[str, Any] = {"enterprise_id": FEDERATION.id, "team_id": None}


def installation(**fields: Any) -> Installation:
    bot = {"app_id": "A1", "bot_token": "xoxb-1", "bot_id": "B1", "bot_user_id": "U1", "bot_scopes": ["commands", "chat:write"]}
    return Installation(**bot | {"team_id": HARBOUR.id, "team_name": "Harbour", "user_id": SAILOR.id} | fields)


@pytest.fixture
def store(process: Process) -> InstallationStore:
    return process.store


async def authorized(process: Process, *, is_enterprise_install: bool = False, **where: Any) -> AuthorizeResult | None:
    context = AsyncBoltContext({"is_enterprise_install": is_enterprise_install, "client": process.clients.with_token(None)})
    authorize = AsyncInstallationStoreAuthorize(
        logger=LOGGER,
        installation_store=process.store,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        client=process.clients.with_token(None),
    )
    return await authorize(context=context, user_id=SAILOR.id, **where)


async def test_a_bot_is_found_as_it_was_saved(store: InstallationStore) -> None:
    saved = installation(bot_refresh_token="xoxe-1", bot_token_expires_at=1_800_000_000, custom_values={"a": 1})
    await store.async_save(saved)
    found = await store.async_find_bot(**IN_HARBOUR)
    assert found is not None and vars(found) == vars(saved.to_bot())
    assert await store.async_find_bot(**IN_NORTH) is None


async def test_a_users_token_is_found_by_its_user_only(store: InstallationStore) -> None:
    saved = installation(user_token="xoxp-1", user_scopes=["search:read"])
    await store.async_save(saved)
    found = await store.async_find_installation(**IN_HARBOUR, user_id=SAILOR.id)
    assert found is not None and vars(found) == vars(saved)
    assert await store.async_find_installation(**IN_HARBOUR, user_id="U2") is None
    anybody = await store.async_find_installation(**IN_HARBOUR)
    assert anybody is not None and (anybody.bot_token, anybody.user_token) == ("xoxb-1", None)


async def test_a_users_installation_has_the_newest_token_of_the_bot(store: InstallationStore) -> None:
    await store.async_save(installation(user_token="xoxp-1"))
    await store.async_save(installation(bot_token="xoxb-2", user_id="U2"))
    found = await store.async_find_installation(**IN_HARBOUR, user_id=SAILOR.id)
    assert found is not None and (found.bot_token, found.user_token) == ("xoxb-2", "xoxp-1")


async def test_a_user_without_bot_scopes_does_not_replace_the_bot(store: InstallationStore) -> None:
    await store.async_save(installation())
    await store.async_save(installation(bot_token=None, user_token="xoxp-1"))
    found = await store.async_find_bot(**IN_HARBOUR)
    assert found is not None and found.bot_token == "xoxb-1"


async def test_the_installation_of_an_organization_serves_its_workspaces(store: InstallationStore) -> None:
    org_wide = {"enterprise_id": FEDERATION.id, "team_id": None, "is_enterprise_install": True}
    await store.async_save(installation(**org_wide, bot_token="xoxb-org"))
    for where in (IN_NORTH, IN_NORTH | {"is_enterprise_install": True}, IN_FEDERATION | {"is_enterprise_install": True}):
        found = await store.async_find_bot(**where)
        assert found is not None and found.bot_token == "xoxb-org"
    assert await store.async_find_bot(**IN_HARBOUR) is None


async def test_bot_and_users_are_deleted_separately_or_together(store: InstallationStore) -> None:
    for user_id in ("U1", "U2", "U3"):
        await store.async_save(installation(user_id=user_id, user_token=f"xoxp-{user_id}"))
    await store.async_save(installation(team_id="T0", user_token="xoxp-elsewhere"))
    await store.async_delete_bot(**IN_HARBOUR)
    assert await store.async_find_bot(**IN_HARBOUR) is None
    await store.async_delete_installation(**IN_HARBOUR, user_id="U1")
    assert sorted((await store.tokens(HARBOUR.id)).values()) == ["xoxp-U2", "xoxp-U3"]
    await store.async_save(installation())
    await store.async_delete_all(**IN_HARBOUR)
    assert await store.tokens(HARBOUR.id) == {}
    assert len(await store.tokens("T0")) == 2


async def test_ids_that_begin_alike_are_not_mixed_up(store: InstallationStore) -> None:
    await store.async_save(installation(team_id="T12", user_token="xoxp-12"))
    assert await store.tokens("T1") == {}
    await store.async_delete_all(enterprise_id=None, team_id="T1")
    assert len(await store.tokens("T12")) == 2


async def test_bolts_authorization_finds_the_bot(slack: FakeSlack, process: Process) -> None:
    granted = slack.install()
    await process.store.async_save(installation(bot_token=granted["access_token"]))
    result = await authorized(process, **IN_HARBOUR)
    assert result is not None and (result.bot_token, result.team_id) == (granted["access_token"], HARBOUR.id)
    assert await authorized(process, **IN_NORTH) is None


async def test_bolts_authorization_rotates_the_token_and_stores_it(slack: FakeSlack, process: Process) -> None:
    slack.state.installations.rotation = True
    granted = slack.install()
    expiring = {"bot_refresh_token": granted["refresh_token"], "bot_token_expires_at": int(time.time())}
    await process.store.async_save(installation(bot_token=granted["access_token"], **expiring))
    result = await authorized(process, **IN_HARBOUR)
    found = await process.store.async_find_bot(**IN_HARBOUR)
    assert result is not None and found is not None
    assert result.bot_token == found.bot_token != granted["access_token"]
