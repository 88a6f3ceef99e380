"""Makes spans of OpenTelemetry and sends them. Only `storage.tracing` imports this: the packages may be missing."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, set_span_in_context
from opentelemetry.util.types import AnyValue

from storage.tunes import Tune

TIMEOUT_S = 3.0  # of sending a batch: a collector that is away delays the stop by twice this at most


class _Ids(IdGenerator):
    """The ids of the next span."""

    trace_id = span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class Recorder:
    """Bot and worker share only the database, so ids are made of what both know: those of the request and of the tune.

    Tunes that were requested together are one trace.
    """

    def __init__(self, endpoint: str) -> None:
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)  # one line for a lost batch, none for each try
        self._ids = _Ids()
        resource = Resource({SERVICE_NAME: "tunesmith"}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=self._ids)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT_S)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = provider.get_tracer("tunesmith")

    def record(self, tune: Tune, step: str, begin: datetime, end: datetime, error: str) -> None:
        """The span of the step `tune` contains the others."""
        origin, ids, context = tune.origin, self._ids, Context()
        ids.trace_id, ids.span_id = _number(16, origin.platform, origin.request_id), _number(8, tune.id)
        if step != "tune":
            parent = SpanContext(ids.trace_id, ids.span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
            context = set_span_in_context(NonRecordingSpan(parent), context)
            ids.span_id = _number(8, tune.id, step, str(tune.starts))
        attributes: dict[str, AnyValue] = {
            "request": origin.request_id,
            "platform": origin.platform,
            "tune": tune.id,
            "starts": tune.starts,
        }
        span = self._tracer.start_span(step, context, attributes=attributes, start_time=_nanoseconds(begin))
        if error:
            span.set_status(StatusCode.ERROR, error)
        span.end(_nanoseconds(max(begin, end)))


def _number(size: int, *names: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(names).encode()).digest()[:size])


def _nanoseconds(time: datetime) -> int:
    return round(time.timestamp() * 1e6) * 1000
