"""The number of likes on a tune's messages, kept right wherever it changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog

from bot.discord.core.message_access import Way, reach, reply_of
from bot.discord.core.reply import PLATFORM, passing
from bot.discord.delivery.tune_message import view_of
from bot.discord.likes.like_button import count_on, with_count
from bot.languages import language
from storage.tunes import Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
EDIT_EVERY_S = 3.0  # each message; Discord takes five edits in five seconds in a channel
EDITS_AT_ONCE = 4  # at a tenth of a second each, that is under Discord's fifty calls a second
RELISTEN_S = 2.0
CATCH_UP, MOST_CAUGHT_UP = timedelta(days=1), 100  # what was liked before the start: for so long back, so many tunes
REMEMBERED = 10_000  # messages

Trouble = (discord.HTTPException, aiohttp.ClientError, OSError)


class Likes:
    """Edits a message when its number is wrong, at most once in EDIT_EVERY_S.

    What a message shows is remembered from the last edit, read from it when somebody presses a button under it, or fetched:
    so a restart forgets nothing. What nobody could edit is tried again when it is pressed or the number changes once more.
    """

    def __init__(self, bot: TunesmithBot) -> None:
        self._bot = bot
        self._began = datetime.now(UTC)
        self._changed: set[str] = set()  # ids of tunes to look at
        self._news = asyncio.Event()
        self._shown: dict[int, int] = {}  # message → number
        self._resting: dict[int, asyncio.Task[None]] = {}  # messages that are being edited, or were a moment ago
        self._at_once = asyncio.Semaphore(EDITS_AT_ONCE)
        # By place, one edit at a time: of many that wait for Discord's window, discord.py lets more through than it holds.
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def pressed(self, press: discord.Interaction[Any], tune_id: str) -> None:
        """Somebody pressed the heart under a message, and the press was deferred."""
        if press.message is None:
            return
        self._bot.presses.keep(tune_id, press)
        if press.message.id not in self._resting:
            self.shown(press.message.id, count_on(press.message, tune_id))
        self._look_at(tune_id)

    def shown(self, message: int, likes: int) -> None:
        """A message shows that number."""
        self._shown.pop(message, None)  # to be the newest
        self._shown[message] = likes
        if len(self._shown) > REMEMBERED:
            del self._shown[next(iter(self._shown))]

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._look())
        finally:
            for task in self._resting.values():
                task.cancel()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._bot.storage.changes() as changes:
                    await self._catch_up()
                    async for tune_id in changes:
                        if tune_id:
                            self._look_at(tune_id)
                        else:
                            await self._catch_up()
            except Exception:
                log.exception("Listening for likes failed; trying again.", seconds=RELISTEN_S)
            await asyncio.sleep(RELISTEN_S)

    async def _catch_up(self) -> None:
        for tune_id in await self._bot.storage.sharing.recently_liked(PLATFORM, CATCH_UP, MOST_CAUGHT_UP):
            self._look_at(tune_id)

    def _look_at(self, tune_id: str) -> None:
        self._changed.add(tune_id)
        self._news.set()

    async def _look(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            ids, self._changed = self._changed, set()
            try:
                tunes = await self._bot.storage.sharing.finished(ids)
            except Exception:
                log.exception("Reading likes failed; trying again.")
                self._changed |= ids
                self._news.set()
            else:
                for tune in tunes:
                    self._set_right(tune)
            await asyncio.sleep(LOOK_EVERY_S)

    def _set_right(self, tune: Tune) -> None:
        messages = self._messages(tune)
        if tune.origin.platform == PLATFORM and tune.message_id and tune.finished_at and tune.finished_at > self._began:
            self._shown.setdefault(int(tune.message_id), 0)  # nobody could like it before it was posted
        for message, channel_id in messages.items():
            if self._shown.get(message) == tune.likes:
                continue
            if message in self._resting:
                self._look_at(tune.id)
            else:
                self._resting[message] = asyncio.create_task(self._edit(tune, channel_id, message))

    def _messages(self, tune: Tune) -> dict[int, int | None]:
        """Message → its place, None for those of others in which somebody pressed the tune's heart."""
        found: dict[int, int | None] = dict.fromkeys(self._bot.presses.messages(tune.id))
        if tune.origin.platform == PLATFORM:
            own = [(tune.message_id, tune.origin.channel_id)] if tune.set_id is None else []  # a set's message is that of several
            own += [(tune.shared.message_id, tune.shared.channel_id)] if tune.shared else []
            found |= {int(message): int(channel_id) for message, channel_id in own if message and channel_id}
        return found

    async def _edit(self, tune: Tune, channel_id: int | None, message: int) -> None:
        try:
            async with self._turns.setdefault(channel_id or message, asyncio.Lock()), self._at_once:
                await (self._edit_others(tune, message) if channel_id is None else self._edit_own(tune, channel_id, message))
            self.shown(message, tune.likes)
        except Trouble as error:
            log.warning("Could not update a message's number of likes; trying again.", tune=tune.id, reason=repr(error))
            self._look_at(tune.id)
        finally:
            try:
                await asyncio.sleep(EDIT_EVERY_S)
            finally:
                del self._resting[message]

    async def _edit_own(self, tune: Tune, channel_id: int, message: int) -> None:
        reply = reply_of(tune)
        translate = language(reply.language if reply else None)
        known = message in self._shown

        async def edit(way: Way) -> None:
            if known or count_on(await way.fetch(), tune.id) != tune.likes:
                await way.edit(view=view_of(tune, translate))

        if not await reach(self._bot, tune, channel_id, message, edit):
            log.info("A message is gone or out of reach.", tune=tune.id, message=message)

    async def _edit_others(self, tune: Tune, message: int) -> None:
        """Only the number: whatever else the message holds belongs to whoever posted it, and may have changed since."""
        press = self._bot.presses.under(message)
        try:
            view = with_count(await press.followup.fetch_message(message), tune.id, tune.likes) if press else None
            if press and view:
                await press.edit_original_response(view=view)
        except discord.HTTPException as error:
            if passing(error):
                raise
