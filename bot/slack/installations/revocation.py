"""Deletes the tokens of a workspace that removed the app, or revoked some of them.

Slack's events come late, twice and in any order, perhaps after the app was installed again. So each stored token is tried, and
those that Slack refuses are deleted.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.slack.core.clients import error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.installations.store import InstallationStore
from storage.errors import StorageError

REVOKED = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_revoked"})
PAUSES_S = (0.0, 1.0, 5.0, 30.0, 120.0)  # before each attempt to reach Slack and the database
_OWNER = re.compile(r"[TE][0-9A-Z]{1,30}", re.ASCII)

log = structlog.get_logger(__name__)


def register(app: AsyncApp, context: Context) -> None:
    async def tokens_may_be_revoked(body: dict[str, Any]) -> None:
        for owner in sorted(_owners(body)):
            context.start(_keep_trying(context, owner))

    for event in ("tokens_revoked", "app_uninstalled"):
        app.event(event)(tokens_may_be_revoked)


def _owners(body: dict[str, Any]) -> set[str]:
    """The workspace and the organization, of which one has the installation."""
    named = [body, *(part for part in body.get("authorizations") or [] if isinstance(part, dict))]
    ids = {part.get(name) for part in named for name in ("team_id", "enterprise_id")}
    return {owner for owner in ids if isinstance(owner, str) and _OWNER.fullmatch(owner)}


async def _keep_trying(context: Context, owner: str) -> None:
    for pause_s in PAUSES_S:
        await asyncio.sleep(pause_s)
        try:
            await delete_revoked(context, owner)
            return
        except (SlackApiError, StorageError, aiohttp.ClientError, OSError) as error:
            log.warning("Whether tokens were revoked is not known.", workspace=owner, reason=str(error))


async def delete_revoked(context: Context, owner: str) -> None:
    """Deletes the tokens of a workspace or an organization that Slack refuses. Raises StorageError, and errors that may pass."""
    store = InstallationStore(context.storage.credentials)
    for key, token in (await store.tokens(owner)).items():
        if await _is_revoked(context, token):
            await store.delete(key)
            log.info("A revoked token was deleted.", workspace=owner, token=key)


async def _is_revoked(context: Context, token: str) -> bool:
    try:
        await context.clients.with_token(token).auth_test()
    except SlackApiError as error:
        if is_temporary(error):
            raise
        return error_code(error) in REVOKED
    return False
