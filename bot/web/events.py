"""A tune's progress as Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import structlog
from aiohttp import web

from bot.core.desk import Desk
from bot.web import state
from bot.web.visitor import tune_at
from storage.storage import Storage

HEARTBEAT_S = 15.0  # proxies close a connection that says nothing, and only a write finds out who has gone
_log = structlog.get_logger(__name__)


class Events:
    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage, self._desk = storage, desk
        self._open: set[asyncio.Task[None]] = set()

    async def get(self, request: web.Request) -> web.StreamResponse:
        tune_id = (await tune_at(self._storage, request)).id
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        telling = asyncio.create_task(self._tell(tune_id, response))
        self._open.add(telling)
        try:
            while not telling.done():
                await asyncio.wait({telling}, timeout=HEARTBEAT_S)
                if not telling.done():
                    await response.write(b": still here\n\n")
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._open.discard(telling)
            telling.cancel()
        return response

    async def _tell(self, tune_id: str, response: web.StreamResponse) -> None:
        try:
            async with aclosing(self._desk.follow(tune_id)) as changes:
                async for change in changes:
                    data = json.dumps(state.progress(change.tune, change.queue_position, change.seconds_left))
                    await response.write(f"event: progress\ndata: {data}\n\n".encode())
        except (ConnectionError, KeyError):
            pass  # the page was closed, or the tune deleted
        except Exception:
            _log.exception("progress stream failed", tune=tune_id)

    async def close(self, app: web.Application) -> None:
        """Lets the server stop while pages are still watching."""
        for telling in self._open:
            telling.cancel()
