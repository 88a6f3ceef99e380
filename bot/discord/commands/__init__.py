"""The commands that people type, and the entries of a message's context menu."""

from typing import Any

from discord import app_commands

from bot.discord.commands.defaults import defaults
from bot.discord.commands.gallery import gallery
from bot.discord.commands.help import help_
from bot.discord.commands.menus import continue_tune, play_abc
from bot.discord.commands.mine import mine
from bot.discord.commands.privacy import privacy
from bot.discord.commands.render import render
from bot.discord.commands.session import session
from bot.discord.commands.sets import tune_set
from bot.discord.commands.settings import settings
from bot.discord.commands.top import top
from bot.discord.commands.tune import tune
from bot.discord.commands.tunebook import tunebook

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
