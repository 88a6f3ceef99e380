"""What the features of the bot work with, and the interface of the services that features provide to each other.

`bot.discord.client` makes the context. Handlers find it as `interaction.client.context`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeAlias
from weakref import WeakValueDictionary

import discord
from discord import app_commands

from bot.core.channel_posts import ChannelPosts
from bot.core.desk import Desk
from bot.core.removals import Removals
from bot.core.reply_limit import ReplyRateLimit
from bot.discord.core import limits
from bot.discord.core.latest_interactions import LatestInteractions
from bot.discord.core.rate_limit import CallRateLimit
from bot.discord.core.shard import Shard
from bot.languages import Language
from storage.storage import Storage
from storage.tunes import Tune


class DeliveryService(Protocol):
    """Posts requested tunes."""

    def deliver(self, tune: Tune, *, resumed: bool = False) -> None:
        """Starts the delivery of the tune, or of its set, unless it is running; returns at once."""

    def is_running(self, tune: Tune) -> bool: ...

    def cancel(self, tune: Tune) -> None:
        """Ends the delivery of the tune, or of its set, if one is running."""


class LikeCountService(Protocol):
    """Keeps the number of likes right on all messages of a tune."""

    def pressed(self, interaction: Interaction, tune_id: str) -> None:
        """Call after somebody pressed the like button of a message and the interaction was deferred."""

    def set_shown(self, message_id: int, likes: int) -> None:
        """Call when a message shows this number."""


class Views(Protocol):
    """Buttons and menus under messages. They belong to several features, so `bot.discord.views` makes them."""

    def of_tune(self, tune: Tune, translate: Language, *, in_session: bool) -> discord.ui.View: ...

    def of_set(self, tunes: Sequence[Tune], translate: Language) -> discord.ui.View: ...


class Context:
    """One for each shard of the bot."""

    deliveries: DeliveryService
    like_counts: LikeCountService
    channel_posts: ChannelPosts

    def __init__(
        self, client: BotClient, desk: Desk, storage: Storage, shard: Shard, views: Views, call_limit: CallRateLimit
    ) -> None:
        self.client, self.desk, self.storage, self.shard = client, desk, storage, shard
        self.views, self.call_limit = views, call_limit
        self.reply_limit = ReplyRateLimit()
        self.latest_interactions = LatestInteractions()
        self.removals = Removals()
        self.storing = asyncio.Semaphore(limits.REQUESTS_AT_ONCE)
        self.posting = asyncio.Semaphore(limits.POSTS_AT_ONCE)
        # By channel id: a channel whose rate limit is used up must not keep the others waiting.
        self.channel_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


class BotClient(discord.AutoShardedClient):
    """discord.py's client with what handlers need from it."""

    context: Context
    tree: app_commands.CommandTree[BotClient]

    @property
    def invite_url(self) -> str:
        """The link with which the bot is added to a server."""
        raise NotImplementedError


Interaction: TypeAlias = discord.Interaction[BotClient]
