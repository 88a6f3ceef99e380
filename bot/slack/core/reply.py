"""What is needed to answer a request later, also in another process. Stored as the origin's `reply`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from bot.slack.core import limits
from bot.slack.core.event import Event
from storage.storage import Storage
from storage.tunes import Tune

PLATFORM = "slack"


@dataclass(frozen=True, slots=True)
class Reply:
    team_id: str
    enterprise_id: str
    language: str = "en"  # of the person who requested the tune
    thread_ts: str = ""  # the tune is posted in this thread
    card_channel: str = ""  # where the queue card is: elsewhere if the app may not write in the channel
    card_ts: str = ""  # the card's message; empty until it is known
    response_url: str = ""
    expires: int = 0  # when the response_url does: Unix time, s
    assistant: bool = False  # the thread is one of the assistant, which has a status instead of a card
    posted_in: str = ""  # the channel of the tune's message, if it is not the one where the tune was requested
    file_ids: tuple[str, ...] = ()  # uploaded for the tune's message, which may have been posted
    likes: int | None = 0  # the number that the tune's message shows; None if it is not known
    post_file_ids: tuple[str, ...] = ()  # the same for the post in the sharing channel
    post_shared_at: str = ""  # when the tune was shared for which they were uploaded
    post_likes: int | None = 0  # the number that the post shows
    # For tunes that were requested together: whether they are several for one request, or a set. One tune that is left does
    # not tell. None if it was not stored.
    one_request: bool | None = None

    @classmethod
    def to_event(cls, event: Event, *, language: str, thread_ts: str = "") -> Self:
        """The card is not there yet."""
        return cls(
            team_id=event.team_id,
            enterprise_id=event.enterprise_id,
            language=language,
            thread_ts=thread_ts or event.thread_ts,
            response_url=event.response_url,
            expires=int(time.time() + limits.RESPONSES_S) if event.response_url else 0,
        )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "file_ids": list(self.file_ids), "post_file_ids": list(self.post_file_ids)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Values that this version doesn't know are ignored. Raises TypeError without a workspace."""
        known = {name: stored[name] for name in stored.keys() & {field.name for field in fields(cls)}}
        lists = {name: tuple(stored.get(name) or ()) for name in ("file_ids", "post_file_ids")}
        return cls(**known | lists)


async def store_reply(storage: Storage, tune_id: str, changes: Mapping[str, object], *, delivered: bool = True) -> bool:
    """Stores values of the reply, as `Storage.set_reply` does."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}
    return await storage.set_reply(tune_id, values, delivered=delivered)


def reply_of(tune: Tune) -> Reply | None:
    """None for a tune that was not requested in Slack."""
    try:
        return Reply.from_dict(tune.origin.reply) if tune.origin.platform == PLATFORM else None
    except TypeError:
        return None
