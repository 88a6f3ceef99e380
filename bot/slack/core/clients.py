"""Calls to Slack: a client for each workspace, files, and an event's response_url.

Clients repeat no call by themselves, except after a refusal because of the rate: a message whose answer was lost may have
been posted. So callers repeat what may be repeated, and `is_temporary` says whether that makes sense.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.recent import Recent
from bot.slack.core import limits
from bot.slack.core.pacing import POSTS, Pacing

log = structlog.get_logger(__name__)

# Not the library's own logger: at DEBUG it would write messages of people into the log.
LOGGER = logging.getLogger("tunesmith.slack")
LOGGER.setLevel(logging.ERROR)
TEMPORARY = frozenset({"fatal_error", "internal_error", "ratelimited", "request_timeout", "rollup_error", "service_unavailable"})
HOSTS = ("slack.com", "slack-gov.com", "slack-files.com")


class NotInstalled(Exception):
    """The app is not installed in the workspace, or no longer."""


class Refused(Exception):
    """Slack or its file server refused for good what is not a call of its API."""


FAILURES = (SlackApiError, NotInstalled, Refused, aiohttp.ClientError, OSError)  # of calls; a TimeoutError is an OSError


class Installations(Protocol):
    """The workspaces where the app is installed, and their tokens."""

    @property
    def oauth_flow(self) -> AsyncOAuthFlow | None:
        """The pages on which people install the app; None if they can't."""

    async def start(self, clients: Clients) -> None:
        """Call this first. Raises StorageError, SlackApiError if a token is refused, and errors that may pass."""

    async def close(self) -> None: ...

    async def authorize(self, enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult | None:
        """For slack-bolt, for each event. None: not installed."""

    async def token_of(self, team_id: str, enterprise_id: str) -> str:
        """The token of the bot, which is valid for some minutes at least. Raises NotInstalled, and errors that may pass."""


def error_code(error: BaseException) -> str:
    """Slack's word for why it refused a call, such as `channel_not_found`; empty if it gave none."""
    data = getattr(getattr(error, "response", None), "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def is_temporary(error: BaseException) -> bool:
    """Whether the same call may work later. All other refusals are final."""
    if isinstance(error, SlackApiError):
        return error_code(error) in TEMPORARY or not error_code(error)  # without a code, a proxy or a fault answered
    return isinstance(error, aiohttp.ClientError | OSError)  # a TimeoutError is an OSError


async def unless_gone(call: Awaitable[object]) -> bool:
    """False if what the call is about is gone, or out of the app's reach. Raises errors that may pass."""
    try:
        await call
    except SlackApiError as error:
        if is_temporary(error):
            raise
        log.info("A message or a file in Slack is gone or out of reach.", reason=error_code(error))
        return False
    return True


class Client(AsyncWebClient):
    """slack_sdk's client for one workspace, which keeps to Slack's rate limits."""

    def __init__(
        self, token: str | None, base_url: str, session: aiohttp.ClientSession, pacing: Pacing, team_id: str | None
    ) -> None:
        super().__init__(token, base_url, session=session, logger=LOGGER, retry_handlers=[], team_id=team_id)
        self.pacing, self.proxy = pacing, None  # the session knows the environment's proxies, and where to use none

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """Raises SlackApiError, aiohttp.ClientError and OSError. Waits as long as Slack asks, and then goes on.

        Slack takes posts only from members, so the app joins a public channel to post there.
        """
        arguments = options.get("json") or options.get("params") or options.get("data") or {}
        channel_id = str(arguments.get("channel_id") or arguments.get("channel") or "")
        joined = False
        while True:
            async with self.pacing.turn(api_method, channel_id):
                try:
                    return await super().api_call(api_method, **options)
                except SlackApiError as error:
                    if error_code(error) == "not_in_channel" and api_method in POSTS and not joined:
                        joined = True
                        with suppress(SlackApiError):
                            await self.conversations_join(channel=channel_id)
                            continue
                    if getattr(error.response, "status_code", 0) != 429 and error_code(error) != "ratelimited":
                        raise
                    self.pacing.hold(api_method, retry_after_s(getattr(error.response, "headers", {})))


def retry_after_s(headers: Any) -> float:
    value = str(headers.get("Retry-After", ""))
    return float(value) if value.isdecimal() and len(value) < 5 else limits.RETRY_AFTER_S


class Clients:
    """Makes the clients of all workspaces, which share connections. Open it with `async with`."""

    def __init__(self, installations: Installations, api_url: str) -> None:
        self._installations, self._api_url = installations, api_url
        self._pacings: Recent[str, Pacing] = Recent(limits.REMEMBERED_WORKSPACES)

    async def __aenter__(self) -> Clients:
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=limits.CALL_S), trust_env=True)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.session.close()

    async def of(self, team_id: str, enterprise_id: str) -> Client:
        """A client for now, with a valid token. Raises NotInstalled, and errors that may pass."""
        token = await self._installations.token_of(team_id, enterprise_id)
        # The token may be an organization's, for which each call has to name the workspace.
        return self.with_token(token, team_id or enterprise_id, team_id if enterprise_id else "")

    def with_token(self, token: str | None, workspace_id: str = "", team_id: str = "") -> Client:
        pacing = self._pacings[workspace_id] = self._pacings.get(workspace_id) or Pacing()
        return Client(token, self._api_url, self.session, pacing, team_id or None)

    async def upload(self, url: str, content: bytes) -> None:
        """Sends a file to the address that files.getUploadURLExternal gave. Raises Refused, and errors that may pass."""
        await self._send("POST", url, data=content, timeout=aiohttp.ClientTimeout(total=limits.TRANSFER_S))

    async def download(self, token: str, url: str, at_most: int) -> bytes:
        """A file's content up to `at_most` bytes and one more. Raises Refused, and errors that may pass."""
        self._check(url)
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.get(url, headers=headers, allow_redirects=False) as response:
            self._raise_for(response.status)
            content = bytearray()
            async for chunk in response.content.iter_any():
                content += chunk
                if len(content) > at_most:
                    break
            return bytes(content[: at_most + 1])

    async def respond(self, response_url: str, message: dict[str, Any]) -> None:
        """Answers an event by its response_url. Raises Refused, for an old or used one too, and errors that may pass."""
        await self._send("POST", response_url, json=message)

    async def _send(self, method: str, url: str, **options: Any) -> None:
        self._check(url)
        began_s = time.monotonic()
        while True:
            async with self.session.request(method, url, allow_redirects=False, **options) as response:
                wait_s = retry_after_s(response.headers)
                if response.status != 429 or time.monotonic() + wait_s > began_s + limits.TRANSFER_S:
                    return self._raise_for(response.status)
            await asyncio.sleep(wait_s)

    def _check(self, url: str) -> None:
        """Addresses come in payloads: nothing is sent to, or read from, a host that is not Slack's."""
        parts, api = urlsplit(url), urlsplit(self._api_url)
        of_slack = parts.scheme == "https" and any(f".{parts.hostname}".endswith(f".{host}") for host in HOSTS)
        if not of_slack and (parts.scheme, parts.netloc) != (api.scheme, api.netloc):
            raise Refused("an address that is not Slack's")

    def _raise_for(self, status: int) -> None:
        if status == 429 or status >= 500:
            raise aiohttp.ClientError(f"Slack answered with status {status}")
        if status >= 300:
            raise Refused(f"Slack answered with status {status}")
