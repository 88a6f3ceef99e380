"""Parts that commands share: where they can be used, and the choices of their options."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from discord import app_commands

from bot.discord.core import limits
from bot.discord.core.context import Interaction
from bot.languages import language
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.names import translatable
from generator.notation.tokens import MODES
from generator.request import INSTRUMENTS, OMISSIONS
from generator.user_messages import UserMessage

log = structlog.get_logger(__name__)

T = TypeVar("T")
# The keys that suit fiddle, flute and whistle, most common first.
_KEYS = "D G Em Ador Edor Amix Bm A Dmix Am Gdor Ddor C F Gmix Emix Bdor Dm Gm Bb E Cmix F#m Bmix Cdor"
KEYS = [Key.parse(text) for text in _KEYS.split()]
RHYTHM_CHOICES = [app_commands.Choice(name=name, value=name) for name in RHYTHMS]
INSTRUMENT_CHOICES = [app_commands.Choice(name=name, value=name) for name in INSTRUMENTS]
METRES = list(dict.fromkeys(str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres))


def everywhere(command: T) -> T:
    """Makes a command available in servers, direct messages and group chats, for servers and people who installed the bot."""
    contexts: Any = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    installs: Any = app_commands.allowed_installs(guilds=True, users=True)
    available: T = contexts(installs(command))
    return available


async def key_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    translate = language(str(interaction.locale))
    return [app_commands.Choice(name=translate(key.name), value=key.abc) for key in matching_keys(typed, translate)]


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


def omissions_in_english(typed: str | None, *languages: Callable[[str], str]) -> str | None:
    """The list with the names that were typed in one of the languages replaced by the English ones."""
    names = {translate(translatable(name)).casefold(): name for translate in languages for name in OMISSIONS}
    return typed and ",".join(names.get(part.strip().casefold(), part) for part in typed.split(","))


def matching_keys(typed: str, translate: Callable[[UserMessage], str] = str) -> list[Key]:
    """Keys whose name, in English or as `translate` returns it, or whose ABC starts with what is typed; then those that contain
    it. A key that is spelled out comes first.
    """
    wanted = typed.casefold().replace(" ", "")
    spellings = {key: [text.casefold().replace(" ", "") for text in (translate(key.name), str(key), key.abc)] for key in KEYS}
    found = [key for key, texts in spellings.items() if any(text.startswith(wanted) for text in texts)]
    found += [key for key, texts in spellings.items() if key not in found and any(wanted in text for text in texts)]
    try:
        exact = Key.parse(typed) if wanted else None
    except NotationError:
        exact = None
    if exact is not None and exact.mode in MODES and not exact.extra:
        found = [exact, *(key for key in found if key != exact)]
    return found[: limits.CHOICES]
