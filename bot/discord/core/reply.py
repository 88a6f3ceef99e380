"""What is needed to answer an interaction or a message later, also by another process: kept as the origin's `reply`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Self

import discord

PLATFORM = "discord"
TOKEN_MARGIN_S = 5  # an answer on its way when the token runs out is lost


def passing(error: discord.HTTPException) -> bool:
    """Whether the same call may work a little later; all other refusals are for good."""
    return error.status >= 500 or error.status == 429


@dataclass(frozen=True, slots=True)
class Reply:
    application: int
    token: str
    expires: int  # Unix time, s
    card: int  # message id of the response
    member: bool  # the bot is where it was asked, and may write there unless the channel forbids it
    file_limit: int  # bytes
    language: str = "en"  # of whoever asked
    prompt: int = 0  # message id of a wish in chat: there is no token then, and the tune comes as a reply to it
    writes: bool = True  # the bot was allowed to when it was asked
    attaches: bool = True  # the same for files
    # Of tunes that come together: several for one wish, not a set, which one that is left does not tell. None where it was not
    # remembered yet.
    one_wish: bool | None = None

    @classmethod
    def to(cls, interaction: discord.Interaction[Any], *, card: int, language: str) -> Self:
        direct = interaction.context.dm_channel
        may = interaction.app_permissions
        write = may.send_messages_in_threads if isinstance(interaction.channel, discord.Thread) else may.send_messages
        return cls(
            application=interaction.application_id,
            token=interaction.token,
            expires=int(interaction.expires_at.timestamp()),
            card=card,
            member=bool(direct or interaction.is_guild_integration()),
            file_limit=interaction.filesize_limit,
            language=language,
            writes=direct or (may.view_channel and write),
            attaches=direct or may.attach_files,
        )

    def as_dict(self) -> dict[str, Any]:
        # Ids as text: they are larger than what every reader of JSON keeps exact.
        return {**asdict(self), "application": str(self.application), "card": str(self.card), "prompt": str(self.prompt)}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Self:
        ids = {name: int(kept.get(name, 0)) for name in ("application", "card", "prompt")}
        return cls(**{**kept, **ids})

    @property
    def expired(self) -> bool:
        return time.time() > self.expires - TOKEN_MARGIN_S
