"""`/session`: starts a session in a thread, where possible."""

from __future__ import annotations

import discord
import structlog
from discord import app_commands

from bot.core.caller import Caller
from bot.core.sessions import Turn
from bot.core.texts import sessions as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import RHYTHM_CHOICES, everywhere, key_choices
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from bot.discord.sessions import texts as discord_texts
from bot.discord.sessions.buttons import start_view
from generator.request import PARAMETERS, RequestError, TuneRequest

log = structlog.get_logger(__name__)


@app_commands.command(name="session", description=texts.SESSION)
@everywhere
@app_commands.describe(rhythm=PARAMETERS["rhythm"].help, key=PARAMETERS["key"].help)
@app_commands.choices(rhythm=RHYTHM_CHOICES)
@app_commands.autocomplete(key=key_choices)
async def session(interaction: Interaction, rhythm: str | None = None, key: app_commands.Range[str, 1, 40] | None = None) -> None:
    caller = await caller_of(interaction)
    try:
        request = TuneRequest.check(rhythm=rhythm, key=key)
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
        return
    await _start(interaction, caller, Turn(rhythm=request.rhythm or "", key=request.key or ""))


async def _start(interaction: Interaction, caller: Caller, turn: Turn) -> None:
    """Posts the first message of a session, in a new thread if the bot may create one. Says which permission is missing."""
    translate = caller.translate
    await interaction.response.defer(thinking=True)
    channel = interaction.channel
    if channel is None or not (interaction.is_guild_integration() or interaction.context.dm_channel):
        await interaction.edit_original_response(content=translate(texts.SESSION_BY_BUTTON), view=start_view(turn, translate))
        return
    channel_id, notice = channel.id, ""
    if isinstance(channel, discord.TextChannel):
        response = await interaction.edit_original_response(content=translate(texts.SESSION_STARTED))
        try:
            channel_id = (await response.create_thread(name=translate(texts.SESSION_NAME))).id
        except discord.HTTPException as error:
            log.info("Could not create a thread for a session.", channel_id=channel.id, reason=str(error))
            notice = translate(discord_texts.NO_THREADS)
    direct = isinstance(channel, discord.DMChannel)
    text = translate(texts.SESSION_RULES_DIRECT if direct else discord_texts.SESSION_RULES)
    try:
        target = interaction.client.get_partial_messageable(channel_id)
        await target.send(text, view=start_view(turn, translate))
    except discord.HTTPException as error:
        log.info("Could not send the first message of a session.", channel_id=channel_id, reason=str(error))
        text = f"{translate(discord_texts.CANNOT_SEND)}\n{translate(texts.SESSION_BY_BUTTON)}"
        await interaction.edit_original_response(content=text, view=start_view(turn, translate))
    else:
        started = translate(texts.SESSION_STARTED if channel_id == channel.id else discord_texts.session_in(channel_id))
        await interaction.edit_original_response(content=f"{started}\n{notice}".strip())
