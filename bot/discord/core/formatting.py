"""Text as Discord shows it: markup, lengths, and links."""

from __future__ import annotations

import re

from bot.discord.core import limits

# Discord shows each of these literally after a backslash. The colon keeps addresses and emoji from being active.
_MARKUP = re.compile(r"[\\*_~`|<>\[\]()@:]")


def escape(text: str) -> str:
    """The text with its markup escaped, so that Discord shows it literally."""
    return _MARKUP.sub(r"\\\g<0>", text)


def choice_name(text: str) -> str:
    """The text cut to the length that a choice or an option of a menu may have, in UTF-16."""
    return text.encode("utf-16-le", "replace")[: 2 * limits.CHOICE_CHARACTERS].decode("utf-16-le", "ignore")


def message_address(community_id: str, channel_id: str, message_id: str) -> str:
    """The link to a message; `community_id` is empty for direct messages."""
    return f"https://discord.com/channels/{community_id or '@me'}/{channel_id}/{message_id}"
