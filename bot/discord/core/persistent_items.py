"""Buttons and menus that work after a restart: their custom id holds all that they need."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Self, TypeVar

import discord
import structlog

from bot.core.texts import common as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from storage.errors import FileMissing

log = structlog.get_logger(__name__)

ItemT = TypeVar("ItemT", bound=discord.ui.Item[Any])


async def answer_safely(interaction: Interaction, press: Callable[[Interaction], Awaitable[object]], **logged: str) -> None:
    """Calls `press`; if that fails, logs the error with `logged` and tells the person."""
    try:
        await press(interaction)
    except Exception as error:
        message: str = texts.REQUEST_FAILED
        if isinstance(error, FileMissing):
            message = error.message
        elif isinstance(error, discord.HTTPException):
            log.warning("Could not answer a button press.", reason=str(error), **logged)
        else:
            log.exception("A button failed.", **logged)
        with contextlib.suppress(discord.HTTPException):
            await send_private(interaction, (await caller_of(interaction)).translate(message))


def view_with(*items: discord.ui.Item[Any]) -> discord.ui.View:
    """A view that never times out, as persistent items need it."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view


class PersistentItem(discord.ui.DynamicItem[ItemT], template=r"(?!)"):
    """A button or menu that is made from its custom id: the groups of the template are the constructor's arguments in order."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        arguments: tuple[Any, ...] = match.groups()
        return cls(*arguments)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await answer_safely(interaction, self.press, custom_id=self.custom_id)

    async def press(self, interaction: Interaction) -> None:
        raise NotImplementedError


class TuneButton(PersistentItem[discord.ui.Button[Any]], template=r"(?!)"):
    """A button with the custom id `tune:ACTION:ID`. A subclass lists its actions and answers a press."""

    labels: ClassVar[dict[str, tuple[str, str | None]]]  # action → text and emoji
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, action: str, tune_id: str, translate: Callable[[str], str] = str, *, row: int | None = None) -> None:
        label, emoji = self.labels[action]
        custom_id = f"tune:{action}:{tune_id}"
        super().__init__(
            discord.ui.Button(label=translate(label) or None, emoji=emoji, style=self.style, custom_id=custom_id, row=row)
        )
        self.action, self.tune_id = action, tune_id
