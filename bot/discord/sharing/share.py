"""Share: the tune goes into the gallery and the server's sharing channel; pressed once more, it can be taken back."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import discord

from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.buttons import TUNE, Interaction, TuneButton
from bot.discord.core.caller import Caller
from bot.discord.delivery.removal import remove_shared
from bot.discord.sharing import texts
from generator.user_messages import UserMessage
from storage.errors import NotAllowed
from storage.tunes import Tune

WAIT_S = 10  # for the post in the sharing channel, which may take its time


class ShareButton(TuneButton, template=rf"tune:(?P<wish>share|unshare):{TUNE}"):
    """Anybody may press it, and whoever asked for the tune shares it by it. `unshare` stands in the answer to the person."""

    labels: ClassVar = {"share": (texts.SHARE, "📣"), "unshare": (texts.UNSHARE, None)}

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        caller = await Caller.of(interaction)
        tune = await submission.tune_for(interaction, caller.viewer, self.tune_id)
        try:
            if tune is None:
                raise KeyError(self.tune_id)
            if self.wish == "unshare":
                await self._take_back(interaction, caller)
            elif tune.shared is not None:
                await self._offer(interaction, caller, tune)
            else:
                await self._share(interaction, caller, tune)
        except NotAllowed as error:
            await submission.tell(interaction, caller.translate(error.args[0]))
        except KeyError:  # also for a tune that is to be seen here, but not by the rules of storage
            await submission.tell(
                interaction, caller.translate(core_texts.TUNE_GONE if tune is None else core_texts.TUNE_IS_PRIVATE)
            )

    async def _share(self, interaction: Interaction, caller: Caller, tune: Tune) -> None:
        channel = caller.settings.sharing_channel
        channel_id = channel if channel != tune.origin.channel_id else ""  # there it stands already
        shared = await interaction.client.storage.sharing.share(tune.id, caller.viewer, channel_id=channel_id)
        await submission.tell(interaction, caller.translate(await self._posted(interaction, shared)))

    async def _posted(self, interaction: Interaction, tune: Tune) -> UserMessage:
        if tune.shared is None or not tune.shared.channel_id:
            return texts.SHARED
        posting = interaction.client.showcase.post(tune)
        done, _ = await asyncio.wait({posting}, timeout=WAIT_S)
        if not done:
            return texts.posted_later_in(tune.shared.channel_id)
        return (texts.shared_in if posting.result() else texts.shared_but_not_posted_in)(tune.shared.channel_id)

    async def _offer(self, interaction: Interaction, caller: Caller, tune: Tune) -> None:
        if not (caller.viewer.user_id == tune.origin.user_id or moderates(interaction)):
            await submission.tell(interaction, caller.translate(texts.ALREADY_SHARED))
            return
        view = discord.ui.View(timeout=None)
        view.add_item(ShareButton("unshare", self.tune_id, caller.translate))
        await interaction.followup.send(caller.translate(texts.UNSHARE_QUESTION), view=view, ephemeral=True)

    async def _take_back(self, interaction: Interaction, caller: Caller) -> None:
        bot = interaction.client
        tune = await bot.storage.sharing.unshare(self.tune_id, caller.viewer, moderates=moderates(interaction))
        await remove_shared(bot, tune)
        await submission.tell(interaction, caller.translate(texts.UNSHARED))


def moderates(interaction: Interaction) -> bool:
    """Whether the person may manage the messages of others where they press."""
    return interaction.guild_id is not None and interaction.permissions.manage_messages
