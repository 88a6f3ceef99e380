"""The commands that people type, and the entries of a message's context menu."""

from typing import Any

from discord import app_commands

from bot.discord.commands.menus import continue_tune, play_abc
from bot.discord.commands.render import render
from bot.discord.commands.session import session
from bot.discord.commands.tune import tune

COMMANDS: list[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group] = [
    tune,
    render,
    session,
    continue_tune,
    play_abc,
]
