"""Text as Discord shows it: markup, line breaks and lengths; and how tunes are named in lists."""

from __future__ import annotations

import re

from bot.core.naming import key_name
from bot.core.texts import common as texts
from bot.discord.core import limits
from bot.languages import Language
from storage.tunes import Tune

MAX_LINE_CHARACTERS = 100
MAX_WORD_CHARACTERS = 20
# Discord shows each of these literally after a backslash. The colon keeps addresses and emoji from being active.
_MARKUP = re.compile(r"[\\*_~`|<>\[\]()@:]")


def escape(text: str) -> str:
    """The text with its markup escaped, so that Discord shows it literally."""
    return _MARKUP.sub(r"\\\g<0>", text)


def one_line(text: str) -> str:
    """The text without line breaks and control characters, of limited length."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(plain.split())[:MAX_LINE_CHARACTERS]


def length(text: str) -> int:
    """The number of characters as Discord's clients count them, in UTF-16."""
    return len(text.encode("utf-16-le", "replace")) // 2


def choice_name(text: str) -> str:
    """The text cut to the length that a choice or an option of a menu may have, in UTF-16."""
    return text.encode("utf-16-le", "replace")[: 2 * limits.CHOICE_CHARACTERS].decode("utf-16-le", "ignore")


def title_of(tune: Tune, translate: Language) -> str:
    """The tune's title for a list."""
    assert tune.composition is not None
    return one_line(tune.composition.title) or translate(texts.UNTITLED)


def rhythm_and_key(tune: Tune, translate: Language) -> list[str]:
    """For a list. What the tune lacks is left out."""
    assert tune.composition is not None
    words = [translate(one_line(tune.composition.rhythm)), translate(one_line(key_name(tune.composition.key)))]
    return [word[:MAX_WORD_CHARACTERS] for word in words if word]


def message_address(community_id: str, channel_id: str, message_id: str) -> str:
    """The link to a message; `community_id` is empty for direct messages."""
    return f"https://discord.com/channels/{community_id or '@me'}/{channel_id}/{message_id}"
