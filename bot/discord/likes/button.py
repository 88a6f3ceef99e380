"""The like button ♥: one like per person; a second press removes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

import discord

from bot.core.reactions import press_like
from bot.core.texts import likes as texts
from bot.discord.core.caller import caller_of, viewer_of
from bot.discord.core.components import TUNE_ID, components_of
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import TuneButton
from bot.discord.core.private_answers import send_private
from generator.user_messages import UserError


class LikeButton(TuneButton, template=rf"tune:(?P<action>like):{TUNE_ID}"):
    """The only answer is the new number, which `like_counts` shows."""

    labels: ClassVar = {"like": ("", None)}

    def __init__(
        self, action: str, tune_id: str, translate: Callable[[str], str] = str, *, row: int | None = None, likes: int = 0
    ) -> None:
        super().__init__(action, tune_id, translate, row=row)
        self.item.label = texts.like_label(likes)

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        context, viewer = interaction.client.context, viewer_of(interaction.user.id, interaction.guild_id)
        try:
            await press_like(context.storage, self.tune_id, viewer, str(interaction.channel_id))
        except UserError as error:
            await send_private(interaction, (await caller_of(interaction)).translate(error.message))
        else:
            context.like_counts.pressed(interaction, self.tune_id)


def shown_likes(message: discord.Message, tune_id: str) -> int:
    """The number on a message's like button for the tune; 0 if it has none."""
    for component in components_of(message):
        if component.custom_id == f"tune:like:{tune_id}" and isinstance(component, discord.Button):
            number = re.search(r"\d+", component.label or "")
            return int(number[0]) if number else 0
    return 0


def view_with_likes(message: discord.Message, tune_id: str, likes: int) -> discord.ui.View | None:
    """The message's components with another number of likes. None if it has no like button for the tune, or shows it already."""
    view = discord.ui.View.from_message(message, timeout=None)
    buttons = [item for item in view.children if isinstance(item, discord.ui.Button) and item.custom_id == f"tune:like:{tune_id}"]
    if not buttons or shown_likes(message, tune_id) == likes:
        return None
    buttons[0].label = texts.like_label(likes)
    view.stop()  # DynamicItems answer its buttons, and discord.py would keep the view for ever
    return view
