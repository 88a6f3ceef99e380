"""Up to which message everything in a conversation was handled, so that a later process finds what was missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from storage import tables
from storage.database import Database

last_seen = tables.last_seen


@dataclass(frozen=True, slots=True)
class Conversation:
    """A server with all its channels, or the direct messages of one person."""

    community_id: str = ""
    channel_id: str = ""  # of direct messages
    user_id: str = ""  # whose direct messages


class LastSeen:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def marks(self, platform: str) -> dict[Conversation, int]:
        """The id of the last message seen in each conversation."""
        query = select(last_seen).where(last_seen.c.platform == platform)
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).mappings()
            return {Conversation(row["community_id"], row["channel_id"], row["user_id"]): row["message_id"] for row in rows}

    async def store(self, platform: str, marks: Mapping[Conversation, int]) -> None:
        """Stores the marks. A mark only moves forward."""
        rows = [asdict(conversation) | {"platform": platform, "message_id": mark} for conversation, mark in marks.items()]
        added = insert(last_seen)
        forward = func.greatest(last_seen.c.message_id, added.excluded.message_id)
        upsert = added.on_conflict_do_update(constraint="last_seen_pkey", set_={"message_id": forward})
        async with self._database.begin() as connection:
            # In one order, so that two processes cannot deadlock.
            await connection.execute(upsert, sorted(rows, key=lambda row: (row["community_id"], row["channel_id"])))

    async def forget(self, platform: str, conversation: Conversation) -> None:
        this = and_(last_seen.c.community_id == conversation.community_id, last_seen.c.channel_id == conversation.channel_id)
        await self._delete(and_(last_seen.c.platform == platform, this))

    async def forget_direct_before(self, platform: str, message_id: int) -> None:
        """Forgets direct messages if nothing was seen in them since that message."""
        direct = and_(last_seen.c.platform == platform, last_seen.c.community_id == "")
        await self._delete(and_(direct, last_seen.c.message_id < message_id))

    async def forget_user(self, platform: str, user_id: str) -> None:
        await self._delete(and_(last_seen.c.platform == platform, last_seen.c.user_id == user_id))

    async def _delete(self, these: ColumnElement[bool]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(delete(last_seen).where(these))
