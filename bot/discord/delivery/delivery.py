"""The delivery of a tune, or of several that were requested together: a queue card, one message, and storing its id."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

import discord
import structlog
from discord.abc import Messageable

from bot.core import delivery
from bot.core.texts import delivery as texts
from bot.core.tune_files import fit_recording, read_files
from bot.discord.core import limits
from bot.discord.core.components import set_id_of, tune_id_of
from bot.discord.core.context import Context
from bot.discord.core.message_replies import send_reply
from bot.discord.core.reply import PLATFORM, Reply, is_temporary, store_card
from bot.discord.delivery import texts as discord_texts
from bot.discord.delivery.cancel import cancel_view
from bot.discord.delivery.card import Card, find_card
from bot.discord.delivery.message_search import find_own_message
from bot.discord.delivery.set_message import load_set_message
from bot.discord.delivery.tune_message import FinishedMessage, render_tune
from bot.languages import language
from generator.user_messages import UserMessage
from storage.tunes import Status, Tune
from storage.viewer import Viewer

log = structlog.get_logger(__name__)

RECORDING = "tune.mp3"
NO_FILES: Mapping[str, bytes] = {}

# Makes the message with these files, None for all of them, and with a note.
MakeMessage: TypeAlias = Callable[[Mapping[str, bytes] | None, str], FinishedMessage]


class Delivery(delivery.Delivery):
    """`resumed`: an earlier process may have posted the tune without storing that, so its message is searched for first. So it is
    after a failure. Discord drops a second message with the same nonce, but only for a few minutes.
    """

    def __init__(self, context: Context, tune: Tune, *, resumed: bool) -> None:
        self._context, self._reply = context, Reply.from_dict(tune.origin.reply)
        super().__init__(context.desk, tune, language(self._reply.language), limits)
        self._may_be_posted = resumed
        self._message_id: int | None = None  # of the posted tune
        self._card_is_left = False  # the tune is in another message
        self._files_on_card = False
        self._card = Card(context, self._reply, int(tune.origin.channel_id))
        self._turn = context.channel_turns.setdefault(tune.origin.channel_id, asyncio.Lock())
        self._refusal = 0  # Discord's error code for the last message that it refused

    async def run(self) -> None:
        async with self._context.storing:
            pass  # in a crowd the requests that wait to be stored come first
        await super().run()

    async def prepare(self) -> None:
        await self._find_card()

    def cooldown_ends(self, at: datetime) -> UserMessage:
        return discord_texts.cooldown_ends(int(at.timestamp()))

    async def show(self, lines: Sequence[str]) -> None:
        self._card.show("\n-# ".join(lines), cancel_view(self._tune.id, self._translate))

    async def cancelled(self) -> None:
        await self._card.replace(lambda: {"content": self._translate(texts.CANCELLED), "view": None})

    def abandon(self) -> None:
        self._card.abandon()

    async def _find_card(self) -> None:
        """Finds the card if its id is unknown: the process ended, or the answer to the call was lost, before it was stored."""
        may_be_there = not self._reply.prompt or self._may_be_posted or self._card_is_left
        if self._reply.card or not may_be_there:
            return
        if card := await find_card(self._context, self._reply, self._channel_id):
            self._tune = await store_card(self._context.storage, self._tune, card)
            self._reply = Reply.from_dict(self._tune.origin.reply)
            self._card = Card(self._context, self._reply, self._channel_id)

    async def deliver(self) -> None:
        if self._tune.message_id is not None:
            self._message_id = int(self._tune.message_id)  # of a set, perhaps only some tunes were stored as delivered
        if self._message_id is None:
            async with self._turn, self._context.posting:
                if self._tune.status is Status.FINISHED:
                    self._message_id = await self._post(await self._message())
                else:
                    self._message_id = await self._post_text(self._translate(self._tune.error or texts.FAILED))
        if self._message_id is None:
            log.warning("Could not deliver a tune: no permission, no token, no direct messages.", tune=self._tune.id)
            return
        try:
            if self._card_is_left:
                await self._find_card()
                await self._card.delete()
        except Exception:
            await self._store(str(self._message_id))  # the tune is delivered, though the card has to be deleted again
            raise
        await self._store(str(self._message_id))

    async def _store(self, message_id: str) -> None:
        for tune in self._tunes:
            await self._context.storage.mark_delivered(tune.id, message_id)

    async def _post(self, make: MakeMessage) -> int | None:
        """Posts an ordinary message, which outlives the card; if that is refused, on the card; else as a direct message.

        If something was not allowed, a note in the message says so.
        """
        reply, note = self._reply, ""

        async def in_channel() -> int | None:
            nonlocal note
            without_files = reply.member and reply.writes and not reply.attaches
            sent = None if without_files else await self._send(self._channel, make(None, ""))
            if sent is not None:
                self._card_is_left = True
            elif without_files or self._refusal == limits.MISSING_PERMISSIONS:
                sent = await self._post_files_apart(make)
            note = discord_texts.CLOSED_THREAD if self._refusal in limits.CLOSED_THREAD else discord_texts.CANNOT_SEND
            return sent

        async def on_card() -> int | None:
            return await self._card.replace(lambda: make(None, note).edit_parts)

        async def directly() -> int | None:
            channel = await self._direct_channel()
            return None if channel is None else await self._send(channel, make(None, texts.SENT_DIRECTLY))

        if reply.member and reply.writes:
            return await _first([in_channel, on_card, directly])
        note = discord_texts.CANNOT_SEND if reply.member else ""
        return await _first([on_card, in_channel, directly])

    async def _post_files_apart(self, make: MakeMessage) -> int | None:
        """Posts the tune as text in a channel without file permission; its files on the card, or else as a direct message."""
        files = make(None, "")
        files = replace(files, content=f"{files.heading}\n-# {self._translate(discord_texts.FILES_OF_REPLY)}")
        if not self._files_on_card:
            self._files_on_card = await self._card.replace(lambda: {**files.edit_parts, "view": None}) is not None
        if self._files_on_card:
            return await self._send(self._channel, make(NO_FILES, discord_texts.FILES_IN_REPLY))
        # The text first: if not even text is allowed, the tune goes elsewhere as a whole.
        sent = await self._send(self._channel, make(NO_FILES, discord_texts.FILES_MISSING))
        direct = await self._direct_channel() if sent else None
        if sent and direct and await self._send(direct, replace(files, content=files.heading)):
            text = make(NO_FILES, discord_texts.FILES_SENT_DIRECTLY).content
            await self._channel.get_partial_message(sent).edit(content=text)
        return sent

    async def _post_text(self, text: str) -> int | None:
        async def on_card() -> int | None:
            return await self._card.replace(lambda: {"content": text, "view": None})

        async def in_channel() -> int | None:
            return await self._send(self._channel, text)

        async def directly() -> int | None:
            channel = await self._direct_channel()
            return None if channel is None else await self._send(channel, text)

        return await _first([on_card, in_channel, directly])

    async def _message(self) -> MakeMessage:
        """Reads the files of the message, and returns a function that makes it."""
        tune, storage = self._tune, self._context.storage
        if tune.set_id:
            return await load_set_message(self._context, self._tunes, file_limit=self._file_limit, translate=self._translate)
        files = await read_files(storage, tune)
        # The parent is linked if all readers of the message can see it: in a server everybody, in direct messages the owner.
        viewer = Viewer(PLATFORM, "" if tune.origin.community_id else tune.origin.user_id, tune.origin.community_id)
        parent = await storage.gallery.visible_tune(tune.parent_id, viewer) if tune.parent_id else None
        if RECORDING in files:
            files[RECORDING] = await fit_recording(files[RECORDING], self._file_limit)

        def make(contents: Mapping[str, bytes] | None, note: str) -> FinishedMessage:
            return render_tune(
                tune,
                files if contents is None else contents,
                file_limit=self._file_limit,
                translate=self._translate,
                make_view=lambda: self._context.views.of_tune(tune, self._translate, in_session=True),
                parent=parent,
                note=note,
            )

        return make

    @property
    def _file_limit(self) -> int:
        return min(self._reply.file_limit, limits.FILE_BYTES)

    async def _send(self, channel: Messageable, message: FinishedMessage | str) -> int | None:
        """Returns the message's id, or None if Discord refused it. Raises discord.HTTPException for trouble that may pass."""
        try:
            if self._may_be_posted and (found := await self._find(channel, message)) is not None:
                return found
            # The request in chat to reply to, 0 if there is none or it is in another channel.
            prompt = self._reply.prompt if getattr(channel, "id", None) == self._channel_id else 0
            sent = await send_reply(channel, lambda: self._parts(message), to=prompt, channel_id=self._channel_id)
        except discord.HTTPException as error:
            if is_temporary(error):
                raise
            log.info("Discord refused a tune in this channel.", tune=self._tune.id, reason=str(error))
            self._refusal = error.code
            return None
        return sent.id

    async def _find(self, channel: Messageable, message: FinishedMessage | str) -> int | None:
        """The message if it is posted already, with files or without as wanted."""
        assert self._tune.finished_at is not None
        with_files = isinstance(message, FinishedMessage) and bool(message.contents)

        def matches(posted: discord.Message) -> bool:
            tune = self._tune
            shows_it = set_id_of(posted) == tune.set_id if tune.set_id else tune_id_of(posted) == tune.id
            return shows_it and bool(posted.attachments) == with_files

        event_id, _, _ = self._tune.origin.event_id.partition(":")
        asked = int(event_id) if event_id.isdecimal() else 0
        return await find_own_message(self._context, channel, self._tune.finished_at, matches, after_id=asked)

    def _parts(self, message: FinishedMessage | str) -> dict[str, Any]:
        nonce = self._tune.set_id or self._tune.id
        if isinstance(message, str):
            return {"content": message, "nonce": nonce}
        # Discord compares nonces by author, in all channels: text and files may be posted in two.
        nonce = f"{nonce}+" if message.contents else nonce
        return {"content": message.content, "files": message.files, "view": message.view, "nonce": nonce}

    @property
    def _channel_id(self) -> int:
        return int(self._tune.origin.channel_id)

    @property
    def _channel(self) -> discord.PartialMessageable:
        return self._context.client.get_partial_messageable(self._channel_id)

    async def _direct_channel(self) -> Messageable | None:
        try:
            return await self._context.client.create_dm(discord.Object(int(self._tune.origin.user_id)))
        except discord.HTTPException as error:
            if is_temporary(error):
                raise
            return None


async def _first(ways: list[Callable[[], Awaitable[int | None]]]) -> int | None:
    """The result of the first way that has one."""
    for way in ways:
        if (message_id := await way()) is not None:
            return message_id
    return None


async def deliver(context: Context, tune: Tune, resumed: bool) -> None:
    """Delivers the tune, or its set. Raises KeyError, TypeError or ValueError for invalid reply data."""
    await Delivery(context, tune, resumed=resumed).run()
