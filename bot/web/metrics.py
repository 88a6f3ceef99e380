"""Counts for Prometheus: requests to the page, tunes, and the time that they take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from storage.storage import Storage
from storage.tunes import Status, Tune

PAUSE_S = 1.0  # a tune changes with every bar; it is looked at once a second at most
RETRY_S = 5.0
REMEMBERED = 10_000
_log = structlog.get_logger(__name__)


class Metrics:
    """One registry for each application, so that two in one process do not meet."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tunesmith_web_requests", "Requests answered, by route.", ["method", "route", "status"], registry=self._registry
        )
        self._tunes = Counter(
            "tunesmith_tunes",
            "Tunes that reached a status while this process watched, from every platform; each web process sees them all.",
            ["platform", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "tunesmith_tune_seconds",
            "From the request to the finished tune.",
            ["platform"],
            buckets=(0.5, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 233, 610),
            registry=self._registry,
        )
        self._since = datetime.now(UTC)
        # REMEMBERED tunes, the one that moved on last at the end: their status, and when they were over.
        self._seen: dict[str, tuple[Status, datetime | None]] = {}

    async def get(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            resource = request.match_info.route.resource
            self._requests.labels(request.method, resource.canonical if resource else "unknown", status).inc()

    async def watching(self, app: web.Application) -> AsyncIterator[None]:
        """Watches every tune while the application runs (aiohttp's cleanup context)."""
        task = asyncio.create_task(self._watch())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _watch(self) -> None:
        while True:
            try:
                await self._follow()
            except Exception:
                _log.exception("metrics stopped watching; trying again", seconds=RETRY_S)
            await asyncio.sleep(RETRY_S)

    async def _follow(self) -> None:
        changed: set[str] = set()
        some = asyncio.Event()

        async def look() -> None:
            while True:
                await some.wait()
                some.clear()
                ids = set(changed)
                changed.clear()
                if "" in ids:  # something was missed: whatever was open may have moved on
                    ids |= {tune_id for tune_id, (status, _) in self._seen.items() if not status.over}
                for tune_id in ids - {""}:
                    if tune := await self._storage.tune(tune_id):
                        self._note(tune)
                await asyncio.sleep(PAUSE_S)

        async with self._storage.changes() as changes, asyncio.TaskGroup() as group:
            group.create_task(look())
            async for tune_id in changes:
                changed.add(tune_id)
                some.set()

    def _note(self, tune: Tune) -> None:
        before, _ = self._seen.get(tune.id, (None, None))
        if before is tune.status or (tune.finished_at and tune.finished_at <= self._since):
            return  # news about a tune that was counted, or that ended before anybody watched
        self._seen.pop(tune.id, None)
        self._seen[tune.id] = tune.status, tune.finished_at
        if len(self._seen) > REMEMBERED:
            _, ended = self._seen.pop(next(iter(self._seen)))
            # It may be liked later: from now on it is one that ended before.
            self._since = max(self._since, ended or self._since)
        self._tunes.labels(tune.origin.platform, str(tune.status)).inc()
        if tune.status is Status.FINISHED and tune.finished_at and tune.created_at:
            self._seconds.labels(tune.origin.platform).observe((tune.finished_at - tune.created_at).total_seconds())
