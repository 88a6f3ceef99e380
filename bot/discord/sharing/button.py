"""The Share button: it puts a tune into the gallery and the server's sharing channel, and can undo that."""

from __future__ import annotations

from typing import ClassVar

from discord.utils import MISSING

from bot.core.caller import Caller
from bot.core.texts import common as core_texts
from bot.core.texts import sharing as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Context, Interaction
from bot.discord.core.permissions import may_unshare
from bot.discord.core.persistent_items import TuneButton, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.core.tune_access import visible_tune
from bot.discord.delivery.removal import remove_channel_post
from generator.user_messages import UserError


class ShareButton(TuneButton, template=rf"tune:(?P<action>share|unshare):{TUNE_ID}"):
    """Only the owner of the tune can share it. The `unshare` button is in the private answer to a second press."""

    labels: ClassVar = {"share": (texts.SHARE, "📣"), "unshare": (texts.UNSHARE, None)}

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        context, caller = interaction.client.context, await caller_of(interaction)
        tune = await visible_tune(interaction, caller.viewer, self.tune_id)
        text: str = texts.UNSHARED
        offers_unsharing = False
        try:
            if tune is None:
                raise KeyError(self.tune_id)
            if self.action == "unshare":
                await unshare(context, caller, tune.id, moderates=await may_unshare(interaction, tune))
            else:
                may = await may_unshare(interaction, tune)
                text, offers_unsharing = await context.channel_posts.press_share(tune, caller, moderates=may)
        except UserError as error:
            text = error.message
        except KeyError:  # also for a tune that is visible in this channel, but not by the rules of storage
            text = core_texts.TUNE_IS_PRIVATE if tune else core_texts.TUNE_GONE
        view = view_with(ShareButton("unshare", self.tune_id, caller.translate)) if offers_unsharing else MISSING
        await send_private(interaction, caller.translate(text), view=view)


async def unshare(context: Context, caller: Caller, tune_id: str, *, moderates: bool = False) -> None:
    """Removes the tune from the gallery and from the sharing channel. Raises UserError and KeyError."""
    await remove_channel_post(context, await context.storage.sharing.unshare(tune_id, caller.viewer, moderates=moderates))
