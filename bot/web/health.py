"""`/health`: whether the database and the other parts are ready, and there is room on the disks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

from storage.storage import Storage

TIMEOUT_S = 3.0
_log = structlog.get_logger(__name__)


class Health:
    """Answers 200 if the database responds and every part is ready, else 503. The JSON names each part."""

    def __init__(self, storage: Storage, parts: Mapping[str, Callable[[], bool]]) -> None:
        self._storage, self._parts = storage, parts

    async def get(self, request: web.Request) -> web.Response:
        database, lacking = await asyncio.gather(self._database(), self._lacking())
        up = {"database": database, "room": lacking is None}
        up |= {name: self._ready(name) for name in self._parts}
        healthy = all(up.values())
        body = {"healthy": healthy, "parts": {name: "up" if ready else "down" for name, ready in up.items()}}
        if lacking:
            body["reason"] = f"A disk is full: there is no room for {lacking}. No tunes are made until there is."
        return web.json_response(body, status=200 if healthy else 503, headers={"Cache-Control": "no-store"})

    async def _database(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._storage.tune("0" * 12)
        except Exception as error:
            _log.warning("The database does not respond.", error=repr(error))
            return False
        return True

    async def _lacking(self) -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._storage.room.look()
        except TimeoutError:
            return "anything, or a folder does not answer"

    def _ready(self, name: str) -> bool:
        try:
            return bool(self._parts[name]())
        except Exception:
            _log.exception("A health check failed.", part=name)
            return False
