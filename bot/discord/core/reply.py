"""What is needed to answer an interaction or a message later, also in another process. Stored as the origin's `reply`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import discord
import structlog

from bot.discord.core import limits
from storage.storage import Storage
from storage.tunes import Tune

log = structlog.get_logger(__name__)

PLATFORM = "discord"


def is_temporary(error: discord.HTTPException) -> bool:
    """Whether the same call may work later. All other refusals are final."""
    return error.status >= 500 or error.status == 429


@dataclass(frozen=True, slots=True)
class Reply:
    application: int
    token: str
    expires: int  # Unix time, s
    card: int  # message id of the queue card; 0 until it is known
    member: bool  # the bot is a member where the request was made, and may write there unless the channel forbids it
    file_limit: int  # bytes
    language: str = "en"  # of the person who requested the tune
    prompt: int = 0  # message id of a request in chat: it has no token, and the tune is posted as a reply to it
    writes: bool = True  # the bot was allowed to send messages when the request was made
    attaches: bool = True  # the same for files
    # For tunes that were requested together: whether they are several for one request, or a set. One tune that is left does
    # not tell. None if it was not stored.
    one_request: bool | None = None

    @classmethod
    def to_interaction(cls, interaction: discord.Interaction[Any], *, language: str) -> Self:
        """The card is not there yet."""
        direct = interaction.context.dm_channel
        may = interaction.app_permissions
        write = may.send_messages_in_threads if isinstance(interaction.channel, discord.Thread) else may.send_messages
        return cls(
            application=interaction.application_id,
            token=interaction.token,
            expires=int(interaction.expires_at.timestamp()),
            card=0,
            member=bool(direct or interaction.is_guild_integration()),
            file_limit=interaction.filesize_limit,
            language=language,
            writes=direct or (may.view_channel and write),
            attaches=direct or may.attach_files,
        )

    @classmethod
    def to_message(cls, message: discord.Message, *, application: int, language: str) -> Self:
        """The card is not there yet."""
        guild = message.guild
        return cls(
            application=application,
            token="",
            expires=0,
            card=0,
            member=True,
            file_limit=guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES,
            language=language,
            prompt=message.id,
        )

    def as_dict(self) -> dict[str, Any]:
        # Ids as text: they are larger than the integers that every reader of JSON keeps exactly.
        return {**asdict(self), "application": str(self.application), "card": str(self.card), "prompt": str(self.prompt)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        ids = {name: int(stored.get(name, 0)) for name in ("application", "card", "prompt")}
        return cls(**{**stored, **ids})

    @property
    def expired(self) -> bool:
        """Whether the token has expired, however wrong this machine's clock is. Before, Discord says whether it has."""
        return time.time() > self.expires + limits.CLOCK_DIFFERENCE.total_seconds()


async def store_card(storage: Storage, tune: Tune, card: int) -> Tune:
    """Stores the message id of the queue card, which is there only after the tune is stored. Returns the tune with it."""
    stored = replace(Reply.from_dict(tune.origin.reply), card=card).as_dict()
    try:
        await storage.set_reply(tune.set_id or tune.id, stored)
    except Exception:  # the tune is delivered all the same
        log.exception("Storing a queue card failed; the next start has to find it.", tune=tune.id)
    return replace(tune, origin=replace(tune.origin, reply=stored))


def reply_of(tune: Tune) -> Reply | None:
    """None for a tune that was not requested in Discord."""
    try:
        return Reply.from_dict(tune.origin.reply)
    except (KeyError, TypeError, ValueError):
        return None
