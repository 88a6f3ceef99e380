"""Again, Vary, Continue and B part: buttons that make another tune from the one they are under. Anybody may press them."""

from __future__ import annotations

from typing import ClassVar

from bot.core.derive import ACTIONS
from bot.core.texts import common as core_texts
from bot.core.texts import variations as texts
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import TuneButton
from bot.discord.core.submission import submit_derived


class DeriveButton(TuneButton, template=rf"tune:(?P<action>again|vary|vary-little|vary-lot|continue|second-part):{TUNE_ID}"):
    labels: ClassVar = {
        "again": (core_texts.AGAIN, "🔁"),
        "vary-little": (texts.VARY_A_LITTLE, "🎲"),
        "vary": (texts.VARY, "🎲"),
        "vary-lot": (texts.VARY_A_LOT, "🎲"),
        "continue": (texts.CONTINUE, "➡️"),
        "second-part": (texts.B_PART, "🅱️"),
    }

    async def press(self, interaction: Interaction) -> None:
        await submit_derived(interaction, self.tune_id, ACTIONS[self.action])
