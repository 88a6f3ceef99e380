"""What a message's components say: which tune or set it shows."""

from __future__ import annotations

import re

import discord


def tune_of(message: discord.Message) -> str | None:
    """The id of the tune whose buttons a message has."""
    items = (item for row in message.components if isinstance(row, discord.ActionRow) for item in row.children)
    found = (re.fullmatch(r"tune:[a-z]+\d?:([0-9A-Za-z]{1,40})", item.custom_id or "") for item in items)
    return next((match[1] for match in found if match), None)
