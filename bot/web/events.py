"""A tune's progress as Server-Sent Events, and a drawing of what is written so far."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import aclosing, suppress

import structlog
from aiohttp import web

from bot.core.desk import Desk
from bot.core.following import Progress
from bot.web.clients import Clients
from bot.web.draft_sheet import WIDTHS, draw
from bot.web.files import PRIVATE, SHARED
from bot.web.language import translate
from bot.web.limits import Limits
from bot.web.security import SVG_POLICY
from bot.web.throttle import Throttle
from bot.web.tune_json import progress_json
from bot.web.visitor import requested_tune
from generator.notation.keys import Key
from generator.notation.reader import read
from generator.notation.score import Score
from generator.user_messages import UserMessage
from storage.errors import StorageError
from storage.storage import Storage
from storage.tunes import Status, Tune

INCIPIT_LINES = 2
STREAMS, STREAMS_PER_NETWORK = 1_000, 50  # open at the same time; beyond that, a page asks every few seconds
RETRY_AFTER_S = 10
TOO_MANY = UserMessage("Too many pages watch their tunes at the moment. Reload this page to see how far yours is.")
HEARTBEAT_S = 15.0  # proxies close an idle connection, and only a write notices that the reader has left
_log = structlog.get_logger(__name__)


async def has_worker(storage: Storage, tune: Tune) -> bool:
    """Whether a worker runs that could start the tune. True for tunes that are not waiting."""
    return tune.status is not Status.QUEUED or bool(await storage.model_offers.offered())


class Events:
    def __init__(self, storage: Storage, desk: Desk, clients: Clients, limits: Limits) -> None:
        self._storage, self._desk, self._clients, self._limits = storage, desk, clients, limits
        self._open: set[asyncio.Task[None]] = set()
        self._by_network: Counter[str] = Counter()
        self._throttle = Throttle()

    async def get(self, request: web.Request) -> web.StreamResponse:
        tune_id = (await requested_tune(self._storage, request)).id
        network = self._clients.network(request)
        if self._by_network.total() >= STREAMS or self._by_network[network] >= STREAMS_PER_NETWORK:
            raise web.HTTPServiceUnavailable(text=translate(TOO_MANY), headers={"Retry-After": str(RETRY_AFTER_S)})
        self._by_network[network] += 1
        try:
            return await self._stream(request, tune_id)
        finally:
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]

    async def _stream(self, request: web.Request, tune_id: str) -> web.StreamResponse:
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
            async with aclosing(self._desk.follow(tune_id)) as changes, asyncio.TaskGroup() as group:
                waiting: asyncio.Task[None] | None = None
                async for change in changes:
                    if waiting:
                        waiting.cancel()
                    told = await self._write(change, response)
                    waiting = group.create_task(self._look_for_workers(change, response, told))
                if waiting:
                    waiting.cancel()
        except* (ConnectionError, KeyError):
            pass  # the visitor left the page, or the tune was deleted
        except* StorageError as errors:  # the page asks again
            if (more := self._throttle.turn()) is not None:
                _log.warning("Progress could not be read.", error=str(errors.exceptions[0]), more=more)
        except* Exception:
            _log.exception("Sending progress failed.", tune=tune_id)

    async def _look_for_workers(self, change: Progress, response: web.StreamResponse, told: bool) -> None:
        """Sends a waiting tune's progress again when the last worker has gone or the first one has come."""
        while change.tune.status is Status.QUEUED:
            await asyncio.sleep(HEARTBEAT_S)
            with suppress(StorageError):
                if await has_worker(self._storage, change.tune) is not told:
                    told = await self._write(change, response)

    async def _write(self, change: Progress, response: web.StreamResponse) -> bool:
        """Returns whether the visitor was told that a worker runs."""
        found = await has_worker(self._storage, change.tune)
        progress = progress_json(
            change.tune,
            change.queue_position,
            change.seconds_left,
            waits_for_room=change.waits_for_room,
            has_worker=found,
        )
        await response.write(f"event: progress\ndata: {json.dumps(progress)}\n\n".encode())
        return found

    async def draft(self, request: web.Request) -> web.Response:
        """The bars written so far as SVG: `?line=2` has two in a line, else there are four. An empty stave before the first.

        `&incipit=1` has only the first two lines, for a list of tunes.
        """
        tune = await requested_tune(self._storage, request)
        abc = tune.composition.abc if tune.composition else tune.draft
        bars_in_line = 2 if request.query.get("line") == "2" else max(WIDTHS)
        lines = INCIPIT_LINES if request.query.get("incipit") else None
        drawing = await self._limits.reader(request)(_drawing, abc, bars_in_line, lines)
        caching = (SHARED if tune.shared else PRIVATE) if tune.composition else "no-store"
        headers = {"Cache-Control": caching, "Content-Security-Policy": SVG_POLICY}
        return web.Response(text=drawing, content_type="image/svg+xml", headers=headers)

    async def close(self, app: web.Application) -> None:
        """Ends all streams, so that the server can stop while pages are open."""
        for sending in self._open:
            sending.cancel()


def _drawing(abc: str, bars_in_line: int, lines: int | None) -> str:
    return draw(read(abc) if abc else Score((), Key.parse("C")), bars_in_line, lines)
