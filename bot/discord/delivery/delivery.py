"""A tune on its way to where it was asked for: followed on its card, posted once, remembered as delivered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import discord
import structlog
from discord.abc import Messageable

from bot.core.audio import shrunk
from bot.core.following import Progress
from bot.core.naming import time_left
from bot.discord.core import components, sending
from bot.discord.core.reply import PLATFORM, Reply, passing
from bot.discord.delivery import texts, tune_message
from bot.discord.delivery.cancel import cancel_view
from bot.discord.delivery.card import Card
from bot.discord.delivery.tune_message import Finished
from bot.languages import language
from storage.tunes import Status, Tune
from storage.viewer import Viewer

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

RETRY_S, RETRY_AT_MOST_S = 1.0, 60.0
CLOCKS_APART = timedelta(minutes=1)  # at most, between the database and Discord
SEARCHED_MESSAGES = 100
RECORDING = "tune.mp3"
FILE_AT_MOST = 12 * 2**20  # bytes, also where larger ones are allowed: sheet and recording share a request's 25 MiB
MISSING_PERMISSIONS, ARCHIVED, LOCKED = 50013, 50083, 160005  # Discord's codes
CLOSED = (ARCHIVED, LOCKED)


class Make(Protocol):
    def __call__(self, contents: dict[str, bytes] = ..., note: str = ...) -> Finished: ...


class Delivery:
    """Goes on until the tune is delivered or deleted, or every way to the person is closed.

    `resumed`: an earlier process may have posted the tune without remembering it, so the message is looked for first.
    Discord drops a second message with the same nonce, but only for some minutes.
    """

    def __init__(self, bot: TunesmithBot, tune: Tune, *, resumed: bool) -> None:
        self._bot, self._tune, self._reply = bot, tune, Reply.from_dict(tune.origin.reply)
        self._say = language(self._reply.language)
        self._may_be_there = resumed
        self._card = Card(bot, self._reply, int(tune.origin.channel_id))
        self._turn = bot.turns.setdefault(tune.origin.channel_id, asyncio.Lock())
        self._refusal = 0  # Discord's code for why the last message was not taken

    async def run(self) -> None:
        delay_s = RETRY_S
        try:
            while True:
                try:
                    if await self._follow():
                        await self._deliver()
                    else:
                        await self._card.replace(lambda: {"content": self._say(texts.CANCELLED), "view": None})
                    return
                except Exception:
                    log.exception("Delivering a tune failed; trying again.", tune=self._tune.id, seconds=delay_s)
                    self._may_be_there = True
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, RETRY_AT_MOST_S)
        finally:
            self._card.abandon()

    async def _follow(self) -> bool:
        """Until the tune is over; False when it was deleted before."""
        over = False
        async with contextlib.aclosing(self._bot.desk.follow(self._tune.id)) as changes:
            async for now in changes:
                self._tune, over = now.tune, now.tune.status.over
                if not over:
                    self._card.show(self._state(now), cancel_view(self._tune.id, self._say))
        return over

    def _state(self, now: Progress) -> str:
        """What the card says."""
        state = self._say(texts.progress(now))
        if now.held_until is not None:
            return f"{state}\n-# {self._say(texts.cooldown_ends(int(now.held_until.timestamp())))}"
        return state if now.seconds_left is None else f"{state}\n-# {self._say(time_left(now.seconds_left))}"

    async def _deliver(self) -> None:
        if self._tune.message_id is not None:
            await self._remember(self._tune.message_id)  # of a set, only some tunes may have got so far
            return
        async with self._turn, self._bot.posting:
            if self._tune.status is Status.FINISHED:
                delivered = await self._post(await self._finished())
            else:
                delivered = await self._tell(self._say(self._tune.error or texts.FAILED))
        if delivered is None:
            log.warning("Could not deliver a tune: no permission, no token, no direct messages.", tune=self._tune.id)
        else:
            await self._remember(str(delivered))

    async def _remember(self, message: str) -> None:
        await self._bot.storage.mark_delivered(self._tune.id, message)

    async def _post(self, make: Make) -> int | None:
        """An ordinary message, which outlives the card; the card where that is refused; else the person's own messages.

        What was not allowed is said on whichever it is.
        """
        reply, note = self._reply, ""

        async def in_channel() -> int | None:
            nonlocal note
            apart = reply.member and reply.writes and not reply.attaches
            sent = None if apart else await self._send(self._channel(), make())
            if sent is not None:
                await self._card.delete()
            elif apart or self._refusal == MISSING_PERMISSIONS:
                sent = await self._apart(make)
            note = texts.CLOSED_THREAD if self._refusal in CLOSED else texts.CANNOT_SEND
            return sent

        async def on_card() -> int | None:
            return await self._card.replace(lambda: make(note=note).parts)

        async def in_person() -> int | None:
            direct = await self._direct()
            return None if direct is None else await self._send(direct, make(note=texts.SENT_DIRECTLY))

        if reply.member and reply.writes:
            return await _first([in_channel, on_card, in_person])
        note = texts.CANNOT_SEND if reply.member else ""
        return await _first([on_card, in_channel, in_person])

    async def _apart(self, make: Make) -> int | None:
        """The tune as text where no files may be attached, and its files on the card, or else as a direct message."""
        files = make()
        files = replace(files, content=f"{files.heading}\n-# {self._say(texts.FILES_OF_REPLY)}")
        if await self._card.replace(lambda: {**files.parts, "view": None}):
            return await self._send(self._channel(), make({}, note=texts.FILES_IN_REPLY))
        # The text first: where not even that is allowed, the tune goes elsewhere as a whole.
        sent = await self._send(self._channel(), make({}, note=texts.FILES_MISSING))
        direct = await self._direct() if sent else None
        if sent and direct and await self._send(direct, replace(files, content=files.heading)):
            text = make({}, note=texts.FILES_SENT_DIRECTLY).content
            await self._channel().get_partial_message(sent).edit(content=text)
        return sent

    async def _tell(self, sentence: str) -> int | None:
        async def on_card() -> int | None:
            return await self._card.replace(lambda: {"content": sentence, "view": None})

        async def in_channel() -> int | None:
            return await self._send(self._channel(), sentence)

        async def in_person() -> int | None:
            direct = await self._direct()
            return None if direct is None else await self._send(direct, sentence)

        return await _first([on_card, in_channel, in_person])

    async def _finished(self) -> Make:
        """Makes the message, with all of the tune's files or with others."""
        storage = self._bot.storage
        kept = await tune_message.contents_of(storage, self._tune)
        # As everybody sees it who reads along: in a server others do, in direct messages only whoever asked.
        viewer = Viewer(
            PLATFORM, "" if self._tune.origin.community_id else self._tune.origin.user_id, self._tune.origin.community_id
        )
        parent = await storage.gallery.visible_tune(self._tune.parent_id, viewer) if self._tune.parent_id else None
        limit = self._file_limit
        if RECORDING in kept:
            kept[RECORDING] = await fitting(kept[RECORDING], limit)

        def make(contents: dict[str, bytes] = kept, note: str = "") -> Finished:
            return tune_message.finished(self._tune, contents, file_limit=limit, translate=self._say, parent=parent, note=note)

        return make

    @property
    def _file_limit(self) -> int:
        return min(self._reply.file_limit, FILE_AT_MOST)

    async def _send(self, channel: Messageable, what: Finished | str) -> int | None:
        """The message's id, or None where the bot may not write; raises discord.HTTPException for passing trouble."""
        try:
            if self._may_be_there and (there := await self._found(channel, what)) is not None:
                return there
            sent = await sending.send(channel, lambda: self._parts(what), to=self._prompt(channel), channel_id=self._channel_id)
        except discord.HTTPException as error:
            if passing(error):
                raise
            log.info("Discord refused a tune in this channel.", tune=self._tune.id, reason=str(error))
            self._refusal = error.code
            return None
        return sent.id

    async def _found(self, channel: Messageable, what: Finished | str) -> int | None:
        """The message that carries the tune, with files or without, if it was posted after the tune was finished."""
        assert self._tune.finished_at is not None
        after, with_files = self._tune.finished_at - CLOCKS_APART, isinstance(what, Finished) and bool(what.contents)
        with contextlib.suppress(discord.Forbidden, discord.NotFound):
            async for posted in channel.history(limit=SEARCHED_MESSAGES, after=after):
                if self._bot.user == posted.author and self._carries(posted) and bool(posted.attachments) == with_files:
                    return posted.id
        return None

    def _carries(self, posted: discord.Message) -> bool:
        return components.tune_of(posted) == self._tune.id

    def _parts(self, what: Finished | str) -> dict[str, Any]:
        nonce = self._tune.set_id or self._tune.id
        if isinstance(what, str):
            return {"content": what, "nonce": nonce}
        # Discord counts nonces by author, wherever they are used: text and files may go to two places.
        return {"content": what.content, "files": what.files, "view": what.view, "nonce": f"{nonce}+" if what.contents else nonce}

    def _prompt(self, channel: Messageable) -> int:
        """The message to reply to, 0 for none or where it does not stand."""
        return self._reply.prompt if getattr(channel, "id", None) == self._channel_id else 0

    @property
    def _channel_id(self) -> int:
        return int(self._tune.origin.channel_id)

    def _channel(self) -> discord.PartialMessageable:
        return self._bot.get_partial_messageable(self._channel_id)

    async def _direct(self) -> Messageable | None:
        try:
            return await self._bot.create_dm(discord.Object(int(self._tune.origin.user_id)))
        except discord.HTTPException as error:
            if passing(error):
                raise
            return None


async def fitting(recording: bytes, limit: int) -> bytes:
    """The recording, made smaller where it has more bytes than the limit and that can be done."""
    smaller: bytes | None = await asyncio.to_thread(shrunk, recording, limit)
    return smaller or recording


async def _first(ways: list[Callable[[], Awaitable[int | None]]]) -> int | None:
    for way in ways:
        if (reached := await way()) is not None:
            return reached
    return None
