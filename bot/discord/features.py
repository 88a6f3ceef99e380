"""All commands and buttons, for the client to register."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.discord.compose.context_menus import continue_tune, play_abc
from bot.discord.compose.render import render
from bot.discord.compose.tune import tune
from bot.discord.deletion.delete import DeleteButton
from bot.discord.files.more_files import FilesButton
from bot.discord.gallery.browse import gallery
from bot.discord.gallery.mine import mine
from bot.discord.gallery.top import top
from bot.discord.gallery.tunebook import tunebook
from bot.discord.help.command import help_
from bot.discord.likes.like_button import LikeButton
from bot.discord.privacy.command import privacy
from bot.discord.sessions.command import session
from bot.discord.sets.buttons import SetAgainButton, SetMenu
from bot.discord.sets.command import tune_set
from bot.discord.settings.defaults import defaults
from bot.discord.settings.server_settings import settings
from bot.discord.sharing.share import ShareButton
from bot.discord.variations.change import ChangeAgainButton, ChangeButton
from bot.discord.variations.derive import AskButton
from bot.discord.variations.instrument import InstrumentButton, InstrumentSelect

COMMANDS: list[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group] = [
    tune,
    tune_set,
    render,
    session,
    gallery,
    top,
    tunebook,
    mine,
    defaults,
    settings,
    help_,
    privacy,
    continue_tune,
    play_abc,
]

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
