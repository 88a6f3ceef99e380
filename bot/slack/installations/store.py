"""The app's installations, in the encrypted credentials. Each token is stored once.

A workspace's rows have its id. One installation for all workspaces of an organization has the organization's id.
"""

from __future__ import annotations

import json
from logging import Logger
from typing import Any

from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.slack.core.clients import LOGGER
from bot.slack.core.reply import PLATFORM
from storage.credentials import Credentials


class InstallationStore(AsyncInstallationStore):
    """As slack-bolt wants it. Raises StorageError."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    @property
    def logger(self) -> Logger:
        return LOGGER

    async def async_save(self, installation: Installation) -> None:
        if installation.bot_token:
            await self.async_save_bot(installation.to_bot())
        if installation.user_token:
            owner = owner_of(installation)
            fields = {name: value for name, value in vars(installation).items() if not name.startswith("bot_")}
            await self._put(f"user:{owner}:{installation.user_id}", fields)

    async def async_save_bot(self, bot: Bot) -> None:
        await self._put(f"bot:{owner_of(bot)}", vars(bot))

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """The workspace's own bot, else the organization's."""
        for owner in _owners(enterprise_id, team_id, is_enterprise_install):
            if (bot := await self.bot_of(owner)) is not None:
                return bot
        return None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """The bot, with the user's own token if a user is named. Without one, the installation tells no user."""
        where = {"enterprise_id": enterprise_id, "team_id": team_id, "is_enterprise_install": is_enterprise_install}
        bot = await self.async_find_bot(**where)  # type: ignore[arg-type]
        of_bot = vars(bot) if bot is not None else {}
        if user_id is None:
            return Installation(**of_bot | {"user_id": ""}) if of_bot else None
        for owner in _owners(enterprise_id, team_id, is_enterprise_install):
            if (found := await self._get(f"user:{owner}:{user_id}")) is not None:
                return Installation(**of_bot | found)
        return None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self._credentials.delete(PLATFORM, f"bot:{team_id or enterprise_id}")

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Deletes the tokens of the user, or of all users, but not the bot's."""
        owner = team_id or enterprise_id
        keys = [f"user:{owner}:{user_id}"] if user_id else await self._credentials.keys(PLATFORM, f"user:{owner}:")
        await self._credentials.delete(PLATFORM, *keys)

    async def bot_of(self, owner: str) -> Bot | None:
        """The bot of a workspace's own installation, or of an organization's."""
        found = await self._get(f"bot:{owner}")
        return None if found is None else Bot(**found)

    async def tokens(self, owner: str) -> dict[str, str]:
        """All tokens of a workspace or an organization, by the keys that `delete` takes."""
        found = {}
        for kind in ("bot", "user"):
            for key in await self._credentials.keys(PLATFORM, f"{kind}:{owner}"):
                if key.split(":")[1] == owner and (fields := await self._get(key)) is not None:
                    found[key] = str(fields[f"{kind}_token"])
        return found

    async def delete(self, key: str) -> None:
        await self._credentials.delete(PLATFORM, key)

    async def _put(self, key: str, fields: dict[str, Any]) -> None:
        await self._credentials.put(PLATFORM, key, json.dumps(fields))

    async def _get(self, key: str) -> dict[str, Any] | None:
        found = await self._credentials.get(PLATFORM, key)
        return None if found is None else dict(json.loads(found))


def owner_of(bot: Bot | Installation) -> str:
    """The id of the workspace or organization in which the app was installed."""
    return str((bot.enterprise_id if bot.is_enterprise_install else bot.team_id) or "")


def _owners(enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None) -> list[str]:
    owners = [enterprise_id] if is_enterprise_install else [team_id, enterprise_id]
    return [owner for owner in owners if owner]
