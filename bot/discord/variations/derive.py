"""Again, Vary, Continue and B part: another tune after the one that they stand under."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from bot.core import derive
from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.buttons import TUNE, Interaction, TuneButton
from bot.discord.variations import texts
from generator.request import TuneRequest
from storage.tunes import Tune

WISHES: dict[str, Callable[[Tune], tuple[TuneRequest, str | None]]] = {
    "again": derive.again,
    "vary1": lambda tune: derive.vary(tune, 1),
    "vary": derive.vary,
    "vary3": lambda tune: derive.vary(tune, 3),
    "continue": derive.continue_tune,
    "bpart": derive.second_part,
}


class AskButton(TuneButton, template=rf"tune:(?P<wish>again|vary[13]?|continue|bpart):{TUNE}"):
    """Anybody may press it."""

    labels: ClassVar = {
        "again": (core_texts.AGAIN, "🔁"),
        "vary1": (texts.VARY_A_LITTLE, "🎲"),
        "vary": (texts.VARY, "🎲"),
        "vary3": (texts.VARY_A_LOT, "🎲"),
        "continue": (texts.CONTINUE, "➡️"),
        "bpart": (texts.B_PART, "🅱️"),
    }

    async def press(self, interaction: Interaction) -> None:
        await submission.ask_from(interaction, self.tune_id, WISHES[self.wish])
