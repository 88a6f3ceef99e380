"""Entries in the context menu of a message: continue or play the ABC in it."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.core.texts import compose as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import everywhere
from bot.discord.core.components import tune_id_of
from bot.discord.core.context import Interaction
from bot.discord.core.message_abc import abc_in_message
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit
from generator.notation.opening_modes import OpeningMode
from generator.request import RequestError


@app_commands.context_menu(name=texts.CONTINUE_TUNE)
@everywhere
async def continue_tune(interaction: Interaction, message: discord.Message) -> None:
    await _submit(interaction, message, "continue")


@app_commands.context_menu(name=texts.PLAY_ABC)
@everywhere
async def play_abc(interaction: Interaction, message: discord.Message) -> None:
    await _submit(interaction, message, "play")


async def _submit(interaction: Interaction, message: discord.Message, mode: OpeningMode) -> None:
    """Submits a request with the message's ABC as its opening. If it is a message of the bot, its tune is the parent."""
    caller = await caller_of(interaction)
    try:
        abc = await abc_in_message(message)
        if not abc or not abc.strip():
            raise RequestError("message", texts.NO_ABC)
        request = await caller.request(opening=abc, mode=mode)
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
        return
    own = message.author == interaction.client.user
    await submit(interaction, caller, request, parent_id=tune_id_of(message) if own else None)
