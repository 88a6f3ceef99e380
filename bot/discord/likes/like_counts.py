"""Keeps the number of likes right on all messages of a tune, wherever the number changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog

from bot.discord.core import limits
from bot.discord.core.context import Context, Interaction
from bot.discord.core.message_access import MessageAccess, access_message
from bot.discord.core.reply import PLATFORM, is_temporary, reply_of
from bot.discord.likes.button import shown_likes, view_with_likes
from bot.languages import language
from storage.tunes import Tune

log = structlog.get_logger(__name__)

CATCH_UP, CATCH_UP_TUNES = timedelta(days=1), 100  # likes of the time before the start: how far back, how many tunes
REMEMBERED_MESSAGES = 10_000

TemporaryErrors = (discord.HTTPException, aiohttp.ClientError, OSError)


class LikeCounts:
    """Edits a message if its number is wrong, at most once in LIKE_EDIT_INTERVAL_S.

    The number that a message shows is remembered from the last edit, read from the message when a button under it is
    pressed, or fetched, so a restart loses nothing. A message that cannot be edited is tried again when its like button is
    pressed or the number changes.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._started_at = datetime.now(UTC)
        self._changed: set[str] = set()  # ids of tunes to check
        self._news = asyncio.Event()
        self._shown: dict[int, int] = {}  # message id → number
        self._edits: dict[int, asyncio.Task[None]] = {}  # message id → edit in progress, with the pause after it
        self._at_once = asyncio.Semaphore(limits.LIKE_EDITS_AT_ONCE)
        # One edit at a time in a channel: of many that wait for the rate limit, discord.py lets more through than it allows.
        self._channel_turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def pressed(self, interaction: Interaction, tune_id: str) -> None:
        """Call after somebody pressed the like button of a message and the interaction was deferred."""
        if interaction.message is None:
            return
        self._context.latest_interactions.remember(tune_id, interaction)
        if interaction.message.id not in self._edits:
            self.set_shown(interaction.message.id, shown_likes(interaction.message, tune_id))
        self._check_later(tune_id)

    def set_shown(self, message_id: int, likes: int) -> None:
        """Call when a message shows this number."""
        self._shown.pop(message_id, None)  # to put it at the end
        self._shown[message_id] = likes
        if len(self._shown) > REMEMBERED_MESSAGES:
            del self._shown[next(iter(self._shown))]

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._check())
        finally:
            for task in self._edits.values():
                task.cancel()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._context.storage.changes() as changes:
                    await self._catch_up()
                    async for tune_id in changes:
                        if tune_id:
                            self._check_later(tune_id)
                        else:
                            await self._catch_up()
            except Exception:
                log.exception("Listening for likes failed; trying again.", seconds=limits.RELISTEN_S)
            await asyncio.sleep(limits.RELISTEN_S)

    async def _catch_up(self) -> None:
        for tune_id in await self._context.storage.sharing.recently_liked(PLATFORM, CATCH_UP, CATCH_UP_TUNES):
            self._check_later(tune_id)

    def _check_later(self, tune_id: str) -> None:
        self._changed.add(tune_id)
        self._news.set()

    async def _check(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            ids, self._changed = self._changed, set()
            try:
                tunes = await self._context.storage.sharing.finished(ids)
            except Exception:
                log.exception("Reading likes failed; trying again.")
                self._changed |= ids
                self._news.set()
            else:
                for tune in tunes:
                    self._update(tune)
            await asyncio.sleep(limits.LIKE_CHECK_INTERVAL_S)

    def _update(self, tune: Tune) -> None:
        """Starts an edit of each message of the tune that shows another number."""
        messages = self._messages(tune)
        if tune.origin.platform == PLATFORM and tune.message_id and tune.finished_at and tune.finished_at > self._started_at:
            self._shown.setdefault(int(tune.message_id), 0)  # nobody could like it before it was posted
        for message_id, channel_id in messages.items():
            if self._shown.get(message_id) == tune.likes:
                continue
            if message_id in self._edits:
                self._check_later(tune.id)
            else:
                self._edits[message_id] = asyncio.create_task(self._edit(tune, channel_id, message_id))

    def _messages(self, tune: Tune) -> dict[int, int | None]:
        """Message id → channel id; None for messages not of this tune alone, in which somebody pressed its like button."""
        found: dict[int, int | None] = dict.fromkeys(self._context.latest_interactions.messages_of(tune.id))
        if tune.origin.platform == PLATFORM:
            own = [(tune.message_id, tune.origin.channel_id)] if tune.set_id is None else []  # a set's message has several tunes
            own += [(tune.shared.message_id, tune.shared.channel_id)] if tune.shared else []
            found |= {int(message_id): int(channel_id) for message_id, channel_id in own if message_id and channel_id}
        return found

    async def _edit(self, tune: Tune, channel_id: int | None, message_id: int) -> None:
        turn = self._channel_turns.setdefault(channel_id or message_id, asyncio.Lock())
        try:
            async with turn, self._at_once:
                if channel_id is None:
                    await self._edit_number(tune, message_id)
                else:
                    await self._edit_view(tune, channel_id, message_id)
            self.set_shown(message_id, tune.likes)
        except TemporaryErrors as error:
            log.warning("Could not update a message's number of likes; trying again.", tune=tune.id, reason=repr(error))
            self._check_later(tune.id)
        finally:
            try:
                await asyncio.sleep(limits.LIKE_EDIT_INTERVAL_S)
            finally:
                del self._edits[message_id]

    async def _edit_view(self, tune: Tune, channel_id: int, message_id: int) -> None:
        reply = reply_of(tune)
        translate = language(reply.language if reply else None)
        known = message_id in self._shown

        async def edit(access: MessageAccess) -> None:
            if known or shown_likes(await access.fetch(), tune.id) != tune.likes:
                in_session = str(message_id) == tune.message_id
                await access.edit(view=self._context.views.of_tune(tune, translate, in_session=in_session))

        if not await access_message(self._context, tune, channel_id, message_id, edit):
            log.info("A message is gone or out of reach.", tune=tune.id, message=message_id)

    async def _edit_number(self, tune: Tune, message_id: int) -> None:
        """Changes only the number: the rest of the message is not known here, and may have changed."""
        latest = self._context.latest_interactions.with_message(message_id)
        if latest is None:
            return
        try:
            view = view_with_likes(await latest.followup.fetch_message(message_id), tune.id, tune.likes)
            if view:
                await latest.edit_original_response(view=view)
        except discord.HTTPException as error:
            if is_temporary(error):
                raise
