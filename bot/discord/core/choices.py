"""What commands have in common: where they can be used, and what they offer for their options."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import discord
import structlog
from discord import app_commands

from bot.languages import language
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.names import translatable
from generator.notation.tokens import MODES
from generator.request import INSTRUMENTS, OMISSIONS
from generator.user_messages import UserMessage

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

T = TypeVar("T")
MAX_CHOICES, MAX_CHOICE_CHARACTERS = 25, 100
LOOK_S = 1.0  # of the 3 s that Discord leaves for an answer
# As sessions meet them: the keys that fiddle, flute and whistle lie well in, the commonest first.
_KEYS = "D G Em Ador Edor Amix Bm A Dmix Am Gdor Ddor C F Gmix Emix Bdor Dm Gm Bb E Cmix F#m Bmix Cdor"
KEYS = [Key.parse(text) for text in _KEYS.split()]
RHYTHM_CHOICES = [app_commands.Choice(name=name, value=name) for name in RHYTHMS]
INSTRUMENT_CHOICES = [app_commands.Choice(name=name, value=name) for name in INSTRUMENTS]
METRES = list(dict.fromkeys(str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres))


def everywhere(command: T) -> T:
    """In servers, in direct messages and between people, for servers and for people who have installed the bot."""
    contexts: Any = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    installs: Any = app_commands.allowed_installs(guilds=True, users=True)
    placed: T = contexts(installs(command))
    return placed


async def key_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    translate = language(str(interaction.locale))
    return [app_commands.Choice(name=translate(key.name), value=key.abc) for key in matching_keys(typed, translate)]


async def model_choices(interaction: discord.Interaction[TunesmithBot], typed: str) -> list[app_commands.Choice[str]]:
    """The models that are at hand, with what they are; descriptions of those that are shipped are translated."""
    translate = language(str(interaction.locale))
    try:
        async with asyncio.timeout(LOOK_S):
            at_hand = await interaction.client.desk.models()
    except Exception:
        log.exception("Listing models for autocomplete failed.")
        return []
    told = {name: f"{name}: {translate(what)}" if what else name for name, what in at_hand.items()}
    wanted = typed.strip().casefold()
    found = [name for name in told if wanted in told[name].casefold()][:MAX_CHOICES]
    return [app_commands.Choice(name=told[name][:MAX_CHOICE_CHARACTERS], value=name) for name in found]


async def omission_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    """What is typed so far, with each of the things that can be left out as well put at its end."""
    translate = language(str(interaction.locale))
    *before, begun = [each.strip() for each in typed.split(",")]
    names = {name: translate(translatable(name)) for name in OMISSIONS}
    chosen = [name for name in names if {name, names[name].casefold()} & {each.casefold() for each in before}]
    offered = []
    for name, shown in names.items():
        if name not in chosen and any(each.casefold().startswith(begun.casefold()) for each in (name, shown)):
            whole = [*chosen, name]
            offered.append(app_commands.Choice(name=", ".join(names[each] for each in whole), value=", ".join(whole)))
    return offered


def omissions_typed(typed: str | None, *languages: Callable[[str], str]) -> str | None:
    """The same in English, where a thing's name was typed in one of the languages and not chosen."""
    names = {translate(translatable(name)).casefold(): name for translate in languages for name in OMISSIONS}
    return typed and ",".join(names.get(each.strip().casefold(), each) for each in typed.split(","))


def matching_keys(typed: str, translate: Callable[[UserMessage], str] = str) -> list[Key]:
    """Keys whose name (in English or as `translate` has it) or ABC begins with what is typed, then those that hold it; any key that
    it spells comes first."""
    wanted = typed.casefold().replace(" ", "")
    names = {key: (translate(key.name), str(key), key.abc) for key in KEYS}
    spellings = {key: [name.casefold().replace(" ", "") for name in spelled] for key, spelled in names.items()}
    found = [key for key, names in spellings.items() if any(name.startswith(wanted) for name in names)]
    found += [key for key, names in spellings.items() if key not in found and any(wanted in name for name in names)]
    try:
        exact = Key.parse(typed) if wanted else None
    except NotationError:
        exact = None
    if exact is not None and exact.mode in MODES and not exact.extra:
        found = [exact, *(key for key in found if key != exact)]
    return found[:MAX_CHOICES]
