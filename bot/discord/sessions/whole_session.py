"""All phrases of a session as one tune."""

from __future__ import annotations

import io

import discord
import structlog

from bot.core.sessions import Turn, joined_phrases, tunes_up_to
from bot.core.texts import common as core_texts
from bot.core.texts import sessions as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.context import Interaction

log = structlog.get_logger(__name__)


async def send_whole_session(interaction: Interaction, turn: Turn) -> None:
    """Sends the person a private file, which they may post."""
    caller = await caller_of(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        storage, channel_id = interaction.client.context.storage, str(interaction.channel_id)
        tunes = await tunes_up_to(storage, caller.viewer, channel_id, turn.tune_id)
    except Exception:
        log.exception("Reading a session failed.", tune=turn.tune_id)
        await interaction.edit_original_response(content=caller.translate(core_texts.REQUEST_FAILED))
        return
    phrases = [tune.composition.abc for tune in tunes if tune.composition]
    if not phrases:
        await interaction.edit_original_response(content=caller.translate(core_texts.TUNE_GONE))
        return
    file = discord.File(io.BytesIO(joined_phrases(phrases, caller.translate(texts.SESSION_NAME)).encode()), "session.abc")
    text = caller.translate(texts.phrases_in_file(len(phrases)))
    await interaction.edit_original_response(content=text, attachments=[file])
