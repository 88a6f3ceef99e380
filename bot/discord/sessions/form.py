"""The form in which somebody enters a phrase."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import discord
import structlog

from bot.core.sessions import EXAMPLE_PHRASE, TURN, Turn, answer_parameters
from bot.core.texts import common as core_texts
from bot.core.texts import sessions as texts
from bot.discord.core import limits
from bot.discord.core.caller import caller_of
from bot.discord.core.components import form_id, form_values
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from bot.discord.core.submission import submit
from bot.discord.sessions.turns import custom_id
from generator.request import MAX_OPENING_CHARACTERS, RequestError
from generator.user_messages import UserError

log = structlog.get_logger(__name__)

_FORM = re.compile(rf"session:form:{TURN}")


async def open_form(interaction: Interaction, turn: Turn) -> None:
    caller = await caller_of(interaction)
    await interaction.response.send_modal(_form(turn, caller.translate))


def _form(turn: Turn, translate: Callable[[str], str]) -> discord.ui.Modal:
    form = discord.ui.Modal(title=translate(texts.YOUR_TURN), custom_id=custom_id("form", turn))
    field: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id="phrase", style=discord.TextStyle.paragraph, max_length=MAX_OPENING_CHARACTERS, placeholder=EXAMPLE_PHRASE
    )
    form.add_item(discord.ui.Label(text=translate(texts.YOUR_PHRASE), component=field))
    form.stop()  # discord.py need not wait for it: `handle_form` takes it, also after a restart
    return form


async def handle_form(interaction: Interaction) -> None:
    """Takes the phrase from a submitted form, also one that was opened before a restart. Ignores all other forms."""
    match = _FORM.fullmatch(form_id(interaction))
    if match is None:
        return
    caller, turn = await caller_of(interaction), Turn.of(match)
    try:
        abc = form_values(interaction).get("phrase", "")
        if not abc.strip():
            raise RequestError("opening", core_texts.NOTHING_TO_PLAY)
        async with asyncio.timeout(limits.LOOKUP_S):
            storage, channel_id = interaction.client.context.storage, str(interaction.channel_id)
            parameters, parent_id = await answer_parameters(storage, caller.viewer, channel_id, turn, abc)
        request = await caller.request(**parameters)
    except UserError as error:
        await send_private(interaction, caller.translate(error.message))
    except Exception:
        log.exception("Handling a phrase failed.", tune=turn.tune_id)
        await send_private(interaction, caller.translate(core_texts.REQUEST_FAILED))
    else:
        await submit(interaction, caller, request, parent_id=parent_id)
