"""Messages that were sent while the bot was not connected: it reads the channels' histories and handles those that address it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

import aiohttp
import discord
import structlog
from discord.utils import time_snowflake

from bot.core.retries import doubling
from bot.discord.chat.inbox import Inbox, of_server
from bot.discord.chat.requests import addresses_bot
from bot.discord.core import limits
from bot.discord.core.context import Context
from bot.discord.core.reply import PLATFORM, is_temporary
from storage.last_seen import Conversation

log = structlog.get_logger(__name__)

T = TypeVar("T")
Readable: TypeAlias = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
TRIES = 10  # five minutes
DIRECT = ""  # the community of direct messages
MOST_PAUSES = 50  # then it is its turn


@dataclass(frozen=True, slots=True)
class Gap:
    """A conversation in which messages after `mark` may have been missed. Its mark stays there until `close` is called."""

    conversation: Conversation
    mark: int
    close: Callable[[], None]


class CatchUp:
    """Catches up after each new session: at the start, and when Discord could not resume the last one.

    Until a conversation is caught up, its mark stays where it is. So a bot that ends meanwhile begins again, and finds by its
    own replies which messages it has answered; requests are stored once anyway.
    """

    def __init__(self, context: Context, inbox: Inbox) -> None:
        self._context, self._inbox = context, inbox
        self._gaps: dict[Conversation, Gap] = {}  # that nobody reads yet
        self._turn = asyncio.Semaphore(1)  # one channel at a time
        self._tasks: set[asyncio.Task[None]] = set()

    def session_began(self) -> None:
        """Holds the marks of all conversations: messages that arrive now must not move them over those missed."""
        for conversation in self._inbox.conversations():
            if conversation not in self._gaps:
                self._gaps[conversation] = self._gap(conversation)

    def server_available(self, guild: discord.Guild) -> None:
        """Call when its channels are known: in each new session, when it is back after an outage, and when the bot joins it."""
        conversation = of_server(guild.id)
        if self._inbox.mark(conversation) is None:
            self._start(self._inbox.begin(conversation, max([*_newest(guild).values(), _joined(guild)])))
        else:
            gap = self._gaps.pop(conversation, None) or self._gap(conversation)
            self._start(self._server(guild, gap, _newest(guild)))

    def server_left(self, guild_id: int) -> None:
        self._gaps.pop(of_server(guild_id), None)
        self._start(self._inbox.forget(of_server(guild_id)))

    def shard_ready(self) -> None:
        """Call when the shard's servers are known."""
        for conversation in list(self._gaps):
            guild_id = int(conversation.community_id or 0)
            if guild_id and self._context.client.get_guild(guild_id) is None:
                self.server_left(guild_id)  # while the bot was away
        if self._context.shard.has(DIRECT):
            direct = [self._gaps.pop(conversation) for conversation in list(self._gaps) if conversation.user_id]
            self._start(self._all_direct(direct))

    async def close(self) -> None:
        """Stops; the next start begins again."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limits.CLOSE_S)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="catch up")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The marks stay, and the next session tries again.
            log.error("Catching up failed.", exc_info=error)

    def _gap(self, conversation: Conversation) -> Gap:
        mark = self._inbox.mark(conversation)
        assert mark is not None
        held = ExitStack()
        held.enter_context(self._inbox.holding(conversation, mark + 1))
        return Gap(conversation, mark, held.close)

    async def _server(self, guild: discord.Guild, gap: Gap, newest: dict[Readable, int]) -> None:
        after = max(gap.mark, _joined(guild), _oldest())
        missed = [channel for channel in newest if newest[channel] > after and _may_read(channel, guild.me)]
        missed.sort(key=newest.__getitem__, reverse=True)
        for channel in missed[: limits.MISSED_CHANNELS]:
            await self._channel(gap.conversation, channel, after, newest[channel])
        self._inbox.reached(gap.conversation, max(newest.values(), default=0))
        gap.close()

    async def _all_direct(self, gaps: list[Gap]) -> None:
        """Whether there are any is known only by reading: Discord does not say it when a session begins."""
        gaps.sort(key=lambda gap: gap.mark, reverse=True)
        for gap in gaps[: limits.MISSED_DIRECT]:
            await self._direct(gap)
            gap.close()
        for gap in gaps[limits.MISSED_DIRECT :]:
            gap.close()
        long_ago = time_snowflake(datetime.now(UTC) - limits.FORGET_CONVERSATION_AFTER)
        await self._context.storage.last_seen.forget_direct_before(PLATFORM, long_ago)

    async def _direct(self, gap: Gap) -> None:
        client, channel_id, after = self._context.client, int(gap.conversation.channel_id), max(gap.mark, _oldest())
        channel = client.get_partial_messageable(channel_id, type=discord.ChannelType.private)

        async def last() -> int:
            return max([message.id async for message in channel.history(limit=1)], default=0)

        async with self._turn:
            await self._pause()
            newest = await _patiently(last, channel_id) or 0
        if newest > after:
            whole = await _patiently(lambda: client.fetch_channel(channel_id), channel_id)
            if isinstance(whole, discord.DMChannel):
                await self._channel(gap.conversation, whole, after, newest)
            self._inbox.reached(gap.conversation, newest)

    async def _channel(self, conversation: Conversation, channel: Readable | discord.DMChannel, after: int, newest: int) -> None:
        """Handles the channel's messages after one and up to another, oldest first, but for those that the bot replied to."""
        between = {"after": discord.Object(after), "before": discord.Object(newest + 1)}

        async def read() -> list[discord.Message]:
            history = channel.history(limit=limits.MISSED_MESSAGES, oldest_first=False, **between)
            return [message async for message in history]

        async with self._turn:
            await self._pause()
            messages = await _patiently(read, channel.id) or []
            own = [message for message in messages if message.author == self._context.client.user]
            answered = {message.reference.message_id for message in own if message.reference is not None}
            for message in reversed(messages):
                if message.id not in answered and addresses_bot(self._context, message):
                    log.info("Handling a message that was missed.", message=message.id)
                    await self._inbox.handle(conversation, message)
                    await self._pause()

    async def _pause(self) -> None:
        """Lets calls for people who write now go first, for a while."""
        for _ in range(MOST_PAUSES):
            await asyncio.sleep(limits.MISSED_PAUSE_S)
            if not self._context.call_limit.busy:
                return


def _newest(guild: discord.Guild) -> dict[Readable, int]:
    """The id of the newest message in each channel and thread that has one."""
    channels: list[Readable] = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads]
    return {channel: channel.last_message_id for channel in channels if channel.last_message_id}


def _joined(guild: discord.Guild) -> int:
    """An id: messages before it were written before the bot was in the server."""
    return time_snowflake(guild.me.joined_at) if guild.me and guild.me.joined_at else 0


def _oldest() -> int:
    """An id: messages before it are too old to be answered."""
    return time_snowflake(datetime.now(UTC) - limits.MISSED_AGE)


def _may_read(channel: Readable, member: discord.Member | None) -> bool:
    """Whether it is worth a call: refused calls count against the bot."""
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    if parent is None or member is None:
        return True
    may = parent.permissions_for(member)
    return may.view_channel and may.read_message_history


async def _patiently(call: Callable[[], Awaitable[T]], channel_id: int) -> T | None:
    """The result of the call; None if Discord refuses it. Raises the error if trouble that may pass lasts too long."""
    delays = doubling(limits.RETRY_S, limits.RETRY_AT_MOST_S)
    for _ in range(TRIES - 1):
        try:
            return await _unless_refused(call, channel_id)
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            await asyncio.sleep(next(delays))
    return await _unless_refused(call, channel_id)


async def _unless_refused(call: Callable[[], Awaitable[T]], channel_id: int) -> T | None:
    try:
        return await call()
    except discord.HTTPException as error:
        if is_temporary(error):
            raise
        log.info("Could not read what was missed in a channel.", channel_id=channel_id, reason=str(error))
        return None
