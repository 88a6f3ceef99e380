"""Posts shared tunes in the server's sharing channel, each of them once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import discord
import structlog
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot.core.retries import doubling
from bot.discord.core import limits
from bot.discord.core.components import tune_id_of
from bot.discord.core.context import Context
from bot.discord.core.reply import PLATFORM, is_temporary, reply_of
from bot.discord.delivery.message_search import find_own_message
from bot.discord.delivery.removal import remove_channel_post
from bot.discord.delivery.tune_message import FinishedMessage, load_tune_message
from bot.languages import language
from storage.errors import DatabaseUnavailable
from storage.tunes import Shared, Tune
from storage.viewer import Viewer

log = structlog.get_logger(__name__)


class ChannelPosts:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._tasks: dict[str, asyncio.Task[int | None]] = {}  # by tune id

    async def resume(self, since: timedelta) -> None:
        """Posts what an earlier process did not post, or posted without storing that."""
        for tune in await self._context.storage.sharing.unposted(PLATFORM, since):
            self.post(tune, resumed=True)

    def post(self, tune: Tune, *, resumed: bool = False) -> asyncio.Task[int | None]:
        """The task returns the id of the message, or None if Discord refused it or the tune is no longer shared."""
        if (task := self._tasks.get(tune.id)) is None:
            task = asyncio.create_task(self._post_until_done(tune, resumed), name=f"share {tune.id}")
            self._tasks[tune.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(tune.id, None))
        return task

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _post_until_done(self, tune: Tune, may_be_posted: bool) -> int | None:
        delays = doubling(limits.RETRY_S, limits.RETRY_AT_MOST_S)
        while True:
            try:
                now = await self._context.storage.tune(tune.id)
                if now is None or now.shared is None or not now.shared.channel_id:  # deleted or unshared
                    if may_be_posted:
                        await self._remove(tune)
                    return None
                if now.shared.message_id:
                    return int(now.shared.message_id)
                return await self._post(now, now.shared, may_be_posted)
            except Exception as error:
                delay_s = limits.RETRY_S if isinstance(error, DatabaseUnavailable) else next(delays)  # only Discord needs rest
                log.exception("Posting a shared tune failed; trying again.", tune=tune.id, seconds=delay_s)
                may_be_posted = True
            await asyncio.sleep(delay_s)

    async def _post(self, tune: Tune, shared: Shared, may_be_posted: bool) -> int | None:
        context = self._context
        channel = context.client.get_partial_messageable(int(shared.channel_id))
        try:
            message_id = await self._find(channel, tune, shared) if may_be_posted else None
            if message_id is None:
                async with context.posting:
                    message = await self._message(tune, shared)
                    nonce = f"{tune.id}{int(shared.at.timestamp())}"  # a different one when the tune is shared again
                    sent = await channel.send(message.content, files=message.files, view=message.view, nonce=nonce)
                    message_id = sent.id
        except discord.HTTPException as error:
            if is_temporary(error):
                raise
            log.info("Discord refused a shared tune in the sharing channel.", tune=tune.id, reason=str(error))
            return None
        context.like_counts.set_shown(message_id, tune.likes)
        await context.storage.sharing.mark_posted(tune.id, str(message_id))
        now = await context.storage.tune(tune.id)
        if now is None or now.shared is None or now.shared.message_id != str(message_id):  # unshared in the meantime
            await remove_channel_post(context, replace(tune, shared=replace(shared, message_id=str(message_id))))
            return None
        return message_id

    async def _remove(self, tune: Tune) -> None:
        """Removes a post of a tune that was unshared after Discord's answer was lost."""
        assert tune.shared is not None
        channel = self._context.client.get_partial_messageable(int(tune.shared.channel_id))
        if (message_id := await self._find(channel, tune, tune.shared)) is not None:
            await remove_channel_post(self._context, replace(tune, shared=replace(tune.shared, message_id=str(message_id))))

    async def _message(self, tune: Tune, shared: Shared) -> FinishedMessage:
        viewer = Viewer(PLATFORM, community_id=shared.community_id)
        parent = await self._context.storage.gallery.visible_tune(tune.parent_id, viewer) if tune.parent_id else None
        guild, reply = self._context.client.get_guild(int(shared.community_id)), reply_of(tune)
        return await load_tune_message(
            self._context,
            tune,
            file_limit=guild.filesize_limit if guild else DEFAULT_FILE_SIZE_LIMIT_BYTES,
            translate=language(reply.language if reply else None),
            parent=parent,
            in_sharing_channel=True,
        )

    async def _find(self, channel: discord.PartialMessageable, tune: Tune, shared: Shared) -> int | None:
        """The post, if an earlier process made it since the tune was shared."""

        def matches(posted: discord.Message) -> bool:
            return tune_id_of(posted) == tune.id and str(posted.id) != tune.message_id

        return await find_own_message(self._context, channel, shared.at, matches)
