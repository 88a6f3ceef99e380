"""A collector of OpenTelemetry on loopback, which keeps the spans that it gets by OTLP over HTTP."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.patience import HANG_S


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    begin_ns: int
    end_ns: int
    failed: bool
    attributes: dict[str, str | int]
    service: str


class Collector:
    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._got = asyncio.Condition()
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self.server = TestServer(app)

    @property
    def endpoint(self) -> str:
        return str(self.server.make_url("/"))

    async def until(self, enough: Callable[[list[Span]], bool]) -> list[Span]:
        """Waits for enough spans."""
        async with asyncio.timeout(HANG_S), self._got:
            await self._got.wait_for(lambda: enough(self.spans))
            return self.spans

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        sent = ExportTraceServiceRequest.FromString(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        for of_resource in sent.resource_spans:
            names = {attribute.key: attribute.value.string_value for attribute in of_resource.resource.attributes}
            for span in (span for scope in of_resource.scope_spans for span in scope.spans):
                attributes = {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
                self.spans.append(
                    Span(
                        span.name,
                        span.trace_id,
                        span.span_id,
                        span.parent_span_id,
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        span.status.code == span.status.STATUS_CODE_ERROR,
                        attributes,
                        names["service.name"],
                    )
                )
        async with self._got:
            self._got.notify_all()
        return web.Response()


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    await collector.server.start_server()
    try:
        yield collector
    finally:
        await collector.server.close()
