"""Connects the app to Slack: by Socket Mode, or by HTTP to which Slack sends signed events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError

from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.core.retries import doubling
from bot.settings import Settings
from bot.slack import features
from bot.slack.app import make_app
from bot.slack.core import limits
from bot.slack.core.clients import Clients, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.http import EVENTS, SlackRoutes
from bot.slack.installations.single_workspace import SingleWorkspace
from bot.slack.socket_mode import SocketMode, TokenRefused
from storage.storage import Storage

log = structlog.get_logger(__name__)

# Read by the host of the bot, so not translated.
WHERE = "https://api.slack.com/apps has it; docs/slack.md says where."
TOKENS_MISSING = f"SLACK_BOT_TOKEN is missing. {WHERE}"
WAY_MISSING = f"SLACK_APP_TOKEN is missing, or SLACK_SIGNING_SECRET to get events by HTTP. {WHERE}"
TWO_WAYS = "SLACK_APP_TOKEN is for Socket Mode and SLACK_SIGNING_SECRET for HTTP. Remove one of them."
ADDRESS_MISSING = "With SLACK_SIGNING_SECRET Slack sends events to WEB_URL. Set it to this machine's public https address."
BOT_REFUSED = "Slack rejected SLACK_BOT_TOKEN ({code}). Copy the Bot User OAuth Token from the app's page OAuth & Permissions."
APP_REFUSED = (
    "Slack rejected SLACK_APP_TOKEN ({code}). On the app's page Basic Information make an app-level token with the scope "
    "connections:write, and turn Socket Mode on."
)


class SlackSide:
    """Runs the app, and tells the health check whether events arrive. Raises NoLogin for settings that can't work."""

    def __init__(self, settings: Settings, desk: Desk, storage: Storage) -> None:
        self._settings, self._desk, self._storage = settings, desk, storage
        self._app_token, signing_secret = _secret(settings.slack_app_token), _secret(settings.slack_signing_secret)
        self._signing_secret = signing_secret
        if not settings.slack_bot_token:
            raise NoLogin(TOKENS_MISSING)
        if not self._app_token and not signing_secret:
            raise NoLogin(WAY_MISSING)
        if self._app_token and signing_secret:
            raise NoLogin(TWO_WAYS)
        if signing_secret and not (settings.web_url or "").startswith("https://"):
            raise NoLogin(ADDRESS_MISSING)
        self._routes = SlackRoutes(signing_secret) if signing_secret else None
        self._socket: SocketMode | None = None

    @property
    def routes(self) -> list[web.RouteDef]:
        """What the web server has to serve for Slack; nothing in Socket Mode."""
        return self._routes.routes if self._routes else []

    def ready(self) -> bool:
        """Whether Slack's events arrive now."""
        return self._routes.app is not None if self._routes else self._socket is not None and self._socket.ready()

    async def run(self) -> None:
        """Runs until cancelled. Waits for the network if it is down; raises NoLogin if Slack rejects a token."""
        installations = SingleWorkspace(_secret(self._settings.slack_bot_token))
        async with Clients(installations, self._settings.slack_api_url) as clients:
            context = Context(self._desk, self._storage, clients, web_url=self._settings.web_url)
            await self._start(installations, clients)
            app = make_app(context, installations, self._signing_secret)
            work = [_keep(job, context) for job in features.JOBS]
            if self._routes:
                self._routes.oauth_flow, self._routes.app = installations.oauth_flow, app
                log.info("Slack may send events.", address=f"{self._settings.web_url}{EVENTS}")
            else:
                self._socket = SocketMode(app, self._app_token)
                work.append(self._socket.run())
            try:
                await _until_one_ends([asyncio.create_task(coroutine) for coroutine in (asyncio.Event().wait(), *work)])
            except TokenRefused as refused:
                raise NoLogin(APP_REFUSED.format(code=refused)) from None
            finally:
                if self._routes:
                    self._routes.app = None
                await _end(context.tasks)

    async def _start(self, installations: SingleWorkspace, clients: Clients) -> None:
        delays = doubling(limits.RECONNECT_S, limits.RECONNECT_AT_MOST_S)
        while True:
            try:
                return await installations.start(clients)
            except (SlackApiError, aiohttp.ClientError, OSError) as error:
                if not is_temporary(error):
                    raise NoLogin(BOT_REFUSED.format(code=error_code(error))) from None
                delay_s = next(delays)
                log.warning("Slack cannot be reached; trying again.", reason=error_code(error) or str(error), seconds=delay_s)
                await asyncio.sleep(delay_s)


async def _keep(job: Callable[[Context], Coroutine[Any, Any, None]], context: Context) -> None:
    """Runs a job of a feature again if it fails."""
    while True:
        try:
            await job(context)
        except Exception:
            log.exception("A task of the Slack app failed; starting it again.", task=job.__name__)
        await asyncio.sleep(limits.RECONNECT_S)


async def _until_one_ends(tasks: list[asyncio.Task[Any]]) -> None:
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _secret(setting: SecretStr | None) -> str:
    return setting.get_secret_value() if setting else ""
