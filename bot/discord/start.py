"""The Discord side as one coroutine: connects, stays until it is cancelled, closes cleanly."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.core.desk import Desk
from bot.discord.client import TunesmithBot
from bot.settings import Settings
from storage.storage import Storage

log = structlog.get_logger(__name__)

# Read by the host of the bot, so not translated.
LOGIN_REFUSED = (
    "Discord rejected the bot's token. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."
)
LOGIN_MISSING = "The bot's token is missing. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."
EXIT_CODE_NO_LOGIN = 4
RETRY_S, RETRY_AT_MOST_S = 2.0, 60.0
CLOSE_S = 5.0
AUTHENTICATION_FAILED = 4004  # the gateway's code for closing


class NoLogin(Exception):
    """Discord does not let this bot in: `str(error)` is the sentence to show, and trying again does not help."""

    exit_code = EXIT_CODE_NO_LOGIN


class DiscordSide:
    """Runs the bot, and tells the health check how it is."""

    def __init__(self, settings: Settings, desk: Desk, storage: Storage) -> None:
        self._settings, self._desk, self._storage = settings, desk, storage
        self._bot: TunesmithBot | None = None

    def ready(self) -> bool:
        """Whether Discord's events reach the bot now."""
        return self._bot is not None and self._bot.at_gateway

    async def run(self) -> None:
        """Until cancelled; waits for a network that is not there, and raises NoLogin for a token that Discord refuses."""
        if self._settings.discord_token is None:
            raise NoLogin(LOGIN_MISSING)
        redirect(self._settings)
        delay_s = RETRY_S
        while True:
            try:
                await self._stay(self._settings.discord_token.get_secret_value())
                return
            except discord.LoginFailure:
                raise NoLogin(LOGIN_REFUSED) from None
            except discord.ConnectionClosed as closed:
                if closed.code == AUTHENTICATION_FAILED:
                    raise NoLogin(LOGIN_REFUSED) from None
                log.warning("Discord closed the connection; trying again.", code=closed.code, seconds=delay_s)
            except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
                log.warning("Discord cannot be reached; trying again.", reason=str(error), seconds=delay_s)
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, RETRY_AT_MOST_S)

    async def _stay(self, token: str) -> None:
        self._bot = bot = TunesmithBot(self._desk, self._storage)
        try:
            await bot.start(token)
        finally:
            # Discord may not answer the farewell, and discord.py waits long for it.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await bot.close()


def redirect(settings: Settings) -> None:
    """Sends discord.py to another address when the settings name one; it holds for the whole process."""
    if settings.discord_api_url != Settings.model_fields["discord_api_url"].default:
        Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
