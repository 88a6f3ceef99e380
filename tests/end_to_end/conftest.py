from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.end_to_end.tunesmith import Tunesmith
from tests.loopback.collector import Collector, collecting
from tests.loopback.discord import FakeDiscord


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as fake:
        yield fake


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def tunesmith(
    discord: FakeDiscord, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Tunesmith]:
    """Tunesmith, started by one command, connected to the Discord stand-in, and with traces."""
    folder: Path = tmp_path_factory.mktemp("tunesmith")
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    running = Tunesmith(folder, {**discord.environment, **tracing})
    await running.start()
    await discord.connected()
    yield running
    assert await running.stop() == 0
    assert "Fatal" not in running.log.read_text(encoding="utf-8")
