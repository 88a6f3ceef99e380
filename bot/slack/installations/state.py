"""The `state` of an attempt to install the app: it comes back with the person, once, and proves that we sent them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from logging import Logger
from typing import Any

from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.slack.core.clients import LOGGER
from bot.slack.core.reply import PLATFORM
from storage.credentials import Credentials

LIFETIME = timedelta(minutes=10)


class StateStore(AsyncOAuthStateStore):
    """As slack-bolt wants it; all processes share the states. Raises StorageError."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    @property
    def logger(self) -> Logger:
        return LOGGER

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        state = secrets.token_urlsafe(32)
        await self._credentials.put(PLATFORM, _key(state), "issued", lifetime=LIFETIME)
        return state

    async def async_consume(self, state: str) -> bool:
        """Whether it was issued within the last ten minutes, and not consumed yet."""
        return await self._credentials.take(PLATFORM, _key(state)) is not None


def _key(state: str) -> str:
    """Not the state itself: anybody may send any text."""
    return f"state:{hashlib.sha256(state.encode('utf-8', 'surrogatepass')).hexdigest()}"
