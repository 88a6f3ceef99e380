"""Work that only one process at a time may do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from storage.errors import DatabaseUnavailable
from storage.leases import Lease, Leases

CHECK_S = 1.0  # how often it is looked whether a lease is still held
TAKE_S = 5.0  # how often a process tries to take over what another one does

T = TypeVar("T")

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """The lease was lost before the work was done: another process may be doing it."""


async def with_lease(lease: Lease, work: Coroutine[Any, Any, T]) -> T:
    """Does the work while the lease is held, then releases it. Raises LeaseLost, and what the work raises."""
    working = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([working], timeout=CHECK_S))[0]:
            if not lease.held:
                raise LeaseLost(lease.name)
        return working.result()
    finally:
        working.cancel()
        await asyncio.wait([working])
        await lease.release()


async def in_one_process(leases: Leases, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs `work`, which never ends by itself, in one process at a time; others wait to take over. Until cancelled."""
    while True:
        try:
            if (lease := await leases.take(name)) is not None:
                await with_lease(lease, work())
        except (DatabaseUnavailable, LeaseLost) as error:
            log.warning("A lease is lost or cannot be taken; trying again.", lease=name, reason=str(error))
        await asyncio.sleep(TAKE_S)
