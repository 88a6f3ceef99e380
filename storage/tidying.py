"""Forgets what is too old to be needed, ends the periods of likes, and moves secrets to a new key."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from storage.errors import StorageError
from storage.like_periods import count_out_old_likes
from storage.storage import Storage

EVERY_S = 3600
KEEP_CLAIMS = timedelta(days=2)  # platforms send an event again for at most a day
KEEP_SESSIONS = timedelta(days=180)
EXPIRED_AT_ONCE = 1_000  # tunes

log = structlog.get_logger(__name__)


async def keep_tidy(storage: Storage, *, keep_unclaimed: timedelta | None = None) -> None:
    """Tidies now and every hour until cancelled. `keep_unclaimed` is how long tunes of nobody are kept."""
    while True:
        try:
            await tidy(storage)
            if keep_unclaimed is not None:
                await storage.sharing.expire_unclaimed(keep_unclaimed, EXPIRED_AT_ONCE)
        except StorageError as error:
            log.warning("What is too old could not be forgotten; trying again in an hour.", error=str(error))
        await asyncio.sleep(EVERY_S)


async def tidy(storage: Storage) -> None:
    await count_out_old_likes(storage.database)
    await storage.claims.forget_before(KEEP_CLAIMS)
    await storage.sessions.forget_before(KEEP_SESSIONS)
    await storage.credentials.forget_expired()
    await storage.leases.forget_dead()
    if storage.credentials.has_old_keys and (count := await storage.credentials.reencrypt()):
        log.info("All secrets are encrypted with the first key of SECRET_KEY: the others can be removed.", encrypted=count)
