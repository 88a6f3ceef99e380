"""The button on a card: whoever asked for the tune takes their wish back, until it is finished."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import discord
import structlog

from bot.discord.core.buttons import TUNE, Lasting
from bot.discord.core.caller import Caller
from bot.discord.delivery import texts
from bot.discord.delivery.removal import remove_shared
from generator.user_messages import UserError

log = structlog.get_logger(__name__)


class CancelButton(Lasting[discord.ui.Button[Any]], template=rf"cancel:{TUNE}"):
    """Deletes the tune that the card stands for; the card says so."""

    def __init__(self, tune_id: str, translate: Callable[[str], str] = str) -> None:
        super().__init__(discord.ui.Button(label=translate(texts.CANCEL), emoji="✖️", custom_id=f"cancel:{tune_id}"))
        self.tune_id = tune_id

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        caller = await Caller.of(interaction)
        await interaction.response.defer()
        try:
            deleted = await interaction.client.desk.cancel(self.tune_id, caller.viewer)
        except UserError as error:
            await interaction.followup.send(caller.translate(error.message), ephemeral=True)
        except Exception:
            log.exception("Cancelling a tune failed.", tune=self.tune_id)
            await interaction.followup.send(caller.translate(texts.CANCEL_FAILED), ephemeral=True)
        else:
            for tune in deleted:  # one of a set may be finished, and shared
                await remove_shared(interaction.client, tune)
            # Whoever delivers the tune says so too, also for one that is deleted elsewhere; this reaches cards that it cannot.
            with contextlib.suppress(discord.HTTPException):
                await interaction.edit_original_response(content=caller.translate(texts.CANCELLED), view=None)


def cancel_view(tune_id: str, translate: Callable[[str], str]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton(tune_id, translate))
    return view
