"""Parts that commands share: where they can be used, and the choices of their options."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import structlog
from discord import app_commands

from bot.core.options import matching_keys
from bot.core.texts.common import TIMES
from bot.discord.core import limits
from bot.discord.core.context import Interaction
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.notation.names import translatable
from generator.request import INSTRUMENTS, OMISSIONS

log = structlog.get_logger(__name__)

T = TypeVar("T")
RHYTHM_CHOICES = [app_commands.Choice(name=name, value=name) for name in RHYTHMS]
INSTRUMENT_CHOICES = [app_commands.Choice(name=name, value=name) for name in INSTRUMENTS]
TIMES_CHOICES = [app_commands.Choice(name=name, value=times) for times, name in TIMES.items()]


def everywhere(command: T) -> T:
    """Makes a command available in servers, direct messages and group chats, for servers and people who installed the bot."""
    contexts: Any = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    installs: Any = app_commands.allowed_installs(guilds=True, users=True)
    available: T = contexts(installs(command))
    return available


async def key_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    translate = language(str(interaction.locale))
    return [
        app_commands.Choice(name=translate(key.name), value=key.abc) for key in matching_keys(typed, translate)[: limits.CHOICES]
    ]


async def model_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The models that workers offer now, with their descriptions. Those of the shipped models are translated."""
    translate = language(str(interaction.locale))
    try:
        async with asyncio.timeout(limits.LOOKUP_S):
            models = await interaction.client.context.desk.models()
    except Exception:
        log.exception("Listing models for autocomplete failed.")
        return []
    labels = {name: f"{name}: {translate(description)}" if description else name for name, description in models.items()}
    wanted = typed.strip().casefold()
    found = [name for name in labels if wanted in labels[name].casefold()][: limits.CHOICES]
    return [app_commands.Choice(name=labels[name][: limits.CHOICE_CHARACTERS], value=name) for name in found]


async def omission_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The list typed so far, extended by each of the things that can be left out."""
    translate = language(str(interaction.locale))
    *complete, started = [part.strip() for part in typed.split(",")]
    names = {name: translate(translatable(name)) for name in OMISSIONS}
    chosen = [name for name in names if {name, names[name].casefold()} & {part.casefold() for part in complete}]
    offered = []
    for name, translated in names.items():
        if name not in chosen and any(text.casefold().startswith(started.casefold()) for text in (name, translated)):
            extended = [*chosen, name]
            offered.append(app_commands.Choice(name=", ".join(names[each] for each in extended), value=", ".join(extended)))
    return offered
