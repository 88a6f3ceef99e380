"""♥: one for each person; a second press takes it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

import discord

from bot.discord.core import submission
from bot.discord.core import texts as core_texts
from bot.discord.core.buttons import TUNE, Interaction, TuneButton
from bot.discord.core.caller import Caller
from bot.discord.core.reply import PLATFORM
from bot.discord.likes import texts
from storage.viewer import Viewer


class LikeButton(TuneButton, template=rf"tune:(?P<wish>like):{TUNE}"):
    """The person gets no answer but the number, which bot.discord.likes keeps right."""

    labels: ClassVar = {"like": ("", None)}

    def __init__(
        self, wish: str, tune_id: str, translate: Callable[[str], str] = str, *, row: int | None = None, likes: int = 0
    ) -> None:
        super().__init__(wish, tune_id, translate, row=row)
        self.item.label = texts.like_label(likes)

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        bot = interaction.client
        viewer = Viewer(PLATFORM, str(interaction.user.id), str(interaction.guild_id or ""))
        sharing = bot.storage.sharing
        try:
            liked = await sharing.liked([self.tune_id], viewer)
            await (sharing.unlike if liked else sharing.like)(self.tune_id, viewer)
        except KeyError:
            caller = await Caller.of(interaction)
            there = await submission.tune_for(interaction, viewer, self.tune_id)
            await submission.tell(interaction, caller.translate(core_texts.TUNE_IS_PRIVATE if there else core_texts.TUNE_GONE))
        else:
            bot.likes.pressed(interaction, self.tune_id)


def count_on(message: discord.Message, tune_id: str) -> int:
    """The number that a message shows under its heart; 0 for one that has none, as messages had before there were hearts."""
    rows = [row.children for row in message.components if isinstance(row, discord.ActionRow)]
    hearts = [item for row in rows for item in row if item.custom_id == f"tune:like:{tune_id}"]
    found = (re.search(r"\d+", getattr(item, "label", None) or "") for item in hearts)
    return next((int(number[0]) for number in found if number), 0)


def with_count(message: discord.Message, tune_id: str, likes: int) -> discord.ui.View | None:
    """The message's components with another number; None where they have no heart for the tune, or the number already."""
    view = discord.ui.View.from_message(message, timeout=None)
    hearts = [item for item in view.children if isinstance(item, discord.ui.Button) and item.custom_id == f"tune:like:{tune_id}"]
    if not hearts or count_on(message, tune_id) == likes:
        return None
    hearts[0].label = texts.like_label(likes)
    view.stop()  # its presses are for DynamicItems to answer, and discord.py would keep it for ever
    return view
