"""Reading, editing and deleting a message that the bot posted earlier, in whichever way is open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import discord

from bot.discord.core.context import Context
from bot.discord.core.reply import is_temporary, reply_of
from storage.tunes import Tune


@dataclass(frozen=True, slots=True)
class MessageAccess:
    fetch: Callable[[], Awaitable[discord.Message]]
    edit: Callable[..., Awaitable[object]]
    delete: Callable[[], Awaitable[object]]


async def access_message(
    context: Context, tune: Tune, channel_id: int, message_id: int, act: Callable[[MessageAccess], Awaitable[object]]
) -> bool:
    """Calls `act` with each way to a message of the tune until one works; False if none does.

    Raises discord.HTTPException, aiohttp.ClientError and OSError for trouble that may pass.
    """
    async for access in _ways(context, tune, channel_id, message_id):
        try:
            await act(access)
        except discord.HTTPException as error:
            if is_temporary(error):
                raise
        else:
            return True
    return False


async def _ways(context: Context, tune: Tune, channel_id: int, message_id: int) -> AsyncIterator[MessageAccess]:
    """By the token of the latest interaction with the message, by the token of the command, as the bot itself."""
    reply = reply_of(tune)
    member = True
    if (latest := context.latest_interactions.with_message(message_id)) is not None:
        fetch = partial(latest.followup.fetch_message, message_id)
        yield MessageAccess(fetch, latest.edit_original_response, latest.delete_original_response)
    if reply is not None and reply.card == message_id:
        member = reply.member
        if not reply.expired:
            webhook = discord.Webhook.partial(reply.application, reply.token, client=context.client)
            yield MessageAccess(
                partial(webhook.fetch_message, message_id),
                partial(webhook.edit_message, message_id),
                partial(webhook.delete_message, message_id),
            )
    if member:
        yield _as_bot(context, channel_id, message_id)
    if reply is not None and reply.card != message_id and tune.message_id == str(message_id):
        # A tune that could not be posted in its channel was sent to the person directly.
        direct = await context.client.create_dm(discord.Object(int(tune.origin.user_id)))
        if direct.id != channel_id:
            yield _as_bot(context, direct.id, message_id)


def _as_bot(context: Context, channel_id: int, message_id: int) -> MessageAccess:
    message = context.client.get_partial_messageable(channel_id).get_partial_message(message_id)
    return MessageAccess(message.fetch, message.edit, message.delete)
