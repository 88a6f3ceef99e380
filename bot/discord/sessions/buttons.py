"""The buttons of a session: “Your turn” and “Whole session”. Anybody may press them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord

from bot.core.sessions import TURN, Turn
from bot.core.texts import sessions as texts
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import PersistentItem, view_with
from bot.discord.sessions.form import open_form
from bot.discord.sessions.turns import custom_id
from bot.discord.sessions.whole_session import send_whole_session
from storage.tunes import Tune

ROW = 4  # the last: the tune's own buttons are above
LABELS = {"your-turn": (texts.YOUR_TURN, "🎶"), "whole": (texts.WHOLE_SESSION, "📜")}


class SessionButton(PersistentItem[discord.ui.Button[Any]], template=rf"session:(?P<action>your-turn|whole):{TURN}"):
    """“Your turn” opens a form for ABC, “Whole session” sends all phrases in order."""

    def __init__(
        self, action: str, tune_id: str = "", rhythm: str = "", key: str = "", translate: Callable[[str], str] = str
    ) -> None:
        label, emoji = LABELS[action]
        self.action, self.turn = action, Turn(tune_id, rhythm, key)
        is_empty = action == "whole" and not tune_id
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=translate(label), emoji=emoji, custom_id=custom_id(action, self.turn), row=ROW, disabled=is_empty
        )
        super().__init__(button)

    async def press(self, interaction: Interaction) -> None:
        await (open_form if self.action == "your-turn" else send_whole_session)(interaction, self.turn)


def start_view(turn: Turn, translate: Callable[[str], str]) -> discord.ui.View:
    """For the first message of a session."""
    return view_with(SessionButton("your-turn", turn.tune_id, turn.rhythm, turn.key, translate))


def end_view(turn: Turn, translate: Callable[[str], str]) -> discord.ui.View:
    """For the message that ends a session."""
    return view_with(SessionButton("whole", turn.tune_id, turn.rhythm, turn.key, translate))


def session_buttons(tune: Tune, translate: Callable[[str], str]) -> list[SessionButton]:
    """Both buttons for a tune that answers a phrase; none for other tunes."""
    if tune.request.mode != "answer":
        return []
    return [SessionButton(action, tune.id, translate=translate) for action in ("your-turn", "whole")]
