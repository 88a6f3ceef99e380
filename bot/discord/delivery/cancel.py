"""The Cancel button on a queue card."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import discord
import structlog

from bot.core.texts import delivery as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import PersistentItem, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.delivery.removal import remove_channel_post
from generator.user_messages import UserError

log = structlog.get_logger(__name__)


class CancelButton(PersistentItem[discord.ui.Button[Any]], template=rf"cancel:{TUNE_ID}"):
    """Deletes the unfinished tune, or the set that it belongs to. Only its owner may do that."""

    def __init__(self, tune_id: str, translate: Callable[[str], str] = str) -> None:
        super().__init__(discord.ui.Button(label=translate(texts.CANCEL), emoji="✖️", custom_id=f"cancel:{tune_id}"))
        self.tune_id = tune_id

    async def press(self, interaction: Interaction) -> None:
        caller, context = await caller_of(interaction), interaction.client.context
        await interaction.response.defer()
        try:
            deleted = await context.desk.cancel(self.tune_id, caller.viewer)
        except UserError as error:
            await send_private(interaction, caller.translate(error.message))
        except Exception:
            log.exception("Cancelling a tune failed.", tune=self.tune_id)
            await send_private(interaction, caller.translate(texts.CANCEL_FAILED))
        else:
            for tune in deleted:  # one of a set may be finished and shared
                await remove_channel_post(context, tune)
            # The delivery shows this too, also if the tune is deleted elsewhere. This edit reaches cards that it cannot.
            with contextlib.suppress(discord.HTTPException):
                await interaction.edit_original_response(content=caller.translate(texts.CANCELLED), view=None)


def cancel_view(tune_id: str, translate: Callable[[str], str]) -> discord.ui.View:
    return view_with(CancelButton(tune_id, translate))
