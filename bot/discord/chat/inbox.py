"""Messages that arrive, each handled once, and marks: up to which message everything was handled.

Discord's message ids grow with time, so one mark is enough for a server. Direct messages have one for each person.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import discord
import structlog

from bot.core.recent import Recent
from bot.discord.chat.requests import addresses_bot, handle_message
from bot.discord.core import limits
from bot.discord.core.context import Context
from bot.discord.core.reply import PLATFORM
from storage.last_seen import Conversation

log = structlog.get_logger(__name__)

REMEMBERED: Final = 1_000  # messages, so that one that arrives twice within a short time is handled once


class Inbox:
    """Handles messages and keeps the marks, which `run` stores every few seconds.

    A mark never passes a message that is being handled, nor messages that are held because they are to be caught up.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._newest: dict[Conversation, int] = {}  # id of the newest message that arrived
        self._stored: dict[Conversation, int] = {}
        self._unfinished: defaultdict[Conversation, Counter[int]] = defaultdict(Counter)  # ids that the mark must not reach
        self._recent: Recent[int, None] = Recent(REMEMBERED)
        self._storing = asyncio.Lock()

    async def load(self) -> None:
        """Loads the marks of the shard's conversations."""
        marks, shard = await self._context.storage.last_seen.marks(PLATFORM), self._context.shard
        self._stored = {conversation: mark for conversation, mark in marks.items() if shard.has(conversation.community_id)}
        self._newest = dict(self._stored)

    def conversations(self) -> list[Conversation]:
        return list(self._newest)

    def mark(self, conversation: Conversation) -> int | None:
        """None for a conversation of which nothing is known."""
        newest, unfinished = self._newest.get(conversation), self._unfinished.get(conversation)
        return newest if newest is None or not unfinished else min(newest, min(unfinished) - 1)

    async def begin(self, conversation: Conversation, mark: int) -> None:
        """The first mark of a conversation is stored at once: without one nothing is caught up."""
        self._newest.setdefault(conversation, mark)
        await self.store()

    def reached(self, conversation: Conversation, message_id: int) -> None:
        self._newest[conversation] = max(self._newest.get(conversation, 0), message_id)

    @contextmanager
    def holding(self, conversation: Conversation, message_id: int) -> Iterator[None]:
        """Keeps the mark before the message until the end. Cancelled work stays unfinished: the next start repeats it."""
        unfinished, cancelled = self._unfinished[conversation], False
        unfinished[message_id] += 1
        try:
            yield
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            if not cancelled:
                unfinished[message_id] -= 1
                if not unfinished[message_id]:
                    del unfinished[message_id]

    async def receive(self, message: discord.Message) -> None:
        """Handles a message that arrives now."""
        conversation = conversation_of(message)
        if conversation is None:
            return
        addressed = addresses_bot(self._context, message)
        if conversation in self._newest and not addressed:
            self.reached(conversation, message.id)
        elif addressed or conversation.user_id:
            with self.holding(conversation, message.id):
                if conversation not in self._newest:
                    await self.begin(conversation, message.id - 1)
                self.reached(conversation, message.id)
                if addressed:
                    await self.handle(conversation, message)

    async def handle(self, conversation: Conversation, message: discord.Message) -> None:
        """Handles a message, unless it was handled just now."""
        if message.id in self._recent:
            return
        self._recent[message.id] = None
        with self.holding(conversation, message.id):
            await handle_message(self._context, message)

    async def forget(self, conversation: Conversation) -> None:
        for known in (self._newest, self._stored, self._unfinished):
            known.pop(conversation, None)
        await self._context.storage.last_seen.forget(PLATFORM, conversation)

    async def run(self) -> None:
        """Stores the marks until cancelled."""
        while True:
            await asyncio.sleep(limits.STORE_MARKS_S)
            await self.store()

    async def store(self) -> None:
        """Stores the marks that moved. A failure is logged; the next call stores them too."""
        async with self._storing:
            moved = {}
            for conversation in self._newest:
                mark = self.mark(conversation)
                if mark is not None and mark > self._stored.get(conversation, -1):
                    moved[conversation] = mark
            if not moved:
                return
            try:
                await self._context.storage.last_seen.store(PLATFORM, moved)
            except Exception:
                log.exception("Storing the last messages seen failed.")
            else:
                self._stored |= {conversation: mark for conversation, mark in moved.items() if conversation in self._newest}


def of_server(guild_id: int) -> Conversation:
    return Conversation(community_id=str(guild_id))


def conversation_of(message: discord.Message) -> Conversation | None:
    """None for direct messages whose other person is unknown: those of the bot itself, in a conversation that it began."""
    if message.guild is not None:
        return of_server(message.guild.id)
    recipient = message.channel.recipient if isinstance(message.channel, discord.DMChannel) else None
    person = recipient if message.author.bot else message.author
    return None if person is None else Conversation(channel_id=str(message.channel.id), user_id=str(person.id))
