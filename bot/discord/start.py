"""Connects the bot to Discord, reconnects, and disconnects."""

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
from bot.core.login import NoLogin
from bot.core.retries import doubling
from bot.discord.client import TunesmithBot
from bot.discord.core import limits
from bot.settings import Settings
from storage.errors import StorageError
from storage.storage import Storage

log = structlog.get_logger(__name__)

# Read by the host of the bot, so not translated.
LOGIN_REFUSED = (
    "Discord rejected the bot's token. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."
)
LOGIN_MISSING = "The bot's token is missing. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."


class DiscordSide:
    """Runs the bot, and tells the health check whether it is connected."""

    def __init__(self, settings: Settings, desk: Desk, storage: Storage) -> None:
        self._settings, self._desk, self._storage = settings, desk, storage
        self._bot: TunesmithBot | None = None

    def ready(self) -> bool:
        """Whether the bot receives Discord's events now."""
        return self._bot is not None and self._bot.at_gateway

    async def run(self) -> None:
        """Runs until cancelled. Waits for the network if it is down; raises NoLogin if Discord rejects the token."""
        if self._settings.discord_token is None:
            raise NoLogin(LOGIN_MISSING)
        redirect(self._settings)
        delays = doubling(limits.RECONNECT_S, limits.RECONNECT_AT_MOST_S)
        while True:
            try:
                await self._run_bot(self._settings.discord_token.get_secret_value())
                return
            except discord.LoginFailure:
                raise NoLogin(LOGIN_REFUSED) from None
            except discord.ConnectionClosed as closed:
                if closed.code == limits.AUTHENTICATION_FAILED:
                    raise NoLogin(LOGIN_REFUSED) from None
                delay_s = next(delays)
                log.warning("Discord closed the connection; trying again.", code=closed.code, seconds=delay_s)
            except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
                delay_s = next(delays)
                log.warning("Discord cannot be reached; trying again.", reason=str(error), seconds=delay_s)
            except StorageError as error:  # the bot looks for what was not delivered before it starts
                delay_s = next(delays)
                log.warning("The bot cannot start without the database; trying again.", reason=str(error), seconds=delay_s)
            await asyncio.sleep(delay_s)

    async def _run_bot(self, token: str) -> None:
        self._bot = bot = TunesmithBot(self._desk, self._storage)
        # A task of its own: while discord.py connects again, it may ignore a cancellation and go on for ever.
        running = asyncio.create_task(bot.start(token))
        try:
            await asyncio.wait([running])
            await running
        finally:
            # Discord may not confirm the end of the connection, and discord.py waits for that.
            with suppress(TimeoutError):
                async with asyncio.timeout(limits.CLOSE_S):
                    await bot.close()
            running.cancel()
            await asyncio.wait([running], timeout=limits.CLOSE_S)


def redirect(settings: Settings) -> None:
    """Makes discord.py use the addresses in the settings, if any, for the whole process."""
    if settings.discord_api_url != Settings.model_fields["discord_api_url"].default:
        Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
