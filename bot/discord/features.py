"""The commands, persistent items and forms of all features, for the client to register."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.discord.compose.context_menus import continue_tune, play_abc
from bot.discord.compose.render import render
from bot.discord.compose.tune import tune
from bot.discord.core.context import Interaction
from bot.discord.deletion.button import DeleteButton
from bot.discord.delivery.cancel import CancelButton
from bot.discord.files.button import FilesButton
from bot.discord.gallery.commands import gallery, mine, top
from bot.discord.gallery.pager import OpenedTuneButton, PageButton, TuneMenu
from bot.discord.gallery.tunebook import tunebook
from bot.discord.help.command import help_
from bot.discord.likes.button import LikeButton
from bot.discord.privacy.command import PrivacyButton, privacy
from bot.discord.sessions import form as session_form
from bot.discord.sessions.buttons import SessionButton
from bot.discord.sessions.command import session
from bot.discord.sets.command import tune_set
from bot.discord.sets.components import SetAgainButton, SetMenu
from bot.discord.settings.defaults import defaults
from bot.discord.settings.server_settings import settings
from bot.discord.sharing.button import ShareButton
from bot.discord.variations import change
from bot.discord.variations.buttons import DeriveButton
from bot.discord.variations.change import ChangeButton, ContinueEditingButton
from bot.discord.variations.instrument import InstrumentButton, InstrumentMenu

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

PERSISTENT_ITEMS: tuple[type[discord.ui.DynamicItem[Any]], ...] = (
    DeriveButton,
    ChangeButton,
    ContinueEditingButton,
    InstrumentButton,
    InstrumentMenu,
    FilesButton,
    LikeButton,
    ShareButton,
    DeleteButton,
    CancelButton,
    SetAgainButton,
    SetMenu,
    SessionButton,
    PageButton,
    TuneMenu,
    OpenedTuneButton,
    PrivacyButton,
)

# Each handles its own form, and ignores others.
FORM_HANDLERS: tuple[Callable[[Interaction], Awaitable[None]], ...] = (change.handle_form, session_form.handle_form)
