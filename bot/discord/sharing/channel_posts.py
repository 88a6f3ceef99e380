"""The post of a shared tune in a server's sharing channel."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot.core import channel_posts
from bot.core.channel_posts import Refused
from bot.discord.core.components import tune_id_of
from bot.discord.core.context import Context
from bot.discord.core.reply import PLATFORM, is_temporary, reply_of
from bot.discord.delivery.message_search import find_own_message
from bot.discord.delivery.removal import remove_channel_post
from bot.discord.delivery.tune_message import FinishedMessage, load_tune_message
from bot.languages import language
from storage.tunes import Shared, Tune
from storage.viewer import Viewer


class ChannelPost(channel_posts.ChannelPost):
    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, tune: Tune, shared: Shared) -> str | None:
        """Looks for the bot's first message with the tune since it was shared."""

        def matches(posted: discord.Message) -> bool:
            return tune_id_of(posted) == tune.id and str(posted.id) != tune.message_id

        try:
            message_id = await find_own_message(self._context, self._channel(shared), shared.at, matches)
        except discord.HTTPException as error:
            if is_temporary(error):
                raise
            raise Refused(str(error)) from error
        return None if message_id is None else str(message_id)

    async def send(self, tune: Tune, shared: Shared) -> str:
        async with self._context.posting:
            message = await self._message(tune, shared)
            nonce = f"{tune.id}{int(shared.at.timestamp())}"  # a different one when the tune is shared again
            try:
                sent = await self._channel(shared).send(message.content, files=message.files, view=message.view, nonce=nonce)
            except discord.HTTPException as error:
                if is_temporary(error):
                    raise
                raise Refused(str(error)) from error
        self._context.like_counts.set_shown(sent.id, tune.likes)
        return str(sent.id)

    async def remove(self, tune: Tune, shared: Shared, message_id: str | None) -> None:
        if message_id is None:
            message_id = await self.find(tune, shared)
        if message_id is not None:
            await remove_channel_post(self._context, replace(tune, shared=replace(shared, message_id=message_id)))

    def _channel(self, shared: Shared) -> discord.PartialMessageable:
        return self._context.client.get_partial_messageable(int(shared.channel_id))

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
