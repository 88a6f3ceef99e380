"""The latest interactions with messages, which make these messages editable for a while."""

from __future__ import annotations

from typing import Any

import discord


class LatestInteractions:
    """The latest interaction with each message, whose token can edit the message for 15 minutes.

    That works also where the bot is not a member. Remember only interactions that were answered with `defer()`: after
    `defer(thinking=True)` the token edits the answer instead.
    """

    def __init__(self) -> None:
        self._latest: dict[int, tuple[str, discord.Interaction[Any]]] = {}  # message id → tune id and interaction

    def remember(self, tune_id: str, interaction: discord.Interaction[Any]) -> None:
        """`tune_id`: the tune whose button was pressed."""
        self._latest = {message_id: kept for message_id, kept in self._latest.items() if not kept[1].is_expired()}
        if interaction.message is not None:
            self._latest[interaction.message.id] = tune_id, interaction

    def with_message(self, message_id: int) -> discord.Interaction[Any] | None:
        """None if there is none, or its token has expired."""
        _, interaction = self._latest.get(message_id, ("", None))
        return None if interaction is None or interaction.is_expired() else interaction

    def messages_of(self, tune_id: str) -> set[int]:
        """Ids of the messages on which one of the tune's buttons was pressed: its own, or others such as a gallery page."""
        return {
            message_id
            for message_id, (pressed_id, interaction) in self._latest.items()
            if pressed_id == tune_id and not interaction.is_expired()
        }
