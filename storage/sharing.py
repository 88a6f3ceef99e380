"""Like, share, unshare and delete tunes."""

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
from storage.files.files import Files, lock_contents
from storage.files.removal import remove_contents, remove_marked
from storage.tunes import Status, Tune, is_id, tune_from
from storage.viewer import Viewer, made_in_community, owned, shared_from_community, visible

NOT_YOURS_TO_DELETE = UserMessage("Only the owner of this tune or a moderator can delete it.")

# In the reply of a tune: its owner has no cookie that came back, so that perhaps nobody can see it.
UNCLAIMED = {"unclaimed": True}

tunes, shared_tunes, files, likes = tables.tunes, tables.shared_tunes, tables.files, tables.likes


class Sharing:
    """Likes, shares, unshares and deletes tunes for a viewer.

    Raises KeyError for a tune that doesn't exist or that the viewer may not see. Each change is notified (`Storage.changes`), so
    that messages can show the current number of likes.
    """

    def __init__(self, database: Database, file_store: Files) -> None:
        self._database = database
        self._files = file_store

    async def like(self, tune_id: str, viewer: Viewer) -> int:
        """Likes the tune, at most once per user. Returns its number of likes. Raises UserError for an unknown user."""
        viewer.require_user()
        async with self._database.begin() as connection:
            await self._find(connection, tune_id, viewer)
            liked = {"tune_id": tune_id, "platform": viewer.platform, "user_id": viewer.user_id}
            await connection.execute(insert(likes).values(liked).on_conflict_do_nothing())
            return await self._count(connection, tune_id)

    async def unlike(self, tune_id: str, viewer: Viewer) -> int:
        """Removes the user's like, if any. Returns the number of likes. Raises UserError for an unknown user."""
        viewer.require_user()
        async with self._database.begin() as connection:
            await self._find(connection, tune_id, viewer)
            await connection.execute(delete(likes).where(likes.c.tune_id == tune_id, _liked(viewer)))
            return await self._count(connection, tune_id)

    async def liked(self, tune_ids: Iterable[str], viewer: Viewer) -> set[str]:
        """The ids of the tunes that the user likes."""
        query = select(likes.c.tune_id).where(likes.c.tune_id.in_([each for each in tune_ids if is_id(each)]), _liked(viewer))
        async with self._database.begin() as connection:
            return set((await connection.execute(query)).scalars())

    async def share(self, tune_id: str, viewer: Viewer, *, channel_id: str = "") -> Tune:
        """Shares the tune from the viewer's community; `channel_id` is the sharing channel to post it in.

        A tune that is already shared stays unchanged. Raises NotAllowed for anybody but its owner.
        """
        values = {"shared_at": func.now(), "shared_community_id": viewer.community_id, "shared_channel_id": channel_id}
        async with self._database.begin() as connection:
            await self._find(connection, tune_id, viewer)
            mine = and_(tunes.c.id == tune_id, owned(viewer))
            await connection.execute(update(tunes).where(mine, tunes.c.shared_at.is_(None)).values(values))
            row = (await connection.execute(select(tunes).where(mine))).mappings().one_or_none()
        if row is None:
            raise NotAllowed(UserMessage("Only the owner of this tune can share it."))
        return tune_from(row)

    async def mark_posted(self, tune_id: str, message_id: str) -> None:
        """Stores the id of the message in the sharing channel, unless one is stored or the tune is no longer shared."""
        if is_id(tune_id):
            waiting = and_(tunes.c.id == tune_id, tunes.c.shared_at.is_not(None), tunes.c.shared_message_id.is_(None))
            async with self._database.begin() as connection:
                await connection.execute(update(tunes).where(waiting).values(shared_message_id=message_id))

    async def unshare(self, tune_id: str, viewer: Viewer, *, moderates: bool = False) -> Tune:
        """Removes the tune from the gallery; its likes stay. Returns the tune as it was, to remove its message.

        `moderates`: the viewer may unshare all tunes shared from their community. Raises NotAllowed for others.
        """
        may = or_(owned(viewer), shared_from_community(viewer)) if moderates else owned(viewer)
        private = {"shared_at": None, "shared_community_id": None, "shared_channel_id": None, "shared_message_id": None}
        async with self._database.begin() as connection:
            await self._find(connection, tune_id, viewer)
            locked = select(tunes).where(tunes.c.id == tune_id, may).with_for_update(key_share=True)
            row = (await connection.execute(locked)).mappings().one_or_none()
            if row is None:
                raise NotAllowed(UserMessage("Only the owner of this tune or a moderator can unshare it."))
            await connection.execute(update(tunes).where(tunes.c.id == tune_id, tunes.c.shared_at.is_not(None)).values(private))
        return tune_from(row)

    async def delete(self, tune_id: str, viewer: Viewer, *, moderates: bool = False) -> Tune:
        """Deletes the tune with its files and likes, also one that is not finished.

        Returns the tune as it was, to remove its messages. A worker that is making it stops (`Storage.progress`). Tunes made
        from it stay, without a parent. `moderates`: the viewer may delete all tunes requested in their community. Raises
        NotAllowed for others, and StorageError if a file can't be removed: the tune still exists and can be deleted again.
        """
        deleted = await self.remove(tune_id, or_(owned(viewer), made_in_community(viewer)) if moderates else owned(viewer))
        if deleted is not None:
            return deleted
        async with self._database.begin() as connection:
            await self._find(connection, tune_id, viewer)
        raise NotAllowed(NOT_YOURS_TO_DELETE)

    async def expire_unclaimed(self, age: timedelta, limit: int) -> int:
        """Deletes tunes of nobody (UNCLAIMED) that are older and not shared, up to `limit`. Returns how many."""
        old = and_(tunes.c.reply.contains(UNCLAIMED), tunes.c.shared_at.is_(None), tunes.c.created_at < func.now() - age)
        async with self._database.begin() as connection:
            ids = list((await connection.execute(select(tunes.c.id).where(old).limit(limit))).scalars())
        return len([tune_id for tune_id in ids if await self.remove(tune_id, old)])

    async def remove(self, tune_id: str, condition: ColumnElement[bool]) -> Tune | None:
        """Deletes the tune if it meets the condition; returns None otherwise. Raises StorageError as `delete` does."""
        if not is_id(tune_id):
            return None
        async with self._database.begin() as connection:
            this = select(tunes).where(tunes.c.id == tune_id, condition).with_for_update()
            row = (await connection.execute(this)).mappings().one_or_none()
            if row is None:
                return None
            digests = set((await connection.execute(select(files.c.hash).where(files.c.tune_id == tune_id))).scalars())
            await lock_contents(connection, digests, to_remove=True)
            await connection.execute(delete(tunes).where(tunes.c.id == tune_id))
            await remove_contents(connection, self._files, digests)
        return tune_from(row)

    async def remove_marked(self) -> None:
        """Removes the contents of tunes that were deleted during a backup, if it was killed. Raises StorageError."""
        await remove_marked(self._database, self._files)

    async def delete_likes(self, viewer: Viewer) -> None:
        """Removes all likes of the user."""
        liked = select(likes.c.tune_id).where(_liked(viewer))
        # Locked in one order, so that two users who do this at the same time don't deadlock.
        locked = select(tunes.c.id).where(tunes.c.id.in_(liked)).order_by(tunes.c.id).with_for_update(key_share=True)
        async with self._database.begin() as connection:
            await connection.execute(locked)
            await connection.execute(delete(likes).where(_liked(viewer)))

    # For platforms: unlike the other methods, these check no permissions

    async def finished(self, tune_ids: Iterable[str]) -> list[Tune]:
        """The tunes that are finished."""
        wanted = tunes.c.id.in_([each for each in tune_ids if is_id(each)])
        return await self._tunes(and_(wanted, tunes.c.status == Status.FINISHED))

    async def recently_liked(self, platform: str, since: timedelta, limit: int) -> list[str]:
        """The ids of the platform's tunes liked in that time, most recent first."""
        recently = likes.c.liked_at > func.now() - since
        query = select(likes.c.tune_id).join(tunes, tunes.c.id == likes.c.tune_id).where(recently, tunes.c.platform == platform)
        query = query.group_by(likes.c.tune_id).order_by(func.max(likes.c.liked_at).desc()).limit(limit)
        async with self._database.begin() as connection:
            return list((await connection.execute(query)).scalars())

    async def unposted(self, platform: str, since: timedelta) -> list[Tune]:
        """Tunes shared in that time that have not been posted in their sharing channel."""
        recently = select(shared_tunes.c.tune_id).where(shared_tunes.c.shared_at > func.now() - since)
        waiting = and_(
            tunes.c.id.in_(recently),
            tunes.c.shared_channel_id != "",
            tunes.c.shared_message_id.is_(None),
            tunes.c.platform == platform,
        )
        return await self._tunes(waiting)

    async def _tunes(self, which: ColumnElement[bool]) -> list[Tune]:
        async with self._database.begin() as connection:
            return [tune_from(row) for row in (await connection.execute(select(tunes).where(which))).mappings()]

    async def _find(self, connection: AsyncConnection, tune_id: str, viewer: Viewer) -> None:
        """Locks the tune against deletion until the transaction ends. Raises KeyError."""
        if is_id(tune_id):
            seen = select(tunes.c.id).where(tunes.c.id == tune_id, visible(viewer)).with_for_update(read=True, key_share=True)
            if (await connection.execute(seen)).first() is not None:
                return
        raise KeyError(tune_id)

    async def _count(self, connection: AsyncConnection, tune_id: str) -> int:
        return int((await connection.execute(select(tunes.c.likes).where(tunes.c.id == tune_id))).scalar_one())


def _liked(viewer: Viewer) -> ColumnElement[bool]:
    return and_(likes.c.platform == viewer.platform, likes.c.user_id == viewer.user_id)
