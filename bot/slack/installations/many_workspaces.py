"""Every workspace and organization in which people installed the app, and the rotation of their tokens.

Tokens are read from the database each time, so that all processes see at once what one of them stored or deleted.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from bot.slack.core import limits
from bot.slack.core.clients import Clients, NotInstalled, error_code, is_temporary
from bot.slack.core.reply import PLATFORM
from bot.slack.installations.oauth import OAuthFlow
from bot.slack.installations.store import InstallationStore, owner_of
from storage.errors import DatabaseUnavailable
from storage.storage import Storage

ROTATE_MINUTES = 120  # before a token expires; it lives for twelve hours
USABLE_S = 300.0  # a token that lives longer than that is still given out while it is rotated
PAUSE_S = 0.2  # between looks whether another process has rotated a token, and between attempts to store one

log = structlog.get_logger(__name__)


class ManyWorkspaces:
    """See `bot.slack.core.clients.Installations`. Raises StorageError too. Call `start` first."""

    oauth_flow: OAuthFlow
    _rotator: AsyncTokenRotator

    def __init__(self, storage: Storage, *, client_id: str, client_secret: str, scopes: Sequence[str], web_url: str) -> None:
        self._client_id, self._client_secret, self._scopes, self._web_url = client_id, client_secret, scopes, web_url
        self._credentials, self._leases = storage.credentials, storage.leases
        self._store = InstallationStore(storage.credentials)
        self._rotations: dict[str, asyncio.Task[Bot]] = {}

    async def start(self, clients: Clients) -> None:
        """Raises SecretKeyError if the tokens can't be stored and read."""
        await self._credentials.check(PLATFORM)
        client, app = clients.with_token(None), {"client_id": self._client_id, "client_secret": self._client_secret}
        self._rotator = AsyncTokenRotator(client=client, **app)
        self.oauth_flow = OAuthFlow(client, self._credentials, **app, scopes=self._scopes, web_url=self._web_url)

    async def authorize(self, enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult | None:
        try:
            bot = await self._bot(team_id or "", enterprise_id or "")
        except NotInstalled:
            return None
        return AuthorizeResult(
            enterprise_id=bot.enterprise_id,
            team_id=bot.team_id,
            team=bot.team_name,
            bot_id=bot.bot_id,
            bot_user_id=bot.bot_user_id,
            bot_token=bot.bot_token,
            bot_scopes=bot.bot_scopes,
        )

    async def token_of(self, team_id: str, enterprise_id: str) -> str:
        return (await self._bot(team_id, enterprise_id)).bot_token

    async def close(self) -> None:
        """Waits a little for rotations: what Slack answered must be stored, or the workspace is lost."""
        if self._rotations:
            await asyncio.wait(list(self._rotations.values()), timeout=limits.CLOSE_S)

    async def _bot(self, team_id: str, enterprise_id: str) -> Bot:
        """The bot with a usable token. Raises NotInstalled, StorageError, and errors that may pass."""
        bot = await self._store.async_find_bot(enterprise_id=enterprise_id, team_id=team_id)
        if bot is None:
            raise NotInstalled(team_id or enterprise_id)
        if _lives_s(bot) > 60 * ROTATE_MINUTES:
            return bot
        rotation = self._rotation(owner_of(bot))
        return bot if _lives_s(bot) > USABLE_S else await asyncio.shield(rotation)

    def _rotation(self, owner: str) -> asyncio.Task[Bot]:
        """One for all who ask at the same time. It goes on if they give up."""
        if owner not in self._rotations:
            task = self._rotations[owner] = asyncio.create_task(self._rotate(owner))
            task.add_done_callback(lambda task: self._rotated(owner, task))
        return self._rotations[owner]

    def _rotated(self, owner: str, task: asyncio.Task[Bot]) -> None:
        del self._rotations[owner]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("A workspace's token was not renewed.", workspace=owner, reason=str(error))

    async def _rotate(self, owner: str) -> Bot:
        """Slack takes a refresh token once. So one process at a time uses it, and looks first whether another did."""
        async with asyncio.timeout(limits.CALL_S):
            while (lease := await self._leases.take(f"slack token {owner}")) is None:  # noqa: ASYNC110  # others do not tell
                await asyncio.sleep(PAUSE_S)
        try:
            bot = await self._find(owner)
            try:
                newest = await self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=ROTATE_MINUTES)
            except SlackTokenRotationError as error:
                return await self._refused(owner, bot, error)
            if newest is None:  # another process was faster
                return bot
            await self._save(newest)
            return newest
        finally:
            await lease.release()

    async def _refused(self, owner: str, bot: Bot, error: SlackTokenRotationError) -> Bot:
        if is_temporary(error.api_error):
            raise ConnectionError(f"Slack did not renew the token: {error_code(error.api_error)}") from error
        newest = await self._find(owner)
        if newest.bot_token != bot.bot_token:  # another process rotated it, when the leases were lost
            return newest
        log.error("Slack refused to renew a workspace's token.", workspace=owner, reason=error_code(error.api_error))
        if _lives_s(bot) > 0:
            return bot
        raise NotInstalled(owner)

    async def _find(self, owner: str) -> Bot:
        if (bot := await self._store.bot_of(owner)) is None:
            raise NotInstalled(owner)
        return bot

    async def _save(self, bot: Bot) -> None:
        """Tries until the database answers: the old refresh token is used up."""
        while True:
            try:
                return await self._store.async_save_bot(bot)
            except DatabaseUnavailable as error:
                log.warning("A renewed token could not be stored; trying again.", workspace=owner_of(bot), reason=str(error))
                await asyncio.sleep(PAUSE_S)


def _lives_s(bot: Bot) -> float:
    """How long the token is valid, without end if it is not rotated."""
    if bot.bot_token_expires_at is None or bot.bot_refresh_token is None:
        return math.inf
    return bot.bot_token_expires_at - time.time()
