"""What commands have in common: where they can be used, and what they offer for their options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from discord import app_commands

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.sentences import Sentence
from generator.notation.tokens import MODES
from generator.request import INSTRUMENTS

T = TypeVar("T")
MAX_CHOICES = 25
# As sessions meet them: the keys that fiddle, flute and whistle lie well in, the commonest first.
_KEYS = "D G Em Ador Edor Amix Bm A Dmix Am Gdor Ddor C F Gmix Emix Bdor Dm Gm Bb E Cmix F#m Bmix Cdor"
KEYS = [Key.parse(text) for text in _KEYS.split()]
INSTRUMENT_CHOICES = [app_commands.Choice(name=name, value=name) for name in INSTRUMENTS]
METRES = list(dict.fromkeys(str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres))


def everywhere(command: T) -> T:
    """In servers, in direct messages and between people, for servers and for people who have installed the bot."""
    contexts: Any = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    installs: Any = app_commands.allowed_installs(guilds=True, users=True)
    placed: T = contexts(installs(command))
    return placed


def matching_keys(typed: str, say: Callable[[Sentence], str] = str) -> list[Key]:
    """Keys whose name (in English or as `say` has it) or ABC begins with what is typed, then those that hold it; any key that
    it spells comes first."""
    wanted = typed.casefold().replace(" ", "")
    names = {key: (say(key.named), str(key), key.abc) for key in KEYS}
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
