"""The buttons under a tune: the tune's id is in them, so that they outlive the process that posted them.

What they do to a tune is bot.desk's and storage's to know; here is what a press is answered with.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.discord.buttons.ask import AskButton
from bot.discord.buttons.change import ChangeAgainButton, ChangeButton, submitted
from bot.discord.buttons.delete import DeleteButton
from bot.discord.buttons.files import FilesButton
from bot.discord.buttons.instrument import InstrumentButton, InstrumentSelect
from bot.discord.buttons.like import LikeButton
from bot.discord.buttons.sets import SetAgainButton, SetMenu
from bot.discord.buttons.share import ShareButton
from bot.languages import Language
from storage.tunes import Tune

__all__ = ["BUTTONS", "submitted", "tune_of", "under"]

BUTTONS: tuple[type[discord.ui.DynamicItem[Any]], ...] = (
    AskButton,
    ChangeButton,
    ChangeAgainButton,
    InstrumentButton,
    InstrumentSelect,
    FilesButton,
    LikeButton,
    ShareButton,
    DeleteButton,
    SetAgainButton,
    SetMenu,
)


def under(tune: Tune, translate: Language) -> discord.ui.View:
    """The buttons for a finished tune, with its likes; a tune that was played as it stands would only come out the same again."""
    view = discord.ui.View(timeout=None)
    asks = ["again", "vary1", "vary", "vary3", "continue"]
    for wish in asks[1:] if tune.request.mode == "play" else asks:
        view.add_item(AskButton(wish, tune.id, translate, row=0))
    view.add_item(AskButton("bpart", tune.id, translate, row=1))
    view.add_item(ChangeButton("change", tune.id, translate, row=1))
    view.add_item(InstrumentButton("instrument", tune.id, translate, row=1))
    view.add_item(FilesButton("files", tune.id, translate, row=1))
    view.add_item(LikeButton("like", tune.id, translate, row=2, likes=tune.likes))
    view.add_item(ShareButton("share", tune.id, translate, row=2))
    view.add_item(DeleteButton("delete", tune.id, translate, row=2))
    return view


def tune_of(message: discord.Message) -> str | None:
    """The id of the tune whose buttons a message has."""
    items = (item for row in message.components if isinstance(row, discord.ActionRow) for item in row.children)
    found = (re.fullmatch(r"tune:[a-z]+\d?:([0-9A-Za-z]{1,40})", item.custom_id or "") for item in items)
    return next((match[1] for match in found if match), None)
