"""From an interaction to an accepted request: deferred at once, then handed to the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
import structlog

from bot.discord.core import texts
from bot.discord.core.caller import Caller
from bot.discord.core.reply import PLATFORM, Reply
from generator.request import RequestError, TuneRequest
from generator.user_messages import UserError
from storage.storage import Storage
from storage.tunes import Origin, Tune
from storage.viewer import Viewer, owns

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

    Interaction = discord.Interaction[TunesmithBot]

log = structlog.get_logger(__name__)

Wishes = tuple[Sequence[TuneRequest], str | None]  # and the id of the tune that the first is made from


async def ask(interaction: Interaction, caller: Caller, request: TuneRequest, *, parent_id: str | None = None) -> bool:
    """Takes a checked request: «thinking» at once, and the card from then on. `parent_id` is the id of the tune it is made from.

    False when it was turned down, and the person told so.
    """
    reply = await _defer(interaction, caller)
    return await _submit(interaction, caller, [request], reply, parent_id=parent_id)


async def ask_set(
    interaction: Interaction, caller: Caller, requests: Sequence[TuneRequest], *, parent_id: str | None = None
) -> bool:
    """The same for tunes that come together, as one message."""
    reply = await _defer(interaction, caller)
    return await _submit(interaction, caller, requests, reply, parent_id=parent_id)


async def ask_from(interaction: Interaction, tune_id: str, wish: Callable[[Tune], tuple[TuneRequest, str | None]]) -> None:
    """Takes what a button under a tune stands for: `wish` makes the request and its parent out of that tune.

    A RequestError of `wish` is told to the person alone.
    """

    async def look(viewer: Viewer) -> Wishes | None:
        tune = await tune_for(interaction, viewer, tune_id)
        if tune is None:
            return None
        request, parent_id = await asyncio.to_thread(wish, tune)  # it reads the tune's ABC, which may be anybody's
        if request.opening == tune.request.opening:
            await _check_opening(interaction, viewer, tune)
        return [request], parent_id

    await _ask_from(interaction, tune_id, look)


async def ask_set_from(interaction: Interaction, set_id: str, wish: Callable[[Sequence[Tune]], list[TuneRequest]]) -> None:
    """The same for the button under a set."""

    async def look(viewer: Viewer) -> Wishes | None:
        tunes = await interaction.client.storage.set_of(set_id)
        finished = next((tune.id for tune in tunes if tune.composition), None)
        if finished is None or await tune_for(interaction, viewer, finished) is None:
            return None
        await _check_opening(interaction, viewer, tunes[0])
        return await asyncio.to_thread(wish, tunes), None

    await _ask_from(interaction, set_id, look)


async def _check_opening(interaction: Interaction, viewer: Viewer, tune: Tune) -> None:
    """Raises RequestError where the tune's opening, which would be handed on, is not for whoever presses."""
    if not await shows_opening(interaction.client.storage, viewer, str(interaction.channel_id), tune):
        raise RequestError("opening", texts.OPENING_UNAVAILABLE)


async def _ask_from(interaction: Interaction, made_from: str, look: Callable[[Viewer], Awaitable[Wishes | None]]) -> None:
    caller = await Caller.of(interaction)
    reply = await _defer(interaction, caller)
    try:
        found = await look(caller.viewer)
        if found is None:
            await take_back(interaction, caller.translate(texts.TUNE_GONE))
            return
        requests, parent_id = found
    except RequestError as error:
        await take_back(interaction, caller.translate(error.message))
        return
    except Exception:
        log.exception("Reading a button's tune failed.", tune=made_from)
        await take_back(interaction, caller.translate(texts.REQUEST_FAILED))
        return
    await _submit(interaction, caller, requests, reply, parent_id=parent_id)


async def tune_for(interaction: Interaction, viewer: Viewer, tune_id: str) -> Tune | None:
    """The finished tune if whoever presses a button may see it: as the gallery has it, or because it was made right there."""
    return await tune_at(interaction.client.storage, viewer, str(interaction.channel_id), tune_id)


async def tune_at(storage: Storage, viewer: Viewer, channel_id: str, tune_id: str) -> Tune | None:
    tune = await storage.tune(tune_id)
    if tune is None or tune.composition is None:
        return None
    here = (tune.origin.platform, tune.origin.channel_id) == (PLATFORM, channel_id)
    return tune if here else await storage.gallery.visible_tune(tune_id, viewer)


async def shows_opening(storage: Storage, viewer: Viewer, channel_id: str, tune: Tune) -> bool:
    """Whether a tune that the viewer may see in that channel shows its opening to them as well, to be read and handed on.

    It may be anything, also another's tune that is private, of which a variation gives away little.
    """
    request, origin = tune.request, tune.origin
    if not request.opening or owns(viewer, tune) or (tune.composition and tune.composition.abc.strip() == request.opening):
        return True
    in_server = bool(viewer.community_id) and viewer.community_id == origin.community_id
    if origin.platform == PLATFORM and request.mode != "vary" and (in_server or origin.channel_id == channel_id):
        return True  # it was handed in here, and stands in the tune
    parent = await tune_at(storage, viewer, channel_id, tune.parent_id) if tune.parent_id else None
    return bool(parent and parent.composition and parent.composition.abc.strip() == request.opening)


async def refuse(interaction: Interaction, sentence: str) -> None:
    """Only the person sees the sentence."""
    await interaction.response.send_message(sentence, ephemeral=True)


async def tell(interaction: Interaction, sentence: str) -> None:
    """The same, whether the interaction was answered already or not; it fills a «thinking» that is the person's own."""
    if interaction.response.is_done():
        await interaction.followup.send(sentence, ephemeral=True)
    else:
        await refuse(interaction, sentence)


async def take_back(interaction: Interaction, sentence: str) -> None:
    """A sentence after «thinking» that everybody sees: a follow-up would take its place and its visibility, so it goes first."""
    await interaction.delete_original_response()
    await interaction.followup.send(sentence, ephemeral=True)


async def _defer(interaction: Interaction, caller: Caller) -> Reply:
    answered = await interaction.response.defer(thinking=True)
    card = answered.message_id if answered else None
    return Reply.to(interaction, card=card or (await interaction.original_response()).id, language=caller.translate.code)


async def _submit(
    interaction: Interaction, caller: Caller, requests: Sequence[TuneRequest], reply: Reply, *, parent_id: str | None
) -> bool:
    one_wish = len({replace(request, seed=0) for request in requests}) == 1
    origin = Origin(
        platform=PLATFORM,
        event_id=str(interaction.id),
        user_id=caller.viewer.user_id,
        channel_id=str(interaction.channel_id or ""),
        community_id=caller.viewer.community_id,
        reply=replace(reply, one_wish=one_wish).as_dict(),
    )
    desk, thread_of = interaction.client.desk, str(getattr(interaction.channel, "parent_id", None) or "")
    try:
        async with interaction.client.accepting:
            if len(requests) == 1:
                tune = await desk.submit(requests[0], origin, parent_id=parent_id, parent_channel_id=thread_of)
            else:
                tune = (await desk.submit_set(requests, origin, parent_id=parent_id, parent_channel_id=thread_of))[0]
    except UserError as error:
        await take_back(interaction, caller.translate(error.message))
    except Exception:
        log.exception("Storing a request failed.", interaction=interaction.id)
        await take_back(interaction, caller.translate(texts.REQUEST_FAILED))
    else:
        interaction.client.deliver(tune)
        return True
    return False
