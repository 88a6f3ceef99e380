"""The limit of waiting tunes."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import QueueFull

COUNT = text("""
    SELECT count(*) AS unfinished, count(*) FILTER (WHERE status = 'queued') AS waiting FROM tunes
    WHERE status IN ('queued', 'composing', 'rendering')
""")


class QueueLimit:
    """Refuses new tunes while as many wait as may. Counts seldom, since counting takes longer the more tunes wait.

    Only new tunes add to the unfinished ones, and each has a job with a higher id. So nothing is counted until as many jobs were
    added, by whatever process, as there was room for at the last count. Requests that are stored at the same time don't see each
    other, so a few more may wait.
    """

    def __init__(self) -> None:
        self._counted: tuple[int, int] | None = None  # unfinished tunes, and the id of the latest job then

    async def check(self, connection: AsyncConnection, job_id: int, limit: int) -> None:
        """Raises QueueFull if more than `limit` tunes wait. `job_id` is the latest that the connection's transaction adds."""
        if self._counted is not None:
            unfinished, latest = self._counted
            if 0 <= job_id - latest <= limit - unfinished:  # ids are lower after a restore
                return
        found = (await connection.execute(COUNT)).one()
        self._counted = found.unfinished, job_id
        if found.waiting > limit:
            raise QueueFull(limit)
