"""Prometheus metrics: web requests, the queue, tunes with the time of each step, and what the process counts about itself."""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot import meters
from bot.web.access import DEFAULT, Access
from bot.web.clients import LOOPBACK, Clients, is_in
from bot.web.language import translate
from generator.user_messages import UserMessage
from storage.errors import StorageError
from storage.queue.rounds import QueueState
from storage.storage import Storage
from storage.tunes import Status, Tune

PAUSE_S = 1.0  # a tune changes with every bar; it is read at most once a second
RETRY_S = 5.0
MAX_SEEN = 10_000  # tunes
DELIVERED = ("discord", "slack")  # platforms that post tunes as messages
_NOT_ALLOWED = UserMessage("Only the host of this page may read its metrics. METRICS_TOKEN opens them to others.")
_log = structlog.get_logger(__name__)


class Metrics:
    """Each application has its own registry, so that two in one process don't mix."""

    def __init__(self, storage: Storage, access: Access = DEFAULT, clients: Clients | None = None) -> None:
        self._storage, self._token, self._clients = storage, access.metrics_token, clients or Clients()
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tunesmith_web_requests", "Answered requests, by route.", ["method", "route", "status"], registry=self._registry
        )
        self._tunes = Counter(
            "tunesmith_tunes",
            "Tunes that reached a status while this process ran. Each web process counts the tunes of all platforms.",
            ["platform", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "tunesmith_tune_seconds",
            "Seconds from the request to the finished tune.",
            ["platform"],
            buckets=(0.5, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 233, 610),
            registry=self._registry,
        )
        self._steps = Histogram(
            "tunesmith_step_seconds",
            "Seconds of the steps of a tune: waiting, composing, rendering, delivery (noticed within a second or two).",
            ["step"],
            buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
            registry=self._registry,
        )
        self._queue = Gauge("tunesmith_queue_tunes", "Tunes that wait or are being made.", ["state"], registry=self._registry)
        self._age = Gauge("tunesmith_queue_age_seconds", "How long the first waiting tune has waited.", registry=self._registry)
        self._undelivered: dict[str, datetime] = {}  # when tunes that are finished and not delivered were finished
        self._since = datetime.now(UTC)
        # Status and end of up to MAX_SEEN tunes, ordered by their last change.
        self._seen: dict[str, tuple[Status, datetime | None]] = {}

    async def get(self, request: web.Request) -> web.Response:
        """Answers loopback, the networks of trusted proxies, and requests with the token."""
        bearer = request.headers.get("Authorization", "").encode()
        allowed = self._token and hmac.compare_digest(bearer, f"Bearer {self._token}".encode())
        if not allowed and not is_in(self._clients.address(request), (*LOOPBACK, *self._clients.trusted)):
            raise web.HTTPForbidden(text=translate(_NOT_ALLOWED))
        await self._look_at_queue()
        body = generate_latest(self._registry) + generate_latest(meters.REGISTRY)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _look_at_queue(self) -> None:
        try:
            state = await self._storage.queue_state()
        except StorageError:  # what is not known is no number
            state = QueueState(*[math.nan] * 3)  # type: ignore[arg-type]
        self._queue.labels("waiting").set(state.waiting)
        self._queue.labels("in progress").set(state.in_progress)
        self._age.set(state.oldest_s)

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
        """Counts tunes while the application runs (a cleanup context of aiohttp)."""
        task = asyncio.create_task(self._watch())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _watch(self) -> None:
        while True:
            try:
                await self._follow()
            except StorageError as error:
                _log.warning("Counting tunes failed; trying again.", error=str(error), seconds=RETRY_S)
            except Exception:
                _log.exception("Counting tunes failed; trying again.", seconds=RETRY_S)
            await asyncio.sleep(RETRY_S)

    async def _follow(self) -> None:
        changed_ids: set[str] = set()
        changed = asyncio.Event()

        async def read_changed() -> None:
            while True:
                await changed.wait()
                changed.clear()
                ids = set(changed_ids)
                changed_ids.clear()
                if "" in ids:  # notifications were lost: read every unfinished tune
                    ids |= {tune_id for tune_id, (status, _) in self._seen.items() if not status.over}
                try:
                    for tune_id in ids - {""}:
                        if tune := await self._storage.tune(tune_id):
                            self._count_tune(tune)
                except StorageError as error:
                    _log.warning("Counting tunes failed; trying again.", error=str(error))
                    changed_ids.update(ids)  # counting a tune again changes nothing
                    changed.set()
                await asyncio.sleep(PAUSE_S)

        async with self._storage.changes() as changes, asyncio.TaskGroup() as group:
            group.create_task(read_changed())
            async for tune_id in changes:
                changed_ids.add(tune_id)
                changed.set()

    def _count_tune(self, tune: Tune) -> None:
        self._count_delivery(tune)
        before, _ = self._seen.get(tune.id, (None, None))
        if before is tune.status or (tune.finished_at and tune.finished_at <= self._since):
            return  # already counted, or finished before this process started
        self._seen.pop(tune.id, None)
        self._seen[tune.id] = tune.status, tune.finished_at
        if len(self._seen) > MAX_SEEN:
            _, ended = self._seen.pop(next(iter(self._seen)))
            # A later change, such as a like, must not count it again: treat it as finished before the start.
            self._since = max(self._since, ended or self._since)
        self._tunes.labels(tune.origin.platform, str(tune.status)).inc()
        if tune.status is Status.FINISHED and tune.finished_at and tune.created_at:
            self._seconds.labels(tune.origin.platform).observe((tune.finished_at - tune.created_at).total_seconds())
            self._count_steps(tune)

    def _count_steps(self, tune: Tune) -> None:
        if tune.started_at:
            self._steps.labels("waiting").observe((tune.started_at - (tune.not_before or tune.created_at)).total_seconds())
        for step, name in (("composing", "compose_ms"), ("rendering", "render_ms")):
            if tune.composition and name in tune.composition.scores:
                self._steps.labels(step).observe(tune.composition.scores[name] / 1000)
        if tune.origin.platform in DELIVERED and tune.finished_at and not tune.message_id:
            self._undelivered[tune.id] = tune.finished_at
            if len(self._undelivered) > MAX_SEEN:
                del self._undelivered[next(iter(self._undelivered))]

    def _count_delivery(self, tune: Tune) -> None:
        if tune.message_id and (finished_at := self._undelivered.pop(tune.id, None)):
            self._steps.labels("delivery").observe((datetime.now(UTC) - finished_at).total_seconds())
