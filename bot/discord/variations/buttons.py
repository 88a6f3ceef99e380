"""Again, Vary, Continue and B part: buttons that make another tune from the one they are under. Anybody may press them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from bot.core import derive
from bot.core.texts import common as core_texts
from bot.core.texts import variations as texts
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import TuneButton
from bot.discord.core.submission import Derived, submit_derived
from storage.tunes import Tune

DERIVE: Mapping[str, Callable[[Tune], Derived]] = {
    "again": derive.again,
    "vary-little": lambda tune: derive.vary(tune, 1),
    "vary": derive.vary,
    "vary-lot": lambda tune: derive.vary(tune, 3),
    "continue": derive.continue_tune,
    "second-part": derive.second_part,
}


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
        await submit_derived(interaction, self.tune_id, DERIVE[self.action])
