"""The buttons under the messages of a session."""

from __future__ import annotations

from bot.core.sessions import Turn
from bot.core.texts import sessions as texts
from bot.languages import Language
from bot.slack.core.blocks import Block, actions, button


def session_buttons(turn: Turn, translate: Language, *, over: bool = False) -> Block:
    """“Your turn” and “Whole session”. `over`: only the latter. Before the first answer there is no session to send yet."""
    buttons = [] if over else [button("session:your-turn", f"🎶 {translate(texts.YOUR_TURN)}", str(turn))]
    if turn.tune_id:
        buttons.append(button("session:whole", f"📜 {translate(texts.WHOLE_SESSION)}", str(turn)))
    return actions(buttons)
