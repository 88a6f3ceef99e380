"""`/privacy`: what is stored about a person, and buttons that delete all of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.core.caller import Caller
from bot.core.texts import common as core_texts
from bot.core.texts import privacy as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import everywhere
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import PersistentItem, view_with
from bot.discord.core.private_answers import send_private
from bot.discord.delivery.removal import remove_messages
from bot.discord.privacy import texts as discord_texts
from storage.tunes import Tune

log = structlog.get_logger(__name__)

LABELS = {"delete": texts.DELETE_MY_DATA, "confirm": texts.DELETE_EVERYTHING, "keep": texts.KEEP_EVERYTHING}


class PrivacyButton(PersistentItem[discord.ui.Button[Any]], template=r"privacy:(?P<action>delete|confirm|keep)"):
    """Asks, deletes or cancels, always for the person who presses it."""

    def __init__(self, action: str, translate: Callable[[str], str] = str) -> None:
        style = discord.ButtonStyle.secondary if action == "keep" else discord.ButtonStyle.danger
        super().__init__(discord.ui.Button(label=translate(LABELS[action]), style=style, custom_id=f"privacy:{action}"))
        self.action = action

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        caller = await caller_of(interaction)
        if self.action == "delete":
            view = _view(caller.translate, "confirm", "keep")
            await interaction.edit_original_response(content=caller.translate(texts.DELETE_QUESTION), view=view)
        elif self.action == "keep":
            await _show_stored_data(interaction, caller)
        else:
            await _delete_data(interaction, caller)


@app_commands.command(name="privacy", description=texts.PRIVACY)
@everywhere
async def privacy(interaction: Interaction) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _show_stored_data(interaction, await caller_of(interaction))


async def _show_stored_data(interaction: Interaction, caller: Caller) -> None:
    translate = caller.translate
    try:
        stored = await interaction.client.context.storage.privacy.stored(caller.viewer)
    except Exception:
        log.exception("Counting a user's data failed.")
        await send_private(interaction, translate(core_texts.TRY_AGAIN_LATER))
        return
    counts = [f"- {translate(line)}" for line in texts.stored_counts(stored)]
    explanation = [translate(line) for line in (discord_texts.WHY_STORED, discord_texts.WHO_SEES_IT, texts.HOW_LONG_STORED)]
    content = "\n".join([f"**{translate(texts.STORED)}**", *counts, *explanation])
    await interaction.edit_original_response(content=content, view=_view(translate, "delete"))


async def _delete_data(interaction: Interaction, caller: Caller) -> None:
    """Deletes what is stored, then the messages. If that fails half-way, pressing the button again deletes the rest."""
    translate, context, deleted = caller.translate, interaction.client.context, list[Tune]()
    await interaction.edit_original_response(content=translate(texts.DELETING), view=None)
    try:
        await context.storage.privacy.erase(caller.viewer, on_deleted=deleted.append)
        result, view = translate(texts.deleted(len(deleted)) if deleted else texts.DELETED_WITHOUT_TUNES), None
    except Exception:
        log.exception("Deleting a user's data failed; part of it may be left.")
        result, view = translate(texts.DELETING_FAILED), _view(translate, "confirm", "keep")
    for tune in deleted:
        await remove_messages(context, tune)
    # Deleting many messages may take longer than the 15 minutes in which the answer can be edited.
    with contextlib.suppress(discord.HTTPException):
        await interaction.edit_original_response(content=result, view=view)


def _view(translate: Callable[[str], str], *actions: str) -> discord.ui.View:
    return view_with(*(PrivacyButton(action, translate) for action in actions))
