"""From an interaction to an accepted request: deferred at once, then handed to the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import discord
import structlog

from bot.desk import DeskError
from bot.discord import texts
from bot.discord.caller import Caller
from bot.discord.reply import PLATFORM, Reply
from generator.request import TuneRequest
from storage.tunes import Origin, Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]

log = structlog.get_logger(__name__)


async def ask(interaction: Interaction, caller: Caller, request: TuneRequest, *, parent: str | None = None) -> None:
    """Takes a checked request: «thinking» at once, and the card from then on. `parent` is the id of the tune it is made from."""
    reply = await _defer(interaction, caller)
    await _submit(interaction, caller, request, reply, parent=parent)


async def ask_from(interaction: Interaction, tune_id: str, wish: Callable[[Tune], tuple[TuneRequest, str | None]]) -> None:
    """Takes what a button under a tune stands for: `wish` makes the request and its parent out of that tune."""
    caller = await Caller.of(interaction)
    reply = await _defer(interaction, caller)
    try:
        tune = await interaction.client.storage.tune(tune_id)
        if tune is None or tune.composition is None:
            await take_back(interaction, caller.say(texts.GONE))
            return
        request, parent = wish(tune)
    except Exception:
        log.exception("A button's tune cannot be read.", tune=tune_id)
        await take_back(interaction, caller.say(texts.TROUBLE))
        return
    await _submit(interaction, caller, request, reply, parent=parent)


async def refuse(interaction: Interaction, sentence: str) -> None:
    """Only the person sees the sentence."""
    await interaction.response.send_message(sentence, ephemeral=True)


async def take_back(interaction: Interaction, sentence: str) -> None:
    """The same after «thinking», which everybody sees: a follow-up would take its place and its visibility, so it goes first."""
    await interaction.delete_original_response()
    await interaction.followup.send(sentence, ephemeral=True)


async def _defer(interaction: Interaction, caller: Caller) -> Reply:
    answered = await interaction.response.defer(thinking=True)
    card = answered.message_id if answered else None
    return Reply.to(interaction, card=card or (await interaction.original_response()).id, language=caller.say.code)


async def _submit(interaction: Interaction, caller: Caller, request: TuneRequest, reply: Reply, *, parent: str | None) -> None:
    origin = Origin(
        platform=PLATFORM,
        event=str(interaction.id),
        person=caller.viewer.person,
        place=str(interaction.channel_id or ""),
        server=caller.viewer.server,
        reply=reply.as_dict(),
    )
    try:
        tune = await interaction.client.desk.submit(request, origin, parent=parent)
    except DeskError as error:
        await take_back(interaction, caller.say(error.sentence))
    except Exception:
        log.exception("A request cannot be kept.", interaction=interaction.id)
        await take_back(interaction, caller.say(texts.TROUBLE))
    else:
        interaction.client.deliver(tune)
