"""A tune's progress as Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import structlog
from aiohttp import web

from bot.core.desk import Desk
from bot.web.tune_json import progress_json
from bot.web.visitor import requested_tune
from storage.storage import Storage

HEARTBEAT_S = 15.0  # proxies close an idle connection, and only a write notices that the reader has left
_log = structlog.get_logger(__name__)


class Events:
    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage, self._desk = storage, desk
        self._open: set[asyncio.Task[None]] = set()

    async def get(self, request: web.Request) -> web.StreamResponse:
        tune_id = (await requested_tune(self._storage, request)).id
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        sending = asyncio.create_task(self._send(tune_id, response))
        self._open.add(sending)
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=HEARTBEAT_S)
                if not sending.done():
                    await response.write(b": heartbeat\n\n")
        except ConnectionError:
            pass  # the visitor left the page
        finally:
            self._open.discard(sending)
            sending.cancel()
        return response

    async def _send(self, tune_id: str, response: web.StreamResponse) -> None:
        try:
            async with aclosing(self._desk.follow(tune_id)) as changes:
                async for change in changes:
                    data = json.dumps(
                        progress_json(
                            change.tune, change.queue_position, change.seconds_left, waits_for_room=change.waits_for_room
                        )
                    )
                    await response.write(f"event: progress\ndata: {data}\n\n".encode())
        except (ConnectionError, KeyError):
            pass  # the visitor left the page, or the tune was deleted
        except Exception:
            _log.exception("Sending progress failed.", tune=tune_id)

    async def close(self, app: web.Application) -> None:
        """Ends all streams, so that the server can stop while pages are open."""
        for sending in self._open:
            sending.cancel()
