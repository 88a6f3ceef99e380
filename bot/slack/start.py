"""Connects the app to Slack: by Socket Mode, or by HTTP to which Slack sends signed events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.core.retries import doubling
from bot.settings import Settings
from bot.slack import features
from bot.slack.app import make_app
from bot.slack.core import limits
from bot.slack.core.clients import Clients, Installations, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.manifest import bot_scopes
from bot.slack.http import EVENTS, SlackRoutes
from bot.slack.installations.many_workspaces import ManyWorkspaces
from bot.slack.installations.single_workspace import SingleWorkspace
from bot.slack.socket_mode import SocketMode, TokenRefused
from storage.errors import DatabaseUnavailable
from storage.storage import Storage

log = structlog.get_logger(__name__)

# Read by the host of the bot, so not translated.
BOT_MISSING = "SLACK_BOT_TOKEN is missing. docs/slack.md says where it is."
WAY_MISSING = "SLACK_APP_TOKEN is missing, or SLACK_SIGNING_SECRET to get events by HTTP. docs/slack.md says where they are."
TWO_WAYS = "SLACK_APP_TOKEN is for Socket Mode and SLACK_SIGNING_SECRET for HTTP. Remove one of them."
HALF_A_CLIENT = "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together. Set both, or neither."
INSTALLED_BY_HTTP = "With SLACK_CLIENT_ID people install the app by HTTP. Set SLACK_SIGNING_SECRET, or remove it."
TWO_OWNERS = "SLACK_BOT_TOKEN is for one workspace and SLACK_CLIENT_ID for all that install the app. Remove one of them."
ADDRESS_MISSING = "With SLACK_SIGNING_SECRET Slack sends events to WEB_URL. Set it to this machine's public https address."
BOT_REFUSED = "Slack rejected SLACK_BOT_TOKEN ({code}). Copy the Bot User OAuth Token from the app's page OAuth & Permissions."
APP_REFUSED = (
    "Slack rejected SLACK_APP_TOKEN ({code}). On the app's page Basic Information make an app-level token with the scope "
    "connections:write, and turn Socket Mode on."
)


def problem_of(settings: Settings) -> str | None:
    """Why Slack can't work with these settings, in a sentence for the host."""
    bot, app, signing = settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret
    problems = (
        (app and signing, TWO_WAYS),
        (bool(settings.slack_client_id) != bool(settings.slack_client_secret), HALF_A_CLIENT),
        (settings.slack_client_id and not signing, INSTALLED_BY_HTTP),
        (settings.slack_client_id and bot, TWO_OWNERS),
        (not settings.slack_client_id and not bot, BOT_MISSING),
        (not app and not signing, WAY_MISSING),
        (signing and not (settings.web_url or "").startswith("https://"), ADDRESS_MISSING),
    )
    return next((sentence for wrong, sentence in problems if wrong), None)


class SlackSide:
    """Runs the app, and tells the health check whether events arrive."""

    def __init__(self, settings: Settings, desk: Desk, storage: Storage) -> None:
        self._settings, self._desk, self._storage = settings, desk, storage
        self._signing_secret = _secret(settings.slack_signing_secret)
        self._routes = SlackRoutes(self._signing_secret) if self._signing_secret else None
        self._socket: SocketMode | None = None

    @property
    def routes(self) -> list[web.RouteDef]:
        """What the web server has to serve for Slack; nothing in Socket Mode."""
        return self._routes.routes if self._routes else []

    def ready(self) -> bool:
        """Whether Slack's events arrive now."""
        return self._routes.app is not None if self._routes else self._socket is not None and self._socket.ready()

    async def run(self) -> None:
        """Runs until cancelled. Waits for the network if it is down; raises NoLogin for wrong settings and tokens."""
        if (problem := problem_of(self._settings)) is not None:
            raise NoLogin(problem)
        installations = self._installations()
        async with Clients(installations, self._settings.slack_api_url) as clients:
            context = Context(self._desk, self._storage, clients, web_url=self._settings.web_url)
            await self._start(installations, clients)
            app = make_app(context, installations, self._signing_secret)
            jobs = [asyncio.create_task(_keep(job, context)) for job in features.JOBS]
            try:
                await self._receive(app, installations)
            except TokenRefused as refused:
                raise NoLogin(APP_REFUSED.format(code=refused)) from None
            finally:
                await app.finish()
                context.removals.close()
                await _end([*jobs, *context.tasks])
                await installations.close()

    async def _receive(self, app: AsyncApp, installations: Installations) -> None:
        if self._routes is None:
            self._socket = SocketMode(app, _secret(self._settings.slack_app_token))
            return await self._socket.run()
        self._routes.oauth_flow, self._routes.app = installations.oauth_flow, app
        log.info("Slack may send events.", address=f"{self._settings.web_url}{EVENTS}")
        try:
            await asyncio.Event().wait()
        finally:
            self._routes.app = None

    def _installations(self) -> Installations:
        client_id, client_secret = self._settings.slack_client_id, _secret(self._settings.slack_client_secret)
        if not client_id:
            return SingleWorkspace(_secret(self._settings.slack_bot_token))
        app = {"client_id": client_id, "client_secret": client_secret, "web_url": self._settings.web_url or ""}
        return ManyWorkspaces(self._storage, **app, scopes=bot_scopes())

    async def _start(self, installations: Installations, clients: Clients) -> None:
        delays = doubling(limits.RECONNECT_S, limits.RECONNECT_AT_MOST_S)
        while True:
            try:
                return await installations.start(clients)
            except (SlackApiError, aiohttp.ClientError, OSError, DatabaseUnavailable) as error:
                if isinstance(error, SlackApiError) and not is_temporary(error):
                    raise NoLogin(BOT_REFUSED.format(code=error_code(error))) from None
                reason = error_code(error) or str(error)
            delay_s = next(delays)
            log.warning("The Slack app cannot start yet; trying again.", reason=reason, seconds=delay_s)
            await asyncio.sleep(delay_s)


async def _keep(job: Callable[[Context], Coroutine[Any, Any, None]], context: Context) -> None:
    """Runs a job of a feature again if it fails."""
    while True:
        try:
            await job(context)
        except Exception:
            log.exception("A task of the Slack app failed; starting it again.", task=job.__name__)
        await asyncio.sleep(limits.RECONNECT_S)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _secret(setting: SecretStr | None) -> str:
    return setting.get_secret_value() if setting else ""
