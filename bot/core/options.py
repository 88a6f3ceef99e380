"""What people can choose from in forms and commands, and how what they type is matched with it."""

from __future__ import annotations

from collections.abc import Callable

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.names import translatable
from generator.notation.tokens import MODES
from generator.request import OMISSIONS
from generator.user_messages import UserMessage

# The keys that suit fiddle, flute and whistle, most common first.
_KEYS = "D G Em Ador Edor Amix Bm A Dmix Am Gdor Ddor C F Gmix Emix Bdor Dm Gm Bb E Cmix F#m Bmix Cdor"
KEYS = [Key.parse(text) for text in _KEYS.split()]
MAX_COUNT = 4  # tunes for one request: each has a sheet and a recording, and a message in Discord has at most ten files
METRES = list(dict.fromkeys(str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres))


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
    return found
