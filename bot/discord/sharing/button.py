"""The Share button: it puts a tune into the gallery and the server's sharing channel, and can undo that."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from bot.core import reactions
from bot.core.caller import Caller
from bot.core.texts import common as core_texts
from bot.core.texts import sharing as texts
from bot.discord.core import limits
from bot.discord.core.caller import caller_of
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Context, Interaction
from bot.discord.core.permissions import moderates
from bot.discord.core.persistent_items import TuneButton, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.core.tune_access import visible_tune
from bot.discord.delivery.removal import remove_channel_post
from bot.discord.sharing import texts as discord_texts
from generator.user_messages import UserError, UserMessage
from storage.tunes import Tune
from storage.viewer import owns


class ShareButton(TuneButton, template=rf"tune:(?P<action>share|unshare):{TUNE_ID}"):
    """Only the owner of the tune can share it. The `unshare` button is in the private answer to a second press."""

    labels: ClassVar = {"share": (texts.SHARE, "📣"), "unshare": (texts.UNSHARE, None)}

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        caller = await caller_of(interaction)
        tune = await visible_tune(interaction, caller.viewer, self.tune_id)
        try:
            if tune is None:
                raise KeyError(self.tune_id)
            if self.action == "unshare":
                await unshare(interaction.client.context, caller, tune.id, moderates=moderates(interaction))
                await send_private(interaction, caller.translate(texts.UNSHARED))
            elif tune.shared is not None:
                await self._offer_unsharing(interaction, caller, tune)
            else:
                shared = await share(interaction.client.context, caller, tune)
                await send_private(interaction, caller.translate(await _wait_for_post(interaction.client.context, shared)))
        except UserError as error:
            await send_private(interaction, caller.translate(error.message))
        except KeyError:  # also for a tune that is visible in this channel, but not by the rules of storage
            await send_private(interaction, caller.translate(core_texts.TUNE_IS_PRIVATE if tune else core_texts.TUNE_GONE))

    async def _offer_unsharing(self, interaction: Interaction, caller: Caller, tune: Tune) -> None:
        if not (owns(caller.viewer, tune) or moderates(interaction)):
            await send_private(interaction, caller.translate(texts.ALREADY_SHARED))
            return
        view = view_with(ShareButton("unshare", self.tune_id, caller.translate))
        await send_private(interaction, caller.translate(texts.UNSHARE_QUESTION), view=view)


async def share(context: Context, caller: Caller, tune: Tune) -> Tune:
    """Shares the tune and starts its post in the sharing channel. Returns the shared tune; raises UserError and KeyError."""
    shared = await reactions.share(context.storage, tune, caller.viewer, sharing_channel=caller.settings.sharing_channel)
    if shared.shared is not None and shared.shared.channel_id:
        context.channel_posts.post(shared)
    return shared


async def unshare(context: Context, caller: Caller, tune_id: str, *, moderates: bool = False) -> None:
    """Removes the tune from the gallery and from the sharing channel. Raises UserError and KeyError."""
    await remove_channel_post(context, await context.storage.sharing.unshare(tune_id, caller.viewer, moderates=moderates))


async def _wait_for_post(context: Context, tune: Tune) -> UserMessage:
    """What to tell the person, once the tune is posted in the sharing channel or that takes too long."""
    if tune.shared is None or not tune.shared.channel_id:
        return texts.SHARED
    posting = context.channel_posts.post(tune)
    done, _ = await asyncio.wait({posting}, timeout=limits.CHANNEL_POST_S)
    if not done:
        return discord_texts.posted_later_in(tune.shared.channel_id)
    return (texts.shared_in if posting.result() else texts.shared_but_not_posted_in)(tune.shared.channel_id)
