"""Which tunes the messages of a platform show, and which were requested in a conversation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from storage import tables
from storage.database import Database
from storage.tunes import Status, Tune, tune_from

tunes = tables.tunes


class Messages:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def shown(self, platform: str, message_ids: Collection[str]) -> list[Tune]:
        """The tunes that were delivered by one of these messages, or shared in one; those of a set in their order.

        Where message ids are unique in a channel only, check the channels of the tunes.
        """
        delivered, shared = tunes.c.message_id.in_(message_ids), tunes.c.shared_message_id.in_(message_ids)
        these = select(tunes).where(tunes.c.platform == platform, or_(delivered, shared))
        return await self._tunes(these.order_by(tunes.c.created_at, tunes.c.set_index))

    async def latest(self, platform: str, channel_id: str, reply: Mapping[str, Any]) -> Tune | None:
        """The latest finished and delivered tune that was requested in the channel with these values in its origin's reply."""
        done = and_(tunes.c.status == Status.FINISHED, tunes.c.message_id.is_not(None))
        these = select(tunes).where(_requested(platform, channel_id, reply), done)
        newest = these.order_by(tunes.c.finished_at.desc(), tunes.c.set_index).limit(1)
        return next(iter(await self._tunes(newest)), None)

    async def waiting(self, platform: str, channel_id: str, reply: Mapping[str, Any]) -> list[Tune]:
        """The tunes that were requested so and are not delivered, oldest first."""
        these = select(tunes).where(_requested(platform, channel_id, reply), tunes.c.message_id.is_(None))
        return await self._tunes(these.order_by(tunes.c.created_at, tunes.c.set_index))

    async def _tunes(self, query: Select[Any]) -> list[Tune]:
        async with self._database.begin() as connection:
            return [tune_from(row) for row in (await connection.execute(query)).mappings()]


def _requested(platform: str, channel_id: str, reply: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(tunes.c.platform == platform, tunes.c.channel_id == channel_id, tunes.c.reply.contains(reply))
