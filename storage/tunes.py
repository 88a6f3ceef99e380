"""The row of a tune, from its request to the message that delivers it."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping

from generator.request import TuneRequest
from generator.user_messages import UserMessage, message_as_dict

ID_CHARACTERS = string.digits + string.ascii_letters
ID_LENGTH = 12  # 71 bits: can't be guessed, and short enough for Discord's nonce and custom_id
_IN_SET = re.compile(r":\d+\Z")  # what `Storage.add_set` adds to an event's id
_ID = re.compile(f"[{ID_CHARACTERS}]{{{ID_LENGTH}}}")


class Status(StrEnum):
    QUEUED = "queued"
    COMPOSING = "composing"
    RENDERING = "rendering"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in OVER


OVER = (Status.FINISHED, Status.FAILED)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, which is where its tune is posted."""

    platform: str  # "discord", "slack", "web" or "example"
    event_id: str  # the platform's id of the request: each is accepted once
    user_id: str  # of the user who requested it, "" if unknown
    channel_id: str = ""
    community_id: str = ""  # a Discord guild, a Slack workspace; "" outside of one
    reply: dict[str, Any] = field(default_factory=dict)  # what the platform needs to answer later

    @property
    def request_id(self) -> str:
        """Names the request in all logs; tunes that were requested together have it in common."""
        return _IN_SET.sub("", self.event_id)


@dataclass(frozen=True, slots=True)
class Composition:
    """A finished tune: its ABC and how it was made."""

    abc: str
    title: str
    rhythm: str
    key: str
    metre: str
    duration_ms: int  # of the recording
    model: str
    scores: dict[str, Any]  # measures and timings
    notices: tuple[str, ...] = ()  # UserMessages about what was skipped or changed


@dataclass(frozen=True, slots=True)
class Shared:
    """When and from where a tune was shared in the gallery."""

    at: datetime
    community_id: str  # where it was shared from, "" outside of a community
    channel_id: str  # the sharing channel, "" if there is none
    message_id: str | None  # the message in the sharing channel, once posted


@dataclass(frozen=True, slots=True)
class Tune:
    """One row of the table `tunes`. Times are in UTC."""

    id: str
    request: TuneRequest
    origin: Origin
    status: Status
    bars: int  # composed so far
    parent_id: str | None  # the tune that this one was made from
    composition: Composition | None
    error: UserMessage | None  # why it FAILED
    message_id: str | None  # the message that carries the tune, once delivered
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    likes: int = 0
    shared: Shared | None = None  # None: the tune is private
    not_before: datetime | None = None  # a cooldown: when it may start
    set_id: str | None = None  # the id of the first tune of its set, which may be this one
    set_index: int = 0  # position in the set, from 0
    draft: str = ""  # ABC of what is written so far, for those who wait; empty before that and once the tune is over
    starts: int = 0  # how often a worker started it; the latest start is the only one that can end it


def new_id() -> str:
    return "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH))


def is_id(text: str) -> bool:
    """Whether the text has the form of a tune's id. Check ids that come from a URL or a button."""
    return _ID.fullmatch(text) is not None


def tune_from(row: RowMapping) -> Tune:
    status = Status(row["status"])
    return Tune(
        id=row["id"],
        request=TuneRequest.from_dict(row["request"]),
        origin=Origin(**{column.name: row[column.name] for column in fields(Origin)}),
        status=status,
        bars=row["bars"],
        draft=row["draft"] or "",
        parent_id=row["parent_id"],
        composition=_composition(row) if status is Status.FINISHED else None,
        error=UserMessage.from_dict(row["error"]) if row["error"] else None,
        message_id=row["message_id"],
        created_at=row["created_at"].astimezone(UTC),
        started_at=_utc(row["started_at"]),
        finished_at=_utc(row["finished_at"]),
        likes=row["likes"],
        shared=_shared(row),
        not_before=_utc(row["not_before"]),
        set_id=row["set_id"],
        set_index=row["set_index"],
        starts=row["starts"],
    )


def composition_values(composition: Composition) -> dict[str, Any]:
    """The columns of a finished tune."""
    return asdict(composition) | {"notices": [message_as_dict(notice) for notice in composition.notices]}


def _composition(row: RowMapping) -> Composition:
    values = {column.name: row[column.name] for column in fields(Composition)}
    return Composition(**values | {"notices": tuple(map(UserMessage.from_dict, row["notices"]))})


def _shared(row: RowMapping) -> Shared | None:
    at = _utc(row["shared_at"])
    return None if at is None else Shared(at, row["shared_community_id"], row["shared_channel_id"], row["shared_message_id"])


def _utc(time: datetime | None) -> datetime | None:
    return time and time.astimezone(UTC)  # PostgreSQL returns times in the server's time zone
