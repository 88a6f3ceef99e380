"""The buttons under a tune: the tune's id is in them, so that they outlive the process that posted them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Self

import discord

from bot import desk
from bot.discord import asking, texts


class TuneButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"tune:(?P<wish>again|vary):(?P<tune>[0-9A-Za-z]{1,40})"
):
    """Asks for another tune after the one that it stands under; anybody may press it."""

    def __init__(self, wish: str, tune_id: str, say: Callable[[str], str] = str) -> None:
        label, emoji = {"again": (texts.AGAIN, "🔁"), "vary": (texts.VARY, "🎲")}[wish]
        super().__init__(discord.ui.Button(label=say(label), emoji=emoji, custom_id=f"tune:{wish}:{tune_id}"))
        self.wish, self.tune_id = wish, tune_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["wish"], match["tune"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await asking.ask_from(interaction, self.tune_id, desk.again if self.wish == "again" else desk.vary)


def tune_of(message: discord.Message) -> str | None:
    """The id of the tune whose buttons a message has."""
    items = (item for row in message.components if isinstance(row, discord.ActionRow) for item in row.children)
    found = (re.fullmatch(r"tune:[a-z]+:([0-9A-Za-z]{1,40})", item.custom_id or "") for item in items)
    return next((match[1] for match in found if match), None)
