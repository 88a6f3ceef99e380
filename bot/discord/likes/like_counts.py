"""Edits the number of likes on Discord's messages of a tune."""

from __future__ import annotations

from datetime import UTC, datetime

import aiohttp
import discord
import structlog

from bot.core import like_counts
from bot.core.recent import Recent
from bot.discord.core import limits
from bot.discord.core.context import Context, Interaction
from bot.discord.core.message_access import MessageAccess, access_message
from bot.discord.core.reply import PLATFORM, is_temporary, reply_of
from bot.discord.likes.button import shown_likes, view_with_likes
from bot.languages import language
from storage.tunes import Tune

log = structlog.get_logger(__name__)

REMEMBERED_MESSAGES = 10_000


class LikeCounts(like_counts.LikeCounts[int]):
    """Messages are known by their ids.

    The number that a message shows is remembered from the last edit, read from the message when a button under it is
    pressed, or fetched, so a restart loses nothing. A message that cannot be edited is tried again when its like button is
    pressed or the number changes.
    """

    temporary = (discord.HTTPException, aiohttp.ClientError, OSError)

    def __init__(self, context: Context) -> None:
        super().__init__(context.storage, PLATFORM, limits)
        self._context = context
        self._started_at = datetime.now(UTC)
        self._shown: Recent[int, int] = Recent(REMEMBERED_MESSAGES)  # message id → number

    def pressed(self, interaction: Interaction, tune_id: str) -> None:
        """Call after somebody pressed the like button of a message and the interaction was deferred."""
        if interaction.message is None:
            return
        self._context.latest_interactions.remember(tune_id, interaction)
        if not self.is_editing(interaction.message.id):
            self.set_shown(interaction.message.id, shown_likes(interaction.message, tune_id))
        self.check_later(tune_id)

    def set_shown(self, message_id: int, likes: int) -> None:
        """Call when a message shows this number."""
        self._shown[message_id] = likes

    def shown(self, tune: Tune, message_id: int) -> int | None:
        is_new = tune.finished_at is not None and tune.finished_at > self._started_at
        # Nobody could like a tune before it was posted.
        return self._shown.get(message_id, 0 if is_new and str(message_id) == tune.message_id else None)

    def messages_of(self, tune: Tune) -> dict[int, int]:
        pressed = self._context.latest_interactions.messages_of(tune.id)
        return {message_id: message_id for message_id in pressed} | self._own_messages(tune)

    def _own_messages(self, tune: Tune) -> dict[int, int]:
        """The messages of this tune alone, in the servers of this shard."""
        if tune.origin.platform != PLATFORM:
            return {}
        origin, shared = tune.origin, tune.shared
        # A set's message has several tunes.
        own = [(tune.message_id, origin.channel_id, origin.community_id)] if tune.set_id is None else []
        own += [(shared.message_id, shared.channel_id, shared.community_id)] if shared else []
        has = self._context.shard.has
        return {int(message): int(channel) for message, channel, server in own if message and channel and has(server)}

    async def edit(self, tune: Tune, message_id: int) -> None:
        if (channel_id := self._own_messages(tune).get(message_id)) is None:
            await self._edit_number(tune, message_id)
        else:
            await self._edit_view(tune, channel_id, message_id)
        self.set_shown(message_id, tune.likes)

    async def _edit_view(self, tune: Tune, channel_id: int, message_id: int) -> None:
        reply = reply_of(tune)
        translate = language(reply.language if reply else None)
        known = self.shown(tune, message_id) is not None

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
