"""Likes, and what becomes of a tune at its owner's wish: shared, taken back, deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from generator.user_messages import UserMessage
from storage import tables
from storage.database import Database
from storage.errors import NotAllowed
from storage.files import Files, hold
from storage.tunes import Status, Tune, is_id, tune_from
from storage.viewer import Viewer, made_in_community, owned, shared_from_community, visible

NOT_YOURS_TO_DELETE = UserMessage("Only whoever asked for this tune, or a moderator, can delete it.")

tunes, files, likes = tables.tunes, tables.files, tables.likes


class Sharing:
    """Every method raises KeyError for a tune that is not there or that the viewer may not see.

    Each change is announced (`Storage.changes`), so that a message's count can be kept right.
    """

    def __init__(self, database: Database, kept: Files) -> None:
        self._database = database
        self._files = kept

    async def like(self, tune_id: str, by: Viewer) -> int:
        """Likes the tune, once however often it is said; the number of its likes. Raises ValueError for an unknown person."""
        by.known()
        async with self._database.engine.begin() as connection:
            await self._find(connection, tune_id, by)
            liked = {"tune_id": tune_id, "platform": by.platform, "user_id": by.user_id}
            await connection.execute(insert(likes).values(liked).on_conflict_do_nothing())
            return await self._count(connection, tune_id)

    async def unlike(self, tune_id: str, by: Viewer) -> int:
        """Takes the like back if there is one; the number of likes. Raises ValueError for an unknown person."""
        by.known()
        async with self._database.engine.begin() as connection:
            await self._find(connection, tune_id, by)
            await connection.execute(delete(likes).where(likes.c.tune_id == tune_id, _liked(by)))
            return await self._count(connection, tune_id)

    async def liked(self, tune_ids: Iterable[str], by: Viewer) -> set[str]:
        """Which of the tunes the person likes."""
        query = select(likes.c.tune_id).where(likes.c.tune_id.in_([one for one in tune_ids if is_id(one)]), _liked(by))
        async with self._database.engine.connect() as connection:
            return set((await connection.execute(query)).scalars())

    async def share(self, tune_id: str, by: Viewer, *, channel_id: str = "") -> Tune:
        """Puts the tune into the gallery, from the viewer's server, to be posted in `place`, its sharing channel.

        A tune that is shared stays shared as it was. Raises NotAllowed for anybody but its owner.
        """
        values = {"shared_at": func.now(), "shared_community_id": by.community_id, "shared_channel_id": channel_id}
        async with self._database.engine.begin() as connection:
            await self._find(connection, tune_id, by)
            mine = and_(tunes.c.id == tune_id, owned(by))
            await connection.execute(update(tunes).where(mine, tunes.c.shared_at.is_(None)).values(values))
            row = (await connection.execute(select(tunes).where(mine))).mappings().one_or_none()
        if row is None:
            raise NotAllowed(UserMessage("Only whoever asked for this tune can share it."))
        return tune_from(row)

    async def posted(self, tune_id: str, message_id: str) -> None:
        """Remembers the message in the sharing channel, for a tune that is shared; the first one counts."""
        if is_id(tune_id):
            waiting = and_(tunes.c.id == tune_id, tunes.c.shared_at.is_not(None), tunes.c.shared_message_id.is_(None))
            async with self._database.engine.begin() as connection:
                await connection.execute(update(tunes).where(waiting).values(shared_message_id=message_id))

    async def unshare(self, tune_id: str, by: Viewer, *, moderates: bool = False) -> Tune:
        """Takes the tune out of the gallery; its likes stay. The tune as it was, to remove its message by.

        `moderates`: the viewer may do so with all that was shared from their server. Raises NotAllowed for anybody else.
        """
        may = or_(owned(by), shared_from_community(by)) if moderates else owned(by)
        private = {"shared_at": None, "shared_community_id": None, "shared_channel_id": None, "shared_message_id": None}
        async with self._database.engine.begin() as connection:
            await self._find(connection, tune_id, by)
            locked = select(tunes).where(tunes.c.id == tune_id, may).with_for_update(key_share=True)
            row = (await connection.execute(locked)).mappings().one_or_none()
            if row is None:
                raise NotAllowed(UserMessage("Only whoever shared this tune, or a moderator, can take it back."))
            await connection.execute(update(tunes).where(tunes.c.id == tune_id, tunes.c.shared_at.is_not(None)).values(private))
        return tune_from(row)

    async def delete(self, tune_id: str, by: Viewer, *, moderates: bool = False) -> Tune:
        """Deletes the tune with its files and likes, also one that is not finished.

        Gives the tune as it was, to remove its messages by. A worker that has it in hand leaves it (`Storage.progress`); what was
        made from it stays, without a parent. `moderates`: the viewer may do so with all that was made in their server.
        Raises NotAllowed for anybody else, StorageError when a file cannot be removed: then the tune is still there, and may
        be deleted again.
        """
        deleted = await self.remove(tune_id, or_(owned(by), made_in_community(by)) if moderates else owned(by))
        if deleted is not None:
            return deleted
        async with self._database.engine.connect() as connection:
            await self._find(connection, tune_id, by)
        raise NotAllowed(NOT_YOURS_TO_DELETE)

    async def remove(self, tune_id: str, may: ColumnElement[bool]) -> Tune | None:
        """Deletes the tune if it is one of those; None if not. Raises StorageError as `delete` does."""
        if not is_id(tune_id):
            return None
        async with self._database.engine.begin() as connection:
            this = select(tunes).where(tunes.c.id == tune_id, may).with_for_update()
            row = (await connection.execute(this)).mappings().one_or_none()
            if row is None:
                return None
            digests = set((await connection.execute(select(files.c.hash).where(files.c.tune_id == tune_id))).scalars())
            await hold(connection, digests, to_remove=True)
            await connection.execute(delete(tunes).where(tunes.c.id == tune_id))
            needed = set((await connection.execute(select(files.c.hash).where(files.c.hash.in_(digests)))).scalars())
            # Before the row has gone for good: after a crash here the tune is deleted again, and no content is left over.
            for digest in digests - needed:
                await self._files.remove(digest)
        return tune_from(row)

    async def forget_likes(self, of: Viewer) -> None:
        """Takes back every like of the person."""
        liked = select(likes.c.tune_id).where(_liked(of))
        # Locked in one order, so that two who go at the same time do not wait for each other.
        locked = select(tunes.c.id).where(tunes.c.id.in_(liked)).order_by(tunes.c.id).with_for_update(key_share=True)
        async with self._database.engine.begin() as connection:
            await connection.execute(locked)
            await connection.execute(delete(likes).where(_liked(of)))

    # For whoever answers for a platform: unlike the rest, these show every tune.

    async def finished(self, tune_ids: Iterable[str]) -> list[Tune]:
        """Those of the tunes that are finished."""
        wanted = tunes.c.id.in_([one for one in tune_ids if is_id(one)])
        return await self._tunes(and_(wanted, tunes.c.status == Status.FINISHED))

    async def lately_liked(self, platform: str, since: timedelta, limit: int) -> list[str]:
        """The ids of the platform's tunes that were liked in that time, the last first."""
        lately = likes.c.liked_at > func.now() - since
        query = select(likes.c.tune_id).join(tunes, tunes.c.id == likes.c.tune_id).where(lately, tunes.c.platform == platform)
        query = query.group_by(likes.c.tune_id).order_by(func.max(likes.c.liked_at).desc()).limit(limit)
        async with self._database.engine.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def unposted(self, platform: str, since: timedelta) -> list[Tune]:
        """Tunes that were shared in that time, and whose message in the sharing channel is not known."""
        lately = tunes.c.shared_at > func.now() - since
        waiting = and_(lately, tunes.c.shared_channel_id != "", tunes.c.shared_message_id.is_(None), tunes.c.platform == platform)
        return await self._tunes(waiting)

    async def _tunes(self, which: ColumnElement[bool]) -> list[Tune]:
        async with self._database.engine.connect() as connection:
            return [tune_from(row) for row in (await connection.execute(select(tunes).where(which))).mappings()]

    async def _find(self, connection: AsyncConnection, tune_id: str, viewer: Viewer) -> None:
        """Keeps the tune from being deleted until the transaction ends; raises KeyError."""
        if is_id(tune_id):
            seen = select(tunes.c.id).where(tunes.c.id == tune_id, visible(viewer)).with_for_update(read=True, key_share=True)
            if (await connection.execute(seen)).first() is not None:
                return
        raise KeyError(tune_id)

    async def _count(self, connection: AsyncConnection, tune_id: str) -> int:
        return int((await connection.execute(select(tunes.c.likes).where(tunes.c.id == tune_id))).scalar_one())


def _liked(by: Viewer) -> ColumnElement[bool]:
    return and_(likes.c.platform == by.platform, likes.c.user_id == by.user_id)
