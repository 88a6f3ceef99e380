"""What may be done with any message that holds ABC, from its context menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.compose import texts
from bot.discord.core import abc_input, components, submission
from bot.discord.core.caller import Caller
from bot.discord.core.choices import everywhere
from generator.notation.opening_modes import OpeningMode
from generator.request import RequestError

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]


@app_commands.context_menu(name=texts.CONTINUE_TUNE)
@everywhere
async def continue_tune(interaction: Interaction, message: discord.Message) -> None:
    await _ask(interaction, message, "continue")


@app_commands.context_menu(name=texts.PLAY_ABC)
@everywhere
async def play_abc(interaction: Interaction, message: discord.Message) -> None:
    await _ask(interaction, message, "play")


async def _ask(interaction: Interaction, message: discord.Message, mode: OpeningMode) -> None:
    """Takes the message's ABC as the opening; a tune of the bot's own becomes the parent."""
    caller = await Caller.of(interaction)
    try:
        abc = await abc_input.abc_of(message)
        if not abc or not abc.strip():
            raise RequestError("message", texts.NO_ABC)
        request = await caller.wish(opening=abc, mode=mode)
    except RequestError as error:
        await submission.refuse(interaction, caller.translate(error.message))
        return
    own = message.author == interaction.client.user
    await submission.ask(interaction, caller, request, parent_id=components.tune_of(message) if own else None)
