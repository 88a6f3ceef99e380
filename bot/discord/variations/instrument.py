"""The Instrument button: the same tune played by another instrument, with backing or without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import discord

from bot.core import instruments
from bot.core.texts import common as core_texts
from bot.core.texts import variations as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import PersistentItem, TuneButton, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit_derived
from bot.discord.core.tune_access import visible_tune


class InstrumentButton(TuneButton, template=rf"tune:(?P<action>instrument):{TUNE_ID}"):
    """Offers the instruments to the person privately."""

    labels: ClassVar = {"instrument": (texts.INSTRUMENT, "🎻")}

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        caller = await caller_of(interaction)
        if await visible_tune(interaction, caller.viewer, self.tune_id) is None:
            await send_private(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        view = view_with(InstrumentMenu(self.tune_id, caller.translate))
        await send_private(interaction, caller.translate(texts.WHICH_INSTRUMENT), view=view)


class InstrumentMenu(PersistentItem[discord.ui.Select[Any]], template=rf"tune:choose-instrument:{TUNE_ID}"):
    def __init__(self, tune_id: str, translate: Callable[[str], str] = str) -> None:
        menu: discord.ui.Select[Any] = discord.ui.Select(custom_id=f"tune:choose-instrument:{tune_id}")
        for value, label in instruments.choices(translate).items():
            menu.add_option(label=label, value=value)
        super().__init__(menu)
        self.tune_id = tune_id

    async def press(self, interaction: Interaction) -> None:
        [value] = self.item.values
        await submit_derived(interaction, self.tune_id, instruments.play_on(value))
