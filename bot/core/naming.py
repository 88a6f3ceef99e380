"""How every platform names a tune and its parts: title, key, closest known tune, time left, file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from bot.core.texts import common as texts
from bot.languages import Language
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.request import TuneRequest
from generator.user_messages import UserMessage
from storage.tunes import Tune

MAX_LINE_CHARACTERS = 100
MAX_WORD_CHARACTERS = 20


def key_name(key: str) -> str:
    """`Ador` → `A dorian` as a UserMessage. A text that is not a key is returned unchanged."""
    try:
        return Key.parse(key).name if key else ""
    except NotationError:
        return key


def nearest(scores: Mapping[str, Any]) -> UserMessage | None:
    """The known tune that shares the longest run of notes: `closest known tune: The Salamanca, 14 notes in a row`.

    None if the scores contain no closest tune.
    """
    closest = scores.get("closest_tune") or {}
    notes = closest.get("shared_notes") or 0
    if not notes:
        return None
    title = closest.get("title") or UserMessage("untitled tune")
    return UserMessage(
        "closest known tune: {title}, {n} note", "closest known tune: {title}, {n} notes in a row", n=notes, title=title
    )


def time_left(seconds: int) -> UserMessage:
    """The time until a tune is finished, rounded: to 10 seconds, to minutes or to hours."""
    if seconds < 10:
        return UserMessage("a few seconds left")
    if seconds <= 50:
        return UserMessage("about {n} s left", n=-(-seconds // 10) * 10)
    if seconds < 55 * 60:
        return UserMessage("about {n} min left", n=max(round(seconds / 60), 1))
    return UserMessage("about {n} h left", n=max(round(seconds / 3600), 1))


def slug(title: str) -> str:
    """A file name without a suffix that is valid on every system: `the-pipers-chair`, or `tune` if no letter is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("'", "")
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-") or "tune"


def capitalized(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def utf16_length(text: str) -> int:
    """The number of characters as JavaScript and the clients of chat platforms count them."""
    return len(text.encode("utf-16-le", "replace")) // 2


def one_line(text: str) -> str:
    """The text without line breaks and control characters, of limited length."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(plain.split())[:MAX_LINE_CHARACTERS]


def request_name(request: TuneRequest, translate: Language) -> str:
    """What was requested, in few words: its title, or its rhythm and key."""
    names = [request.title] if request.title else [translate(request.rhythm or ""), translate(key_name(request.key or ""))]
    return " · ".join(filter(None, names)) or translate(texts.TUNE_FROM_ABC if request.opening else texts.ANY_TUNE)


def title_of(tune: Tune, translate: Language) -> str:
    """The tune's title for a list."""
    assert tune.composition is not None
    return one_line(tune.composition.title) or translate(texts.UNTITLED)


def rhythm_and_key(tune: Tune, translate: Language) -> list[str]:
    """For a list. What the tune lacks is left out."""
    assert tune.composition is not None
    words = [one_line(translate(word)) for word in (tune.composition.rhythm, key_name(tune.composition.key)) if word]
    return [word[:MAX_WORD_CHARACTERS] for word in words if word]
