"""The Delete button: after a question it deletes the tune and its messages for good."""

from __future__ import annotations

from typing import ClassVar

import discord

from bot.core.caller import Caller
from bot.core.texts import common as core_texts
from bot.core.texts import deletion as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Context, Interaction
from bot.discord.core.permissions import may_delete
from bot.discord.core.persistent_items import TuneButton, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.core.tune_access import visible_tune
from bot.discord.delivery.removal import remove_messages
from generator.user_messages import UserError
from storage.errors import NotAllowed
from storage.sharing import NOT_YOURS_TO_DELETE
from storage.tunes import Tune
from storage.viewer import Viewer, owns


class DeleteButton(TuneButton, template=rf"tune:(?P<action>delete|confirm-delete):{TUNE_ID}"):
    """The `confirm-delete` button is in the private question. Both check whether the person may delete the tune."""

    labels: ClassVar = {"delete": (texts.DELETE, "🗑️"), "confirm-delete": (texts.DELETE_FOR_GOOD, None)}
    style = discord.ButtonStyle.danger

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer()  # the token of this interaction can delete the message where the bot is not a member
        caller = await caller_of(interaction)
        try:
            if self.action == "delete":
                await self._ask(interaction, caller)
            else:
                await self._delete(interaction, caller)
        except UserError as error:
            await send_private(interaction, caller.translate(error.message))
        except KeyError:
            await send_private(interaction, caller.translate(core_texts.TUNE_GONE))

    async def _ask(self, interaction: Interaction, caller: Caller) -> None:
        tune = await visible_tune(interaction, caller.viewer, self.tune_id)
        if tune is None:
            raise KeyError(self.tune_id)
        if not (owns(caller.viewer, tune) or await may_delete(interaction, caller, tune)):
            raise NotAllowed(NOT_YOURS_TO_DELETE)
        interaction.client.context.latest_interactions.remember(tune.id, interaction)
        view = view_with(DeleteButton("confirm-delete", self.tune_id, caller.translate))
        await send_private(interaction, caller.translate(texts.DELETE_QUESTION), view=view)

    async def _delete(self, interaction: Interaction, caller: Caller) -> None:
        context = interaction.client.context
        found = await context.storage.tune(self.tune_id)
        may = found is not None and await may_delete(interaction, caller, found)
        tune = await context.storage.sharing.delete(self.tune_id, caller.viewer, moderates=may)
        await interaction.edit_original_response(content=caller.translate(texts.DELETED), view=None)
        await remove_messages(context, tune)


async def delete(context: Context, viewer: Viewer, tune_id: str) -> Tune:
    """Deletes the viewer's own tune and its messages. Raises UserError, KeyError and StorageError."""
    tune = await context.storage.sharing.delete(tune_id, viewer)
    await remove_messages(context, tune)
    return tune
