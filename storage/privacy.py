"""What is stored about a user, and how to delete all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from storage import tables
from storage.database import Database
from storage.last_seen import LastSeen
from storage.preferences import Preferences
from storage.sharing import Sharing
from storage.tunes import OVER, Tune
from storage.viewer import Viewer, owned

tunes, likes = tables.tunes, tables.likes


@dataclass(frozen=True, slots=True)
class StoredData:
    """How many of each are stored about a user."""

    tunes: int  # failed and unfinished ones included
    shared: int  # of the tunes
    likes: int  # given by the user
    defaults: int  # settings that they chose


class Privacy:
    def __init__(self, database: Database, sharing: Sharing) -> None:
        self._database = database
        self._sharing = sharing
        self._preferences = Preferences(database)
        self._last_seen = LastSeen(database)

    async def stored(self, viewer: Viewer) -> StoredData:
        """Counts what is stored about the user. Raises UserError for an unknown user."""
        viewer.require_user()
        given = select(func.count()).where(likes.c.platform == viewer.platform, likes.c.user_id == viewer.user_id)
        async with self._database.begin() as connection:
            own = (await connection.execute(select(func.count(), func.count(tunes.c.shared_at)).where(owned(viewer)))).one()
            liked = (await connection.execute(given)).scalar_one()
        defaults = await self._preferences.defaults(viewer)
        fields = [getattr(defaults, name) for name in defaults.__slots__]
        return StoredData(own[0], own[1], liked, sum(value is not None for value in fields))

    async def erase(self, viewer: Viewer, *, on_deleted: Callable[[Tune], object] = lambda tune: None) -> list[Tune]:
        """Deletes the user's likes, defaults and tunes, shared or not, with their files, and the mark in their direct messages.

        Tunes are deleted rather than made anonymous: their titles and openings are the user's own words. Tunes that others made
        from them stay, without a parent. Returns the deleted tunes, to remove their messages; `on_deleted` is called after
        each. Raises UserError for an unknown user, StorageError if a file can't be removed: call it again to continue.
        """
        viewer.require_user()
        await self._sharing.delete_likes(viewer)
        await self._preferences.delete_defaults(viewer)
        await self._last_seen.forget_user(viewer.platform, viewer.user_id)
        async with self._database.begin() as connection:
            # Finished tunes first: a set with only finished tunes left would be delivered.
            every = select(tunes.c.id).where(owned(viewer)).order_by(tunes.c.status.in_(OVER).desc())
            own = list((await connection.execute(every)).scalars())
        deleted = []
        for tune_id in own:
            if (tune := await self._sharing.remove(tune_id, owned(viewer))) is not None:
                deleted.append(tune)
                on_deleted(tune)
        return deleted
