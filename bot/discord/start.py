"""Connects the bot to Discord, reconnects, and disconnects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.core.retries import doubling
from bot.discord.client import TunesmithBot
from bot.discord.core import limits
from bot.discord.core.shard import Shard
from bot.discord.shards import Shards
from bot.settings import Settings
from storage.errors import DatabaseUnavailable, StorageError
from storage.storage import Storage

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Read by the host of the bot, so not translated.
LOGIN_REFUSED = (
    "Discord rejected the bot's token. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."
)
LOGIN_MISSING = "The bot's token is missing. Copy the token from https://discord.com/developers/applications into DISCORD_TOKEN."


class DiscordSide:
    """Runs the bot, and tells the health check whether it is connected."""

    def __init__(self, settings: Settings, desk: Desk, storage: Storage) -> None:
        self._settings, self._desk, self._storage = settings, desk, storage
        self._shards: Shards | None = None
        self.bots: dict[int, TunesmithBot] = {}  # by the number of their shard

    def ready(self) -> bool:
        """Whether Discord's events arrive now for all shards of this process, which may have none."""
        running = self._shards.running if self._shards else None
        return running is not None and all(shard in self.bots and self.bots[shard].at_gateway for shard in running)

    async def run(self) -> None:
        """Runs until cancelled. Waits for the network if it is down; raises NoLogin if Discord rejects the token."""
        if self._settings.discord_token is None:
            raise NoLogin(LOGIN_MISSING)
        token = self._settings.discord_token.get_secret_value()
        redirect(self._settings)
        recommended, groups = await self._patiently(lambda: _look_up_shards(token))
        count = self._settings.discord_shards or recommended
        turn = partial(self._identify_turn, groups) if count > 1 else None
        self._shards = Shards(
            self._storage.leases, count, lambda shard: self._patiently(lambda: self._run_bot(token, shard, turn))
        )
        try:
            await self._shards.run()
        finally:
            self._shards = None

    async def _identify_turn(self, groups: int, shard: int) -> None:
        """Waits until a session of the shard may be opened: Discord takes one in five seconds for each group of shards."""
        try:
            name = f"discord identify {shard % groups}"
            while not await self._storage.leases.take_for(name, limits.IDENTIFY_EVERY_S):  # noqa: ASYNC110  # others do not tell
                await asyncio.sleep(limits.IDENTIFY_TURN_S)
        except DatabaseUnavailable:  # then no process knows of the others
            await asyncio.sleep(limits.IDENTIFY_EVERY_S)

    async def _patiently(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the call, which is made again if Discord or the database cannot be reached. Raises NoLogin."""
        delays = doubling(limits.RECONNECT_S, limits.RECONNECT_AT_MOST_S)
        while True:
            try:
                return await call()
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

    async def _run_bot(self, token: str, shard: Shard, turn: Callable[[int], Awaitable[None]] | None) -> None:
        self.bots[shard.number] = bot = TunesmithBot(self._desk, self._storage, shard, turn)
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
            del self.bots[shard.number]


async def _look_up_shards(token: str) -> tuple[int, int]:
    """How many shards Discord recommends, and into how many groups they are divided for opening sessions."""
    http = HTTPClient(asyncio.get_running_loop())
    try:
        await http.static_login(token)
        shards, _, starts = await http.get_bot_gateway()
        return shards, starts["max_concurrency"]
    finally:
        await http.close()


def redirect(settings: Settings) -> None:
    """Makes discord.py use the addresses in the settings, if any, for the whole process."""
    if settings.discord_api_url != Settings.model_fields["discord_api_url"].default:
        Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
