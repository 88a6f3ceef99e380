"""Delete: asked once more, the tune goes for good, and its messages with it."""

from __future__ import annotations

from typing import ClassVar

import discord

from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.buttons import TUNE, Interaction, TuneButton
from bot.discord.core.caller import Caller
from bot.discord.deletion import texts
from bot.discord.delivery.removal import remove_messages
from bot.discord.sharing.share import moderates
from storage.errors import NotAllowed
from storage.sharing import NOT_YOURS_TO_DELETE


class DeleteButton(TuneButton, template=rf"tune:(?P<wish>delete|erase):{TUNE}"):
    """`erase` stands in the question to the person. Whether they may is looked at when it is pressed, too."""

    labels: ClassVar = {"delete": (texts.DELETE, "🗑️"), "erase": (texts.DELETE_FOR_GOOD, None)}
    style = discord.ButtonStyle.danger

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer()  # by this press the bot reaches the message where it is no member
        caller = await Caller.of(interaction)
        try:
            await (self._ask if self.wish == "delete" else self._erase)(interaction, caller)
        except NotAllowed as error:
            await submission.tell(interaction, caller.translate(error.args[0]))
        except KeyError:
            await submission.tell(interaction, caller.translate(core_texts.TUNE_GONE))

    async def _ask(self, interaction: Interaction, caller: Caller) -> None:
        tune = await submission.tune_for(interaction, caller.viewer, self.tune_id)
        if tune is None:
            raise KeyError(self.tune_id)
        here = tune.origin.community_id and tune.origin.community_id == caller.viewer.community_id
        if not (caller.viewer.user_id == tune.origin.user_id or (here and may_delete(interaction, caller))):
            raise NotAllowed(NOT_YOURS_TO_DELETE)
        interaction.client.presses.keep(tune.id, interaction)
        view = discord.ui.View(timeout=None)
        view.add_item(DeleteButton("erase", self.tune_id, caller.translate))
        await interaction.followup.send(caller.translate(texts.DELETE_QUESTION), view=view, ephemeral=True)

    async def _erase(self, interaction: Interaction, caller: Caller) -> None:
        bot = interaction.client
        tune = await bot.storage.sharing.delete(self.tune_id, caller.viewer, moderates=may_delete(interaction, caller))
        await interaction.edit_original_response(content=caller.translate(texts.DELETED), view=None)
        await remove_messages(bot, tune)


def may_delete(interaction: Interaction, caller: Caller) -> bool:
    """Whether the person may delete what others asked for in this server."""
    match caller.settings.deleters:
        case "everyone":
            return interaction.guild_id is not None
        case "moderators":
            return moderates(interaction)
        case _:
            return False
