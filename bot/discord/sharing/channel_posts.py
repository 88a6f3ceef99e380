"""Shared tunes are posted in the server's sharing channel, once each, whatever comes between."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import discord
import structlog
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot.discord.core.components import tune_of
from bot.discord.core.message_access import reply_of
from bot.discord.core.reply import PLATFORM, passing
from bot.discord.delivery import tune_message
from bot.languages import language
from storage.tunes import Shared, Tune
from storage.viewer import Viewer

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

RETRY_S, RETRY_AT_MOST_S = 1.0, 60.0
CLOCKS_APART = timedelta(minutes=1)  # at most, between the database and Discord
SEARCHED_MESSAGES = 100


class Showcase:
    def __init__(self, bot: TunesmithBot) -> None:
        self._bot = bot
        self._posting: dict[str, asyncio.Task[int | None]] = {}  # by tune id

    async def resume(self, since: timedelta) -> None:
        """Posts what an earlier process left unposted; it may have posted it without remembering it."""
        for tune in await self._bot.storage.sharing.unposted(PLATFORM, since):
            self.post(tune, resumed=True)

    def post(self, tune: Tune, *, resumed: bool = False) -> asyncio.Task[int | None]:
        """The id of the message in the sharing channel of a shared tune, once it is there; None where the bot may not post it."""
        if (posting := self._posting.get(tune.id)) is None:
            posting = asyncio.create_task(self._keep_posting(tune, resumed), name=f"share {tune.id}")
            self._posting[tune.id] = posting
            posting.add_done_callback(lambda _: self._posting.pop(tune.id, None))
        return posting

    async def close(self) -> None:
        tasks = list(self._posting.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_posting(self, tune: Tune, may_be_there: bool) -> int | None:
        delay_s = RETRY_S
        while True:
            try:
                now = await self._bot.storage.tune(tune.id)
                if now is None or now.shared is None or not now.shared.channel_id:
                    return None  # deleted or taken back
                if now.shared.message_id:
                    return int(now.shared.message_id)
                return await self._post(now, now.shared, may_be_there)
            except Exception:
                log.exception("Posting a shared tune failed; trying again.", tune=tune.id, seconds=delay_s)
                may_be_there = True
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, RETRY_AT_MOST_S)

    async def _post(self, tune: Tune, shared: Shared, may_be_there: bool) -> int | None:
        bot = self._bot
        channel = bot.get_partial_messageable(int(shared.channel_id))
        try:
            sent = await self._found(channel, tune, shared) if may_be_there else None
            if sent is None:
                async with bot.posting:
                    post = await self._finished(tune, shared)
                    nonce = f"{tune.id}{int(shared.at.timestamp())}"  # another one when it is shared once more
                    sent = (await channel.send(post.content, files=post.files, view=post.view, nonce=nonce)).id
        except discord.HTTPException as error:
            if passing(error):
                raise
            log.info("Discord refused a shared tune in the sharing channel.", tune=tune.id, reason=str(error))
            return None
        bot.likes.shown(sent, tune.likes)
        await bot.storage.sharing.mark_posted(tune.id, str(sent))
        now = await bot.storage.tune(tune.id)
        if now is None or now.shared is None or now.shared.message_id != str(sent):  # taken back in the meantime
            with contextlib.suppress(discord.NotFound, discord.Forbidden):
                await channel.get_partial_message(sent).delete()
            return None
        return sent

    async def _finished(self, tune: Tune, shared: Shared) -> tune_message.Finished:
        storage = self._bot.storage
        contents = await tune_message.contents_of(storage, tune)
        viewer = Viewer(PLATFORM, community_id=shared.community_id)
        parent = await storage.gallery.visible_tune(tune.parent_id, viewer) if tune.parent_id else None
        guild, reply = self._bot.get_guild(int(shared.community_id)), reply_of(tune)
        return tune_message.finished(
            tune,
            contents,
            file_limit=guild.filesize_limit if guild else DEFAULT_FILE_SIZE_LIMIT_BYTES,
            translate=language(reply.language if reply else None),
            parent=parent,
            shared=True,
        )

    async def _found(self, channel: discord.PartialMessageable, tune: Tune, shared: Shared) -> int | None:
        """The message that shows the tune since it was shared."""
        with contextlib.suppress(discord.Forbidden, discord.NotFound):
            async for posted in channel.history(limit=SEARCHED_MESSAGES, after=shared.at - CLOCKS_APART):
                if self._bot.user == posted.author and tune_of(posted) == tune.id and str(posted.id) != tune.message_id:
                    return posted.id
        return None
