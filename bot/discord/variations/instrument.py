"""Instrument: the same tune, played by another one, with guitar and drum or alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import discord

from bot.core import derive
from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.buttons import TUNE, Interaction, Lasting, TuneButton, guarded
from bot.discord.core.caller import Caller
from bot.discord.variations import texts
from generator.request import INSTRUMENTS

USUAL, ALONE = "usual", " alone"  # in the values of the choices: the rhythm's own instrument; without guitar and drum


class InstrumentButton(TuneButton, template=rf"tune:(?P<wish>instrument):{TUNE}"):
    """Offers the instruments to the person alone."""

    labels: ClassVar = {"instrument": (texts.INSTRUMENT, "🎻")}

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        caller = await Caller.of(interaction)
        if await submission.tune_for(interaction, caller.viewer, self.tune_id) is None:
            await submission.tell(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        view = discord.ui.View(timeout=None)
        view.add_item(InstrumentSelect(self.tune_id, caller.translate))
        await interaction.followup.send(caller.translate(texts.WHICH_INSTRUMENT), view=view, ephemeral=True)


class InstrumentSelect(Lasting[discord.ui.Select[Any]], template=rf"tune:play:{TUNE}"):
    """One choice holds both, the instrument and whether it plays alone: nothing has to be remembered between two."""

    def __init__(self, tune_id: str, translate: Callable[[str], str] = str) -> None:
        select: discord.ui.Select[Any] = discord.ui.Select(custom_id=f"tune:play:{tune_id}")
        for value, name in {USUAL: texts.DEFAULT_INSTRUMENT, **{name: name for name in INSTRUMENTS}}.items():
            select.add_option(label=translate(name), value=value)
            select.add_option(label=translate(texts.without_backing(name)), value=value + ALONE)
        super().__init__(select)
        self.tune_id = tune_id

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await guarded(interaction, self.tune_id, self.choose)

    async def choose(self, interaction: Interaction) -> None:
        [value] = self.item.values
        name = value.removesuffix(ALONE)
        instrument, backing = "" if name == USUAL else name, not value.endswith(ALONE)
        await submission.ask_from(interaction, self.tune_id, lambda tune: derive.play_on(tune, instrument, backing=backing))
