"""What all buttons under a tune have in common."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import discord
import structlog

from bot.discord.core import submission, texts
from bot.discord.core.caller import Caller

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]
else:
    Interaction = discord.Interaction

log = structlog.get_logger(__name__)

TUNE = r"(?P<tune>[0-9A-Za-z]{1,40})"
ItemT = TypeVar("ItemT", bound=discord.ui.Item[Any])


async def guarded(interaction: Interaction, tune_id: str, press: Callable[[Interaction], Any]) -> None:
    """Answers a press; what goes wrong is logged and told to the person in one sentence."""
    try:
        await press(interaction)
    except Exception as error:
        if isinstance(error, discord.HTTPException):
            log.warning("Could not answer a button press.", tune=tune_id, reason=str(error))
        else:
            log.exception("A button failed.", tune=tune_id)
        with contextlib.suppress(discord.HTTPException):
            await submission.tell(interaction, (await Caller.of(interaction)).translate(texts.REQUEST_FAILED))


class Lasting(discord.ui.DynamicItem[ItemT], template=r"(?!)"):
    """A button or a menu that is made again from its custom_id: the template's groups are its arguments, in their order."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        arguments: tuple[Any, ...] = match.groups()
        return cls(*arguments)


class TuneButton(Lasting[discord.ui.Button[Any]], template=r"(?!)"):
    """A button whose custom_id is `tune:WISH:ID`; a subclass says which wishes, and what a press does."""

    labels: ClassVar[dict[str, tuple[str, str | None]]]  # wish → text and emoji
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, wish: str, tune_id: str, translate: Callable[[str], str] = str, *, row: int | None = None) -> None:
        label, emoji = self.labels[wish]
        custom_id = f"tune:{wish}:{tune_id}"
        super().__init__(
            discord.ui.Button(label=translate(label) or None, emoji=emoji, style=self.style, custom_id=custom_id, row=row)
        )
        self.wish, self.tune_id = wish, tune_id

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await guarded(interaction, self.tune_id, self.press)

    async def press(self, interaction: Interaction) -> None:
        raise NotImplementedError
