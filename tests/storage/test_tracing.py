"""Traces of requests, with the real SDK of OpenTelemetry and a collector on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from storage import Storage, Tune, tracing, work
from storage.queue import tasks
from tests.loopback.collector import Collector, collecting
from tests.storage.examples import COMPOSITION, ROOT, origin, request


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """A collector that gets the traces of this process."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    monkeypatch.setattr(tracing, "_recorder", None)
    async with collecting() as collector:
        tracing.start(collector.endpoint)
        yield collector


async def test_tunes_that_were_requested_together_are_one_trace(storage: Storage, collector: Collector) -> None:
    tunes = [await storage.add(request(), origin(event_id)) for event_id in ("7:0", "7:1", "8")]

    async def make(tune: Tune) -> None:
        await storage.finish(tune.id, COMPOSITION, {}, starts=tune.starts)

    worker = asyncio.create_task(work(storage, make, concurrency=1))
    try:
        await collector.until(lambda spans: len(spans) == 6)
    finally:
        worker.cancel()
        await asyncio.wait({worker})
    traces = {span.attributes["tune"]: span.trace_id for span in collector.spans}
    first, second, other = (traces[tune.id] for tune in tunes)
    assert first == second != other


async def test_a_tune_that_fails_has_each_try_and_their_error(
    storage: Storage, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "RETRY_PAUSE_S", 0)
    await storage.add(request(), origin())

    async def make(tune: Tune) -> None:
        with tracing.step(tune, "rendering"):
            raise RuntimeError

    worker = asyncio.create_task(work(storage, make, concurrency=1))
    try:
        spans = await collector.until(lambda spans: any(span.name == "tune" for span in spans))
    finally:
        worker.cancel()
        await asyncio.wait({worker})
    assert sorted((span.name, span.failed) for span in spans) == [
        *[("rendering", True)] * tasks.TRIES, ("tune", True), ("waiting", False),
    ]  # fmt: skip
    assert len({span.span_id for span in spans}) == len(spans)


async def test_without_the_packages_one_line_says_what_to_install(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_recorder", None)
    monkeypatch.delitem(sys.modules, "storage.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)  # as where it is not installed
    with capture_logs() as lines:
        tracing.start("http://127.0.0.1:4318")
    assert [(line["log_level"], "requirements-tracing.lock" in line["event"]) for line in lines] == [("warning", True)]
    tune = await storage.add(request(), origin())
    tracing.record_tune(replace(tune, starts=1))  # goes on


def test_without_the_setting_nothing_of_opentelemetry_is_imported() -> None:
    program = (
        "import sys, bot.services, generator.worker; print(*sorted(n for n in sys.modules if n.startswith('opentelemetry')))"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
