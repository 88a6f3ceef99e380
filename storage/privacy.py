"""What is kept of a person, and how all of it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from storage import tables
from storage.database import Database
from storage.preferences import Preferences
from storage.sharing import Sharing
from storage.tunes import OVER, Tune
from storage.viewer import Viewer, owned

tunes, likes = tables.tunes, tables.likes


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept of a person, each in numbers."""

    tunes: int  # also those that failed or are not finished
    shared: int  # of the tunes
    likes: int  # given
    defaults: int  # fields that they set


class Privacy:
    def __init__(self, database: Database, sharing: Sharing) -> None:
        self._database = database
        self._sharing = sharing
        self._preferences = Preferences(database)

    async def kept(self, of: Viewer) -> Kept:
        """Raises ValueError for an unknown person."""
        of.known()
        given = select(func.count()).where(likes.c.platform == of.platform, likes.c.user_id == of.user_id)
        async with self._database.engine.connect() as connection:
            own = (await connection.execute(select(func.count(), func.count(tunes.c.shared_at)).where(owned(of)))).one()
            liked = (await connection.execute(given)).scalar_one()
        defaults = await self._preferences.defaults(of)
        fields = [getattr(defaults, name) for name in defaults.__slots__]
        return Kept(own[0], own[1], liked, sum(value is not None for value in fields))

    async def erase(self, of: Viewer, *, gone: Callable[[Tune], object] = lambda tune: None) -> list[Tune]:
        """Deletes the person's likes, defaults, and every tune that they asked for, shared or not, with its files.

        Tunes are deleted rather than made nobody's: their titles and openings are the person's own words. What others
        made from them is the others', and stays without a parent. Gives the deleted tunes, to remove their messages by;
        `gone` hears of each at once. Raises ValueError for an unknown person, StorageError when a file cannot be removed:
        done again, it goes on.
        """
        of.known()
        await self._sharing.forget_likes(of)
        await self._preferences.forget_defaults(of)
        async with self._database.engine.connect() as connection:
            # What is finished goes first: a set of which nothing else is left would be delivered.
            every = select(tunes.c.id).where(owned(of)).order_by(tunes.c.status.in_(OVER).desc())
            own = list((await connection.execute(every)).scalars())
        deleted = []
        for tune_id in own:
            if (tune := await self._sharing.remove(tune_id, owned(of))) is not None:
                deleted.append(tune)
                gone(tune)
        return deleted
