"""Signed HTTP: the addresses to which Slack sends events, and where people install the app."""

from __future__ import annotations

import re

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.slack.installations.oauth import INSTALL, INSTALLED

MAX_BODY_BYTES = 2**20  # a view with a hundred blocks comes back percent-encoded
EVENTS = "/slack/events"

_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_PASSED_ON = ("Content-Type", "X-Slack-Request-Timestamp", "X-Slack-Signature", "X-Slack-Retry-Num", "X-Slack-Retry-Reason")


class SlackRoutes:
    """Offers routes from the start, and answers once `app` is set."""

    def __init__(self, signing_secret: str) -> None:
        self._verifier = SignatureVerifier(signing_secret)
        self.app: AsyncApp | None = None
        self.oauth_flow: AsyncOAuthFlow | None = None

    @property
    def routes(self) -> list[web.RouteDef]:
        return [web.post(EVENTS, self._events), web.get(INSTALL, self._install), web.get(INSTALLED, self._installed)]

    async def _events(self, request: web.Request) -> web.Response:
        """Reads nothing of a request before its signature is verified, which bolt does once more."""
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            raise web.HTTPUnauthorized
        body = await _body(request)
        if not self._verifier.is_valid(body, timestamp, signature):
            raise web.HTTPUnauthorized
        if self.app is None:
            raise web.HTTPServiceUnavailable
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        return await to_aiohttp_response(await self.app.async_dispatch(AsyncBoltRequest(body=body, headers=dict(headers))))

    async def _install(self, request: web.Request) -> web.Response:
        return await to_aiohttp_response(await self._flow().handle_installation(await to_bolt_request(request)))

    async def _installed(self, request: web.Request) -> web.Response:
        return await to_aiohttp_response(await self._flow().handle_callback(await to_bolt_request(request)))

    def _flow(self) -> AsyncOAuthFlow:
        if self.oauth_flow is None:
            raise web.HTTPNotFound
        return self.oauth_flow


async def _body(request: web.Request) -> str:
    content = bytearray()
    async for chunk in request.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(content))
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise web.HTTPUnauthorized from None
