"""How people install the app in their workspace: our page, Slack's question, and our page again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence

import aiohttp
import structlog
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store.models.installation import Installation
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.core.clients import LOGGER
from bot.slack.installations import texts
from bot.slack.installations.pages import language_of, page
from bot.slack.installations.state import LIFETIME, StateStore
from bot.slack.installations.store import InstallationStore, owner_of
from storage.credentials import Credentials
from storage.errors import StorageError

INSTALL, INSTALLED = "/slack/install", "/slack/oauth_redirect"

# Slack's and slack-bolt's words for what went wrong.
REASONS = {
    "access_denied": texts.CANCELLED,
    "invalid_browser": texts.WRONG_BROWSER,
    "invalid_state": texts.TOO_OLD,
    "slack_away": texts.SLACK_AWAY,
    "storage_error": texts.NOT_STORED,
}
_TEAM = re.compile(r"[TE][0-9A-Z]{1,30}", re.ASCII)
_REASON = re.compile(r"[a-z_]{1,60}", re.ASCII)

log = structlog.get_logger(__name__)


class OAuthFlow(AsyncOAuthFlow):
    """slack-bolt's flow with our pages, which also tell of faults of Slack and of the database."""

    def __init__(
        self,
        client: AsyncWebClient,
        credentials: Credentials,
        *,
        client_id: str,
        client_secret: str,
        scopes: Sequence[str],
        web_url: str,
    ) -> None:
        settings = AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes,
            user_scopes=[],
            redirect_uri=f"{web_url}{INSTALLED}",
            install_path=INSTALL,
            redirect_uri_path=INSTALLED,
            callback_options=AsyncCallbackOptions(self._installed, self._failed),
            installation_store=InstallationStore(credentials),
            state_store=StateStore(credentials),
            state_expiration_seconds=int(LIFETIME.total_seconds()),
            logger=LOGGER,
        )
        super().__init__(client=client, logger=LOGGER, settings=settings)

    async def handle_installation(self, request: AsyncBoltRequest) -> BoltResponse:
        return await self._guarded(request, super().handle_installation(request))

    async def handle_callback(self, request: AsyncBoltRequest) -> BoltResponse:
        return await self._guarded(request, super().handle_callback(request))

    async def build_authorize_url(self, state: str, request: AsyncBoltRequest) -> str:
        """The workspace in the query is offered first. It is checked, because slack_sdk does not escape it."""
        team = next(iter(request.query.get("team", ())), "")
        return self.settings.authorize_url_generator.generate(state=state, team=team if _TEAM.fullmatch(team) else None)

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:
        return page(language_of(request.headers), texts.INSTALL, texts.WHAT_IT_DOES, url, texts.CONTINUE)

    async def store_installation(self, request: AsyncBoltRequest, installation: Installation) -> None:
        try:
            await super().store_installation(request, installation)
        except StorageError as error:
            raise BoltError(str(error)) from error
        log.info("The app was installed.", workspace=owner_of(installation))

    async def _guarded(self, request: AsyncBoltRequest, handling: Awaitable[BoltResponse]) -> BoltResponse:
        try:
            return await handling
        except StorageError as error:
            return self._failure(request, "storage_error", 503, error)
        except (aiohttp.ClientError, OSError) as error:
            return self._failure(request, "slack_away", 503, error)

    async def _installed(self, args: AsyncSuccessArgs) -> BoltResponse:
        installation = args.installation
        name = installation.enterprise_name if installation.is_enterprise_install else installation.team_name
        address = "https://app.slack.com/client/" + owner_of(installation)
        title = texts.installed_in(name or "Slack")
        html = page(language_of(args.request.headers), title, texts.WHAT_NEXT, address, texts.OPEN_SLACK)
        return self._response(200, html)

    async def _failed(self, args: AsyncFailureArgs) -> BoltResponse:
        return self._failure(args.request, args.reason, args.suggested_status_code, args.error)

    def _failure(self, request: AsyncBoltRequest, reason: str, status: int, error: Exception | None) -> BoltResponse:
        known = reason if _REASON.fullmatch(reason) else "unknown"  # it comes from the address
        log.warning("The app was not installed.", reason=known, error=str(error) if error else None)
        text = REASONS.get(known, texts.NOT_CONFIRMED)
        return self._response(status, page(language_of(request.headers), texts.FAILED, text, INSTALL, texts.START_AGAIN))

    def _response(self, status: int, html: str) -> BoltResponse:
        """A page that ends the attempt."""
        cookie = self.settings.state_utils.build_set_cookie_for_deletion()
        return BoltResponse(status=status, body=html, headers={"Content-Type": "text/html; charset=utf-8", "Set-Cookie": cookie})
