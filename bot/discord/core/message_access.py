"""The ways to a message that was posted earlier: by a press under it, by the token of the command, as the bot itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import discord

from bot.discord.core.reply import Reply, passing
from storage.tunes import Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


class Presses:
    """The latest press under each message that may be edited by it.

    For 15 minutes its token reaches the message, also where the bot is no member. An interaction counts whose answer was
    `defer()`, or «thinking» would stand in the message's place.
    """

    def __init__(self) -> None:
        self._latest: dict[int, tuple[str, discord.Interaction[Any]]] = {}  # message → tune and press

    def keep(self, tune_id: str, press: discord.Interaction[Any]) -> None:
        self._latest = {message: kept for message, kept in self._latest.items() if not kept[1].is_expired()}
        if press.message is not None:
            self._latest[press.message.id] = tune_id, press

    def under(self, message: int) -> discord.Interaction[Any] | None:
        _, press = self._latest.get(message, ("", None))
        return None if press is None or press.is_expired() else press

    def messages(self, tune_id: str) -> set[int]:
        """Under which one of the tune's buttons was pressed: its own, or others, such as a gallery's."""
        return {message for message, (pressed, press) in self._latest.items() if pressed == tune_id and not press.is_expired()}


@dataclass(frozen=True, slots=True)
class Way:
    fetch: Callable[[], Awaitable[discord.Message]]
    edit: Callable[..., Awaitable[object]]
    delete: Callable[[], Awaitable[object]]


async def reach(bot: TunesmithBot, tune: Tune, channel_id: int, message: int, act: Callable[[Way], Awaitable[object]]) -> bool:
    """Does something with a message of the tune; False where no way leads to it.

    Raises discord.HTTPException, aiohttp.ClientError and OSError for passing trouble.
    """
    async for way in _ways(bot, tune, channel_id, message):
        try:
            await act(way)
        except discord.HTTPException as error:
            if passing(error):
                raise
        else:
            return True
    return False


async def _ways(bot: TunesmithBot, tune: Tune, channel_id: int, message: int) -> AsyncIterator[Way]:
    reply = reply_of(tune)
    member = True
    if (press := bot.presses.under(message)) is not None:
        yield Way(partial(press.followup.fetch_message, message), press.edit_original_response, press.delete_original_response)
    if reply is not None and reply.card == message:
        member = reply.member
        if not reply.expired:
            webhook = discord.Webhook.partial(reply.application, reply.token, client=bot)
            yield Way(
                partial(webhook.fetch_message, message),
                partial(webhook.edit_message, message),
                partial(webhook.delete_message, message),
            )
    if member:
        yield _own(bot, channel_id, message)
    if reply is not None and reply.card != message and tune.message_id == str(message):
        # What could not be posted where it was asked for went into the person's own messages.
        direct = await bot.create_dm(discord.Object(int(tune.origin.user_id)))
        if direct.id != channel_id:
            yield _own(bot, direct.id, message)


def _own(bot: TunesmithBot, channel_id: int, message: int) -> Way:
    own = bot.get_partial_messageable(channel_id).get_partial_message(message)
    return Way(own.fetch, own.edit, own.delete)


def reply_of(tune: Tune) -> Reply | None:
    """None for a tune that was not asked for in Discord."""
    try:
        return Reply.from_dict(tune.origin.reply)
    except (KeyError, TypeError, ValueError):
        return None
