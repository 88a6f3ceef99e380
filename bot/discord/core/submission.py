"""Submitting requests: the interaction is deferred at once, the requests are stored, and their delivery starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import discord
import structlog

from bot.discord.core import texts
from bot.discord.core.caller import Caller
from bot.discord.core.context import Context, Interaction
from bot.discord.core.private_answers import retract_answer
from bot.discord.core.reply import PLATFORM, Reply
from bot.discord.core.tune_access import is_opening_visible, visible_tune
from generator.request import RequestError, TuneRequest
from generator.user_messages import UserError
from storage.tunes import Origin, Tune
from storage.viewer import Viewer

log = structlog.get_logger(__name__)

Derived: TypeAlias = tuple[TuneRequest, str | None]  # a request, and the id of its parent
Requests: TypeAlias = tuple[Sequence[TuneRequest], str | None]  # requests, and the id of the parent of the first


async def store(
    context: Context,
    viewer: Viewer,
    event: Interaction | discord.Message,
    requests: Sequence[TuneRequest],
    reply: Reply,
    *,
    parent_id: str | None = None,
) -> Tune:
    """Stores the requests of an interaction or a message, and returns their tune, the first of several.

    Raises UserError if the request is refused.
    """
    origin = Origin(
        platform=PLATFORM,
        event_id=str(event.id),
        user_id=viewer.user_id,
        channel_id=str(event.channel.id if event.channel else ""),
        community_id=viewer.community_id,
        reply=reply.as_dict(),
    )
    parent_channel_id = str(getattr(event.channel, "parent_id", None) or "")  # of a thread
    if len(requests) > 1:
        tunes = await context.desk.submit_set(requests, origin, parent_id=parent_id, parent_channel_id=parent_channel_id)
        return tunes[0]
    return await context.desk.submit(requests[0], origin, parent_id=parent_id, parent_channel_id=parent_channel_id)


async def submit(interaction: Interaction, caller: Caller, *requests: TuneRequest, parent_id: str | None = None) -> bool:
    """Submits checked requests, several as one message: shows “thinking…” at once, and the queue card from then on.

    `parent_id`: the tune that the first request derives from. Returns False if the requests were refused; the person is told.
    """
    reply = await _defer(interaction, caller)
    return await _submit(interaction, caller, requests, reply, parent_id=parent_id)


async def submit_derived(interaction: Interaction, tune_id: str, derive: Callable[[Tune], Derived]) -> None:
    """Submits what a button under a tune stands for: `derive` makes the request and its parent from the tune.

    A UserError of `derive` is shown to the person only.
    """

    async def make(viewer: Viewer) -> Requests | None:
        tune = await visible_tune(interaction, viewer, tune_id)
        if tune is None:
            return None
        request, parent_id = await asyncio.to_thread(derive, tune)  # it reads ABC that may be hostile
        if request.opening == tune.request.opening:
            await _check_opening(interaction, viewer, tune)
        return [request], parent_id

    await _submit_derived(interaction, tune_id, make)


async def submit_derived_set(
    interaction: Interaction, set_id: str, derive: Callable[[Sequence[Tune]], Sequence[TuneRequest]]
) -> None:
    """Submits what a button under a set stands for: `derive` makes the requests from its tunes."""

    async def make(viewer: Viewer) -> Requests | None:
        tunes = await interaction.client.context.storage.set_of(set_id)
        finished = [tune.id for tune in tunes if tune.composition]
        if not finished or not all([await visible_tune(interaction, viewer, tune_id) for tune_id in finished]):
            return None
        await _check_opening(interaction, viewer, tunes[0])
        return await asyncio.to_thread(derive, tunes), None

    await _submit_derived(interaction, set_id, make)


async def _check_opening(interaction: Interaction, viewer: Viewer, tune: Tune) -> None:
    """Raises RequestError if the viewer may not reuse the tune's opening."""
    if not await is_opening_visible(interaction.client.context.storage, viewer, str(interaction.channel_id), tune):
        raise RequestError("opening", texts.OPENING_UNAVAILABLE)


async def _submit_derived(interaction: Interaction, source_id: str, make: Callable[[Viewer], Awaitable[Requests | None]]) -> None:
    caller = await Caller.of(interaction)
    reply = await _defer(interaction, caller)
    try:
        made = await make(caller.viewer)
    except UserError as error:
        await retract_answer(interaction, caller.translate(error.message))
    except Exception:
        log.exception("Reading a button's tune failed.", tune=source_id)
        await retract_answer(interaction, caller.translate(texts.REQUEST_FAILED))
    else:
        if made is None:
            await retract_answer(interaction, caller.translate(texts.TUNE_GONE))
            return
        requests, parent_id = made
        await _submit(interaction, caller, requests, reply, parent_id=parent_id)


async def _defer(interaction: Interaction, caller: Caller) -> Reply:
    answer = await interaction.response.defer(thinking=True)
    card = (answer and answer.message_id) or (await interaction.original_response()).id
    return Reply.to_interaction(interaction, card=card, language=caller.translate.code)


async def _submit(
    interaction: Interaction, caller: Caller, requests: Sequence[TuneRequest], reply: Reply, *, parent_id: str | None
) -> bool:
    context = interaction.client.context
    reply = replace(reply, one_request=len({replace(request, seed=0) for request in requests}) == 1)
    try:
        async with context.storing:
            tune = await store(context, caller.viewer, interaction, requests, reply, parent_id=parent_id)
    except UserError as error:
        await retract_answer(interaction, caller.translate(error.message))
    except Exception:
        log.exception("Storing a request failed.", interaction=interaction.id)
        await retract_answer(interaction, caller.translate(texts.REQUEST_FAILED))
    else:
        context.deliveries.deliver(tune)
        return True
    return False
