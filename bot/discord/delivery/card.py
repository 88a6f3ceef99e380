"""The queue card: the response of an interaction or a reply to a message, edited while the tune is made."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog

from bot.discord.core.reply import Reply, passing

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

EDIT_EVERY_S = 1.0
BUSY_S = 0.1
INVALID_WEBHOOK_TOKEN = 50027


class Card:
    """Shows the newest text, one edit at a time and at most one a second, less often where many cards are open; none once
    it is closed.

    The interaction's token reaches it for 15 minutes; after that the bot edits it as a message of its own, which works
    where the bot is a member.
    """

    def __init__(self, bot: TunesmithBot, reply: Reply, channel_id: int) -> None:
        self._reply, self._pace = reply, bot.pace
        self._webhook = discord.Webhook.partial(reply.application, reply.token, client=bot)
        self._own = bot.get_partial_messageable(channel_id).get_partial_message(reply.card)
        self._token_works = True
        self._text = self._shown = ""
        self._view: discord.ui.View | None = None
        self._new_text, self._closing = asyncio.Event(), asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def show(self, text: str, view: discord.ui.View | None = None) -> None:
        """Returns at once."""
        self._text, self._view = text, view
        self._new_text.set()
        if self._keeper is None and not self._closing.is_set():
            self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Waits for the edit that is under way: cancelled, it might still arrive after whatever comes next."""
        self._closing.set()
        self._new_text.set()
        if self._keeper is not None:
            await asyncio.wait([self._keeper])

    def abandon(self) -> None:
        """Stops at once; nothing may come after it."""
        if self._keeper is not None:
            self._keeper.cancel()

    async def replace(self, parts: Callable[[], dict[str, Any]]) -> int | None:
        """The last edit; the card's id, or None when it cannot be reached.

        `parts` makes the arguments of discord.Webhook.edit_message, once for each attempt: files are used up by one.
        """
        await self.close()
        return self._reply.card if await self._edit(parts) else None

    async def delete(self) -> None:
        """Takes the card away, if it is still there."""
        await self.close()
        try:
            gone = await self._reach(lambda: self._webhook.delete_message(self._reply.card), self._own.delete)
        except discord.HTTPException:
            gone = False
        if not gone:
            log.info("A queue card is out of reach and was not deleted.", card=self._reply.card)

    async def _keep(self) -> None:
        while True:
            await self._new_text.wait()
            self._new_text.clear()
            if self._closing.is_set():
                return
            if self._text == self._shown:
                continue
            if await self._closed_within(self._pace.edit_delay_s()):
                return
            while self._pace.busy:
                if await self._closed_within(BUSY_S):
                    return
            self._shown = self._text
            try:
                if not await self._edit(lambda: {"content": self._shown, "view": self._view}):
                    return
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning("Could not edit a queue card.", card=self._reply.card, reason=repr(error))
            if await self._closed_within(EDIT_EVERY_S):
                return

    async def _closed_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()

    async def _edit(self, parts: Callable[[], dict[str, Any]]) -> bool:
        return await self._reach(
            lambda: self._webhook.edit_message(self._reply.card, **parts()), lambda: self._own.edit(**parts())
        )

    async def _reach(self, by_token: Callable[[], Awaitable[object]], as_own: Callable[[], Awaitable[object]]) -> bool:
        """False when the card is out of reach for good; raises discord.HTTPException for passing trouble."""
        ways = [by_token] if self._token_works and not self._reply.expired else []
        ways += [as_own] if self._reply.member and self._reply.card else []
        for way in ways:
            try:
                await way()
                return True
            except discord.HTTPException as error:
                if passing(error):
                    raise
                if error.code == INVALID_WEBHOOK_TOKEN:
                    self._token_works = False
        return False
