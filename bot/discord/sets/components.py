"""The menu and the button under a message with several tunes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import discord

from bot.core.derive import set_again
from bot.core.texts import common as core_texts
from bot.core.texts import sets as texts
from bot.discord.core import limits
from bot.discord.core.caller import caller_of
from bot.discord.core.components import SET_ID
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import PersistentItem
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit_derived_set
from bot.discord.core.tune_access import visible_tune
from bot.discord.delivery.tune_message import load_tune_message
from storage.tunes import Tune


class SetAgainButton(PersistentItem[discord.ui.Button[Any]], template=rf"set:again:{SET_ID}"):
    """Requests as many tunes again; anybody may press it."""

    def __init__(self, set_id: str, translate: Callable[[str], str] = str) -> None:
        super().__init__(discord.ui.Button(label=translate(core_texts.AGAIN), emoji="🔁", custom_id=f"set:again:{set_id}"))
        self.set_id = set_id

    async def press(self, interaction: Interaction) -> None:
        await submit_derived_set(interaction, self.set_id, set_again)


class SetMenu(PersistentItem[discord.ui.Select[Any]], template=rf"set:choose:{SET_ID}"):
    """Shows the person one of the tunes privately, with its files and all its buttons."""

    def __init__(self, set_id: str, translate: Callable[[str], str] = str, tunes: Sequence[Tune] = ()) -> None:
        menu: discord.ui.Select[Any] = discord.ui.Select(custom_id=f"set:choose:{set_id}", placeholder=translate(texts.OPEN_ONE))
        for number, tune in enumerate(tunes, 1):
            assert tune.composition is not None
            menu.add_option(label=f"{number}. {tune.composition.title}"[: limits.CHOICE_CHARACTERS], value=tune.id)
        super().__init__(menu)
        self.set_id = set_id

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        caller, context = await caller_of(interaction), interaction.client.context
        [tune_id] = self.item.values
        tune = await visible_tune(interaction, caller.viewer, tune_id)
        if tune is None or tune.set_id != self.set_id:
            await send_private(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        limit = interaction.filesize_limit
        message = await load_tune_message(context, tune, file_limit=limit, translate=caller.translate)
        await send_private(interaction, message.content, view=message.view, files=message.files)
