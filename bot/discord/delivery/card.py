"""The queue card: the response to an interaction, or a reply to a message, that shows the progress of a tune."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
import discord
import structlog

from bot.core import card
from bot.discord.core import limits
from bot.discord.core.components import tune_id_of
from bot.discord.core.context import Context
from bot.discord.core.reply import Reply, is_temporary
from bot.discord.delivery.message_search import find_own_message

log = structlog.get_logger(__name__)


async def find_card(context: Context, reply: Reply, channel_id: int) -> int:
    """The message id of a queue card that was posted without storing its id; 0 if there is none or it is out of reach.

    Raises discord.HTTPException for trouble that may pass.
    """
    if reply.prompt:
        return await _find_reply(context, reply.prompt, channel_id) or 0
    if reply.expired:
        return 0
    webhook = discord.Webhook.partial(reply.application, reply.token, client=context.client)
    try:
        return (await webhook.fetch_message(cast(int, "@original"))).id  # Discord's name for the first answer
    except discord.HTTPException as error:
        if is_temporary(error):
            raise
        return 0


async def _find_reply(context: Context, prompt: int, channel_id: int) -> int | None:
    """The card that answers a message. The finished tune answers it too, but has the tune's buttons."""

    def matches(posted: discord.Message) -> bool:
        answers = posted.reference is not None and posted.reference.message_id == prompt
        return answers and tune_id_of(posted) is None

    channel = context.client.get_partial_messageable(channel_id)
    return await find_own_message(context, channel, discord.utils.snowflake_time(prompt), matches, after_id=prompt)


class Card(card.Card[discord.ui.View | None]):
    """At most one edit a second, fewer if many cards are open.

    The interaction's token can edit the card for 15 minutes. After that the bot edits it as its own message, which works
    only where it is a member.
    """

    temporary = (discord.HTTPException, aiohttp.ClientError, OSError)

    def __init__(self, context: Context, reply: Reply, channel_id: int) -> None:
        super().__init__(None)
        self._reply, self._call_limit = reply, context.call_limit
        self._webhook = discord.Webhook.partial(reply.application, reply.token, client=context.client)
        self._message = context.client.get_partial_messageable(channel_id).get_partial_message(reply.card)
        self._token_works = True
        self._next_edit_s = 0.0

    async def replace(self, parts: Callable[[], dict[str, Any]]) -> int | None:
        """Closes the card with a last edit. Returns its message id, or None if it is out of reach.

        `parts` makes the arguments of discord.Webhook.edit_message for each attempt: an attempt uses files up.
        """
        await self.close()
        return self._reply.card if await self._edit(parts) else None

    async def delete(self) -> None:
        """Deletes the card, if it is still there. Raises as `_try_ways`, and aiohttp.ClientError and OSError."""
        await self.close()
        if not await self._try_ways(lambda: self._webhook.delete_message(self._reply.card), self._message.delete):
            log.info("A queue card is out of reach and was not deleted.", card=self._reply.card)

    async def turn(self) -> None:
        await asyncio.sleep(max(self._next_edit_s - time.monotonic(), 0))
        await asyncio.sleep(self._call_limit.card_edit_delay_s())
        while self._call_limit.busy:  # noqa: ASYNC110  # other calls do not tell when they end
            await asyncio.sleep(limits.CARD_BUSY_S)

    async def edit(self, text: str, buttons: discord.ui.View | None) -> bool:
        try:
            return await self._edit(lambda: {"content": text, "view": buttons})
        finally:
            self._next_edit_s = time.monotonic() + limits.CARD_EDIT_INTERVAL_S

    async def _edit(self, parts: Callable[[], dict[str, Any]]) -> bool:
        return await self._try_ways(
            lambda: self._webhook.edit_message(self._reply.card, **parts()), lambda: self._message.edit(**parts())
        )

    async def _try_ways(self, by_token: Callable[[], Awaitable[object]], as_bot: Callable[[], Awaitable[object]]) -> bool:
        """False if the card is out of reach for good. Raises discord.HTTPException for trouble that may pass."""
        ways = [by_token] if self._token_works and not self._reply.expired else []
        ways += [as_bot] if self._reply.member else []
        ways = ways if self._reply.card else []
        for way in ways:
            try:
                await way()
                return True
            except discord.HTTPException as error:
                if is_temporary(error):
                    raise
                if error.code == limits.INVALID_WEBHOOK_TOKEN:
                    self._token_works = False
        return False
