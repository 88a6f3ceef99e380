"""The bot: what it is connected with, what it remembers, and which tunes it is delivering."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import discord
import structlog
from discord import app_commands

from bot.core.desk import Desk
from bot.discord.chat import messages
from bot.discord.core import texts as core_texts
from bot.discord.core.caller import Caller
from bot.discord.core.message_access import Presses
from bot.discord.core.rate_limit import Pace
from bot.discord.core.reply import PLATFORM
from bot.discord.core.translator import Translator
from bot.discord.delivery.cancel import CancelButton
from bot.discord.delivery.delivery import Delivery
from bot.discord.delivery.set_message import SetDelivery
from bot.discord.features import BUTTONS, COMMANDS
from bot.discord.gallery import pager
from bot.discord.likes.like_counts import Likes
from bot.discord.privacy.command import PrivacyButton
from bot.discord.sessions import session
from bot.discord.sharing.channel_posts import Showcase
from bot.discord.variations.change import submitted
from storage.storage import Storage
from storage.tunes import Tune

log = structlog.get_logger(__name__)

# View, send, threads, embed, attach, history, external emoji.
PERMISSIONS = discord.Permissions(274878286848)
ACCEPTED_AT_ONCE = 6  # so that those who wait for their first answer find the database free
POSTS_AT_ONCE = 32  # each holds its files in memory, and waits while its channel has had enough
CLOSE_S = 5.0
# A tune that reached nobody for so long is not tried again at every start: refusals count against the bot.
GIVE_UP_AFTER = timedelta(days=7)


class TunesmithBot(discord.AutoShardedClient):
    desk: Desk
    storage: Storage
    tree: app_commands.CommandTree[TunesmithBot]
    pace: Pace
    accepting: asyncio.Semaphore
    posting: asyncio.Semaphore
    turns: WeakValueDictionary[str, asyncio.Lock]  # by place: one that has had enough must not keep the others waiting
    deliveries: dict[str, asyncio.Task[None]]  # by the id of the tune or the set
    patience: messages.Patience
    presses: Presses
    likes: Likes
    showcase: Showcase

    def __init__(self, desk: Desk, storage: Storage) -> None:
        self.pace = Pace()
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            guild_ready_timeout=0.1,  # nothing here needs the guilds' details
            http_trace=self.pace.trace,
        )
        self.desk, self.storage = desk, storage
        self.tree = app_commands.CommandTree(self)
        for command in COMMANDS:
            self.tree.add_command(command)
        self.tree.error(self._command_failed)
        self.accepting = asyncio.Semaphore(ACCEPTED_AT_ONCE)
        self.posting, self.turns = asyncio.Semaphore(POSTS_AT_ONCE), WeakValueDictionary()
        self.deliveries = {}
        self.patience = messages.Patience()
        self.presses, self.likes, self.showcase = Presses(), Likes(self), Showcase(self)
        self._counting: asyncio.Task[None] | None = None

    @property
    def invite_url(self) -> str:
        """Where whoever runs the bot adds it to a server."""
        assert self.application_id is not None
        return discord.utils.oauth_url(self.application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))

    @property
    def at_gateway(self) -> bool:
        """Whether Discord's events reach the bot now."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    async def setup_hook(self) -> None:
        log.info("Add the bot to a server with this link.", url=self.invite_url)
        self.add_dynamic_items(*BUTTONS, *pager.ITEMS, session.SessionButton, PrivacyButton, CancelButton)
        await self.tree.set_translator(Translator())
        await self.tree.sync()
        tried_since = datetime.now(UTC) - GIVE_UP_AFTER
        for waiting in await self.storage.undelivered(PLATFORM):
            if waiting.finished_at is None or waiting.finished_at > tried_since:
                self.deliver(waiting, resumed=True)
        await self.showcase.resume(GIVE_UP_AFTER)
        self._counting = asyncio.create_task(self.likes.run(), name="count likes")

    async def on_ready(self) -> None:
        log.info("Discord is ready.", user=str(self.user), servers=len(self.guilds))

    async def on_message(self, message: discord.Message) -> None:
        await messages.hear(self, message)

    async def on_interaction(self, interaction: discord.Interaction[TunesmithBot]) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            await submitted(interaction)
            await session.submitted(interaction)

    def deliver(self, tune: Tune, *, resumed: bool = False) -> None:
        """Sees to it that the tune reaches its people; returns at once. An interaction that comes twice is one delivery."""
        key = tune.set_id or tune.id
        if key in self.deliveries:
            return
        try:
            delivery = (SetDelivery if tune.set_id else Delivery)(self, tune, resumed=resumed)
        except (KeyError, TypeError, ValueError):
            log.exception("A tune has no valid reply data; it is not delivered.", tune=tune.id)
            return
        task = self.deliveries[key] = asyncio.create_task(delivery.run(), name=f"deliver {key}")
        task.add_done_callback(lambda _: self.deliveries.pop(key, None))

    async def close(self) -> None:
        """Leaves off; what is not delivered yet is taken up again at the next start."""
        tasks = list(self.deliveries.values())
        if self._counting is not None:
            tasks.append(self._counting)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S)
        await self.showcase.close()
        await super().close()

    async def _command_failed(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        log.error("A command failed.", command=interaction.command and interaction.command.name, exc_info=error)
        with contextlib.suppress(discord.HTTPException, discord.InteractionResponded):
            translate = (await Caller.of(interaction)).translate
            await interaction.response.send_message(translate(core_texts.REQUEST_FAILED), ephemeral=True)
