"""What every process counts about itself, for Prometheus: problems in its log, and requests that it refused."""

from __future__ import annotations

from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, start_http_server
from prometheus_client.process_collector import ProcessCollector
from structlog.typing import EventDict

REGISTRY = CollectorRegistry()  # one log, so one count of its lines in a process
PROBLEMS = Counter("tunesmith_problems", "Warnings and errors in the log, by kind.", ["level", "kind"], registry=REGISTRY)
REFUSED = Counter("tunesmith_refused", "Requests for tunes, likes and the like beyond a limit.", ["limit"], registry=REGISTRY)
ProcessCollector(registry=REGISTRY)

LEVELS = ("warning", "error", "critical")


def count_own(logger: object, name: str, event: EventDict) -> EventDict:
    """Counts a line of our own log: what it says is one of few sentences, and what differs is beside it."""
    return _count(event, str(event.get("event")))


def count_foreign(logger: object, name: str, event: EventDict) -> EventDict:
    """Counts a line of a library by the library: its sentences have names and numbers in them."""
    record = event.get("_record")
    return _count(event, getattr(record, "name", "unknown").partition(".")[0])


def _count(event: EventDict, kind: str) -> EventDict:
    if event.get("level") in LEVELS:
        PROBLEMS.labels(event["level"], kind).inc()
    return event


def serve(host: str, port: int) -> WSGIServer:
    """Serves these counts at `/metrics`, to everybody who can reach the port, in a thread of its own. Raises OSError."""
    return start_http_server(port, host, REGISTRY)[0]
