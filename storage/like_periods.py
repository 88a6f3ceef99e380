"""The likes of the last seven and thirty days, counted for each shared tune.

A like says whether it is counted in each period, and a trigger changes the tune's counts with it. What has become too old is
counted out once an hour (`storage.tidying`).
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, tuple_, update

from storage import tables
from storage.database import Database

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
BATCH = 500  # likes in one transaction: each locks its tune

tunes, likes = tables.tunes, tables.likes


async def count_out_old_likes(database: Database) -> None:
    """Counts out the likes that are older than their periods. Raises StorageError."""
    for period, length in ((likes.c.in_week, WEEK), (likes.c.in_month, MONTH)):
        old = period & (likes.c.liked_at < func.now() - length)
        key = tuple_(likes.c.tune_id, likes.c.platform, likes.c.user_id)
        while True:
            # First the tunes in one order, as in `Sharing.delete_likes`; then only likes that nobody removes now. So nobody who
            # holds one of the two waits for the other.
            liked = select(likes.c.tune_id).where(old).order_by(likes.c.liked_at).limit(BATCH)
            lock = select(tunes.c.id).where(tunes.c.id.in_(liked)).order_by(tunes.c.id).with_for_update(key_share=True)
            async with database.begin() as connection:
                locked = list((await connection.execute(lock)).scalars())
                free = select(likes.c.tune_id, likes.c.platform, likes.c.user_id).where(old, likes.c.tune_id.in_(locked))
                these = key.in_(free.with_for_update(skip_locked=True))
                ended = await connection.execute(update(likes).where(these).values({period.name: False}))
            if ended.rowcount < 1:
                break
