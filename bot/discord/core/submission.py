"""Submitting requests: they are stored first, then the interaction is acknowledged, and their delivery starts.

So what Discord shows as accepted is stored, however soon the process dies. A slow database is the exception: Discord waits
only 3 seconds, so the interaction is then acknowledged before, and the person is told if storing fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import aiohttp
import discord
import structlog

from bot.core import derive, submission
from bot.core.caller import Caller
from bot.core.submission import Derived, Requests
from bot.core.texts import common as texts
from bot.discord.core import limits
from bot.discord.core.caller import caller_of
from bot.discord.core.context import Context, Interaction
from bot.discord.core.private_answers import retract_answer, send_private
from bot.discord.core.reply import PLATFORM, Reply, store_card
from generator.request import TuneRequest
from generator.user_messages import UserError
from storage.tunes import Origin, Tune
from storage.viewer import Viewer

log = structlog.get_logger(__name__)


async def store(
    context: Context,
    viewer: Viewer,
    event: Interaction | discord.Message,
    requests: Sequence[TuneRequest],
    reply: Reply,
    *,
    parent_id: str | None = None,
) -> Tune:
    """Stores the requests of an interaction or a message. See bot.core.submission."""
    origin = Origin(
        platform=PLATFORM,
        event_id=str(event.id),
        user_id=viewer.user_id,
        channel_id=str(event.channel.id if event.channel else ""),
        community_id=viewer.community_id,
        reply=reply.as_dict(),
    )
    parent_channel_id = str(getattr(event.channel, "parent_id", None) or "")  # of a thread
    return await submission.store(context.desk, requests, origin, parent_id=parent_id, parent_channel_id=parent_channel_id)


async def submit(interaction: Interaction, caller: Caller, *requests: TuneRequest, parent_id: str | None = None) -> bool:
    """Submits checked requests, several as one message. `parent_id`: the tune that the first request derives from.

    Returns False if they were not accepted; the person is told why.
    """

    async def make() -> Requests:
        return requests, parent_id

    return await _submit(interaction, caller, make)


async def submit_derived(interaction: Interaction, tune_id: str, derive: Callable[[Tune], Derived]) -> None:
    """Submits what a button under a tune stands for: `derive` makes the request and its parent from the tune.

    A UserError of `derive` is shown to the person only.
    """
    caller, storage = await caller_of(interaction), interaction.client.context.storage
    channel_id = str(interaction.channel_id)
    await _submit(interaction, caller, lambda: submission.derived(storage, caller.viewer, channel_id, tune_id, derive))


async def submit_derived_set(
    interaction: Interaction, set_id: str, derive: Callable[[Sequence[Tune]], Sequence[TuneRequest]]
) -> None:
    """Submits what a button under a set stands for: `derive` makes the requests from its tunes."""
    caller, storage = await caller_of(interaction), interaction.client.context.storage
    channel_id = str(interaction.channel_id)
    await _submit(interaction, caller, lambda: submission.derived_set(storage, caller.viewer, channel_id, set_id, derive))


async def _submit(interaction: Interaction, caller: Caller, make: Callable[[], Awaitable[Requests]]) -> bool:
    """Stores the requests that `make` returns, then acknowledges. A UserError of `make` is a refusal."""
    context = interaction.client.context
    storing = asyncio.create_task(_store(interaction, caller, make))
    await asyncio.wait([storing], timeout=max(caller.began_s + limits.STORE_FIRST_S - time.monotonic(), 0))
    card = None if storing.done() else await _acknowledge(interaction)
    try:
        tune = await storing
    except UserError as error:
        await _refuse(interaction, caller, error.message, acknowledged=card is not None)
        return False
    except Exception:
        log.exception("Storing a request failed.", interaction=interaction.id)
        await _refuse(interaction, caller, texts.REQUEST_FAILED, acknowledged=card is not None)
        return False
    if card is None:
        card = await _acknowledge(interaction)
    if tune.message_id is None and not context.deliveries.is_running(tune):
        context.deliveries.deliver(await store_card(context.storage, tune, card) if card else tune)
    return True


async def _store(interaction: Interaction, caller: Caller, make: Callable[[], Awaitable[Requests]]) -> Tune:
    requests, parent_id = await make()
    reply = Reply.to_interaction(interaction, language=caller.translate.code)
    reply = replace(reply, one_request=derive.are_one_request(requests))
    context = interaction.client.context
    async with context.storing:
        return await store(context, caller.viewer, interaction, requests, reply, parent_id=parent_id)


async def _acknowledge(interaction: Interaction) -> int:
    """Shows “thinking…”, which becomes the queue card. Returns its message id.

    0 if it is not known: the answer came too late or was lost, or Discord sent the interaction twice.
    """
    try:
        async with asyncio.timeout(limits.ACKNOWLEDGE_S):
            answer = await interaction.response.defer(thinking=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
        log.warning("Could not acknowledge an interaction.", interaction=interaction.id, reason=repr(error))
        return 0
    return (answer and answer.message_id) or 0


async def _refuse(interaction: Interaction, caller: Caller, reason: str, *, acknowledged: bool) -> None:
    """Tells only the person."""
    await (retract_answer if acknowledged else send_private)(interaction, caller.translate(reason))
