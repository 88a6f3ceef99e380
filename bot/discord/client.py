"""The bot's connection to Discord. It makes the context, and registers the features."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.core.channel_posts import ChannelPosts
from bot.core.deliveries import GIVE_UP_AFTER, Deliveries
from bot.core.desk import Desk
from bot.core.texts import common as texts
from bot.discord.chat.catch_up import CatchUp
from bot.discord.chat.inbox import Inbox
from bot.discord.core import limits
from bot.discord.core.caller import caller_of
from bot.discord.core.context import BotClient, Context, Interaction
from bot.discord.core.http import harden
from bot.discord.core.private_answers import send_private
from bot.discord.core.rate_limit import CallRateLimit
from bot.discord.core.reply import PLATFORM
from bot.discord.core.shard import Shard
from bot.discord.core.translator import Translator
from bot.discord.delivery.delivery import deliver
from bot.discord.features import COMMANDS, FORM_HANDLERS, PERSISTENT_ITEMS
from bot.discord.likes.like_counts import LikeCounts
from bot.discord.sharing.channel_posts import ChannelPost
from bot.discord.views import MessageViews
from storage.storage import Storage

log = structlog.get_logger(__name__)

# View channels, send messages, also in threads, create threads, embed links, attach files, read history, external emoji.
PERMISSIONS = discord.Permissions(274878286848)


class TunesmithBot(BotClient):
    """One shard of the bot. `identify_turn` waits until it may open a session."""

    def __init__(
        self, desk: Desk, storage: Storage, shard: Shard, identify_turn: Callable[[int], Awaitable[None]] | None = None
    ) -> None:
        call_limit = CallRateLimit(max(limits.CALLS_PER_S // shard.count, 1))
        super().__init__(
            shard_count=shard.count,
            shard_ids=[shard.number],
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=0.1,  # the bot needs no details of servers
            http_trace=call_limit.trace,
        )
        self._identify_turn = identify_turn
        self.context = context = Context(self, desk, storage, shard, MessageViews(), call_limit)
        context.deliveries = self._deliveries = Deliveries(
            storage, PLATFORM, partial(deliver, context), is_ours=lambda tune: shard.has(tune.origin.community_id)
        )
        context.like_counts = self._like_counts = LikeCounts(context)
        context.channel_posts = ChannelPosts(
            storage,
            PLATFORM,
            limits,
            partial(ChannelPost, context),
            is_ours=lambda tune: tune.shared is not None and shard.has(tune.shared.community_id),
        )
        self._inbox = Inbox(context)
        self._catch_up = CatchUp(context, self._inbox)
        self._running: list[asyncio.Task[None]] = []
        self.tree = app_commands.CommandTree[BotClient](self)
        for command in COMMANDS:
            self.tree.add_command(command)
        self.tree.error(self._command_failed)

    @property
    def invite_url(self) -> str:
        """The link with which the bot is added to a server."""
        assert self.application_id is not None
        return discord.utils.oauth_url(self.application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))

    @property
    def at_gateway(self) -> bool:
        """Whether the bot receives Discord's events now."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    async def setup_hook(self) -> None:
        harden(self.http)
        self.add_dynamic_items(*PERSISTENT_ITEMS)
        await self.tree.set_translator(Translator())
        if self.context.shard.number == 0:
            log.info("Add the bot to a server with this link.", url=self.invite_url)
            await self.tree.sync()
        await self._deliveries.resume()
        await self.context.channel_posts.resume(GIVE_UP_AFTER)
        await self._inbox.load()
        self._running = [
            asyncio.create_task(self._deliveries.run(), name="look for tunes that nobody delivers"),
            asyncio.create_task(self._like_counts.run(), name="update likes"),
            asyncio.create_task(self._inbox.run(), name="store the last messages seen"),
        ]

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if self._identify_turn is None:
            await super().before_identify_hook(shard_id, initial=initial)
        else:
            await self._identify_turn(shard_id or 0)

    async def on_ready(self) -> None:
        log.info("Discord is ready.", user=str(self.user), servers=len(self.guilds), shard=self.context.shard.number)

    async def on_message(self, message: discord.Message) -> None:
        await self._inbox.receive(message)

    async def on_shard_connect(self, shard_id: int) -> None:
        self._catch_up.session_began()

    async def on_shard_ready(self, shard_id: int) -> None:
        self._catch_up.shard_ready()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._catch_up.server_available(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self._catch_up.server_available(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self._catch_up.server_left(guild.id)

    async def on_interaction(self, interaction: Interaction) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            for handle_form in FORM_HANDLERS:
                await handle_form(interaction)

    async def close(self) -> None:
        """Stops all tasks. The next start resumes what was not delivered."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=limits.CLOSE_S)
        self.context.removals.close()
        await self._catch_up.close()
        await self._deliveries.close()
        await self.context.channel_posts.close()
        await self._inbox.store()
        await super().close()

    async def _command_failed(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        log.error("A command failed.", command=interaction.command and interaction.command.name, exc_info=error)
        if not interaction.response.is_done():
            with contextlib.suppress(discord.HTTPException, discord.InteractionResponded):
                await send_private(interaction, (await caller_of(interaction)).translate(texts.REQUEST_FAILED))
