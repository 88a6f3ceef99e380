"""`/privacy`: what is kept of a person, and the button by which all of it goes."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Self

import discord
import structlog
from discord import app_commands

from bot.discord.core import texts as core_texts
from bot.discord.core.caller import Caller
from bot.discord.core.choices import everywhere
from bot.discord.delivery import removal
from bot.discord.privacy import texts
from bot.languages import Language
from storage.tunes import Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]

log = structlog.get_logger(__name__)

_LABELS = {"ask": texts.DELETE_MY_DATA, "yes": texts.DELETE_EVERYTHING, "no": texts.KEEP_EVERYTHING}


class PrivacyButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"privacy:(?P<act>ask|yes|no)"):
    """Asks, deletes or leaves it: always what is kept of whoever presses it."""

    def __init__(self, act: str, button: discord.ui.Button[Any]) -> None:
        super().__init__(button)
        self.act = act

    @classmethod
    def to(cls, act: str, translate: Language) -> Self:
        style = discord.ButtonStyle.secondary if act == "no" else discord.ButtonStyle.danger
        return cls(act, discord.ui.Button(label=translate(_LABELS[act]), style=style, custom_id=f"privacy:{act}"))

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: Any, match: re.Match[str], /) -> Self:
        return cls(match["act"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        caller = await Caller.of(interaction)
        if self.act == "ask":
            view = _view(caller.translate, "yes", "no")
            await interaction.edit_original_response(content=caller.translate(texts.DELETE_QUESTION), view=view)
        elif self.act == "no":
            await _show(interaction, caller)
        else:
            await _erase(interaction, caller)


@app_commands.command(name="privacy", description=texts.PRIVACY)
@everywhere
async def privacy(interaction: discord.Interaction[TunesmithBot]) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _show(interaction, await Caller.of(interaction))


async def _show(interaction: Interaction, caller: Caller) -> None:
    translate = caller.translate
    try:
        kept = await interaction.client.storage.privacy.stored(caller.viewer)
    except Exception:
        log.exception("Counting a user's data failed.")
        await interaction.followup.send(translate(core_texts.TRY_AGAIN_LATER), ephemeral=True)
        return
    numbers = [f"- {translate(line)}" for line in texts.stored_counts(kept)]
    why = [translate(line) for line in (texts.WHY_STORED, texts.WHO_SEES_IT, texts.HOW_LONG_STORED)]
    content = "\n".join([translate(texts.STORED), *numbers, *why])
    await interaction.edit_original_response(content=content, view=_view(translate, "ask"))


async def _erase(interaction: Interaction, caller: Caller) -> None:
    """Deletes what is kept, then takes the messages away; what fails half way goes on when the button is pressed again."""
    translate, bot, deleted = caller.translate, interaction.client, list[Tune]()
    await interaction.edit_original_response(content=translate(texts.DELETING), view=None)
    try:
        await bot.storage.privacy.erase(caller.viewer, on_deleted=deleted.append)
        told, view = translate(texts.deleted(len(deleted)) if deleted else texts.DELETED_WITHOUT_TUNES), None
    except Exception:
        log.exception("Deleting a user's data failed; part of it may be left.")
        told, view = translate(texts.DELETING_FAILED), _view(translate, "yes", "no")
    for tune in deleted:
        await removal.remove_messages(bot, tune)
    # So many messages may take longer than the 15 minutes in which the answer can be changed.
    with contextlib.suppress(discord.HTTPException):
        await interaction.edit_original_response(content=told, view=view)


def _view(translate: Language, *acts: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for act in acts:
        view.add_item(PrivacyButton.to(act, translate))
    return view
