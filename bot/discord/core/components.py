"""The components of a message or a form: which tune or set they belong to, and what was typed.

Custom ids name the action in words and the tune: `tune:vary:ID`, `set:again:ID`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord

TUNE_ID = r"(?P<tune_id>[0-9A-Za-z]{1,40})"
SET_ID = r"(?P<set_id>[0-9A-Za-z]{1,40})"
_OF_TUNE = re.compile(rf"tune:[a-z-]+:{TUNE_ID}")
_OF_SET = re.compile(rf"set:[a-z]+:{SET_ID}")


def components_of(message: discord.Message | None) -> Iterator[discord.Button | discord.SelectMenu]:
    """The buttons and menus under a message."""
    for row in message.components if message else ():
        for component in row.children if isinstance(row, discord.ActionRow) else ():
            if isinstance(component, discord.Button | discord.SelectMenu):
                yield component


def custom_ids(message: discord.Message | None, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The custom ids under a message that match the pattern as a whole."""
    for component in components_of(message):
        if match := pattern.fullmatch(component.custom_id or ""):
            yield match


def tune_id_of(message: discord.Message) -> str | None:
    """The tune whose buttons a message has."""
    return next((match["tune_id"] for match in custom_ids(message, _OF_TUNE)), None)


def set_id_of(message: discord.Message) -> str | None:
    """The set whose buttons a message has."""
    return next((match["set_id"] for match in custom_ids(message, _OF_SET)), None)


def form_id(interaction: discord.Interaction[Any]) -> str:
    """The custom id of the form that was submitted."""
    data: Any = interaction.data or {}
    return str(data.get("custom_id", ""))


def form_values(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """Field → what was typed or chosen, in the order of the form that was submitted."""
    data: Any = interaction.data or {}
    return dict(_values(data.get("components", [])))


def _values(components: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Fields are in rows, under labels, or at the top."""
    for component in components:
        yield from _values(component.get("components", []))
        if "component" in component:
            yield from _values([component["component"]])
        if "values" in component:
            yield component["custom_id"], (component["values"] or [""])[0]
        elif "value" in component:
            yield component["custom_id"], str(component["value"] or "")
