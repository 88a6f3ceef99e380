"""Traces of requests: when a tune waited, was composed, rendered and delivered, for a collector of OpenTelemetry.

Without `start` nothing is recorded, and nothing of OpenTelemetry is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from storage.tunes import Tune

if TYPE_CHECKING:
    from storage.otlp import Recorder

log = structlog.get_logger(__name__)
_recorder: Recorder | None = None


def start(endpoint: str) -> None:
    """Sends spans to the collector at this address (OTLP over HTTP) from now on, in a thread of their own."""
    global _recorder
    try:
        from storage.otlp import Recorder
    except ImportError:
        log.warning(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but no traces are sent: install locks/requirements-tracing.lock;"
            " docs/hosting.md says how."
        )
        return
    _recorder = Recorder(endpoint)


def record(tune: Tune, step: str, begin: datetime, end: datetime | None = None, *, error: str = "") -> None:
    """Records a step of a tune that ended: now, without `end`."""
    if _recorder is not None:
        _recorder.record(tune, step, begin, end or datetime.now(UTC), error)


@contextmanager
def step(tune: Tune, name: str) -> Iterator[None]:
    """Records a step while the context lasts."""
    begin, error = datetime.now(UTC), ""
    try:
        yield
    except Exception as raised:
        error = type(raised).__name__
        raise
    finally:
        record(tune, name, begin, error=error)


def record_waiting(tune: Tune) -> None:
    """Records how long a tune waited that was started just now."""
    if tune.starts == 1 and tune.started_at is not None:
        record(tune, "waiting", tune.not_before or tune.created_at, tune.started_at)


def record_tune(tune: Tune, *, error: str = "") -> None:
    """Records the span that has the steps of a tune in it: from the request to the end of its making."""
    record(tune, "tune", tune.created_at, error=error)


def record_delivery(tunes: list[Tune]) -> None:
    """Records the delivery of a tune, or of those that were requested together."""
    if finished := [tune.finished_at for tune in tunes if tune.finished_at is not None]:
        record(tunes[0], "delivery", max(finished))
