"""The view under a finished tune: all its buttons."""

from __future__ import annotations

import discord

from bot.discord.deletion.delete import DeleteButton
from bot.discord.files.more_files import FilesButton
from bot.discord.likes.like_button import LikeButton
from bot.discord.sharing.share import ShareButton
from bot.discord.variations.change import ChangeButton
from bot.discord.variations.derive import AskButton
from bot.discord.variations.instrument import InstrumentButton
from bot.languages import Language
from storage.tunes import Tune


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
