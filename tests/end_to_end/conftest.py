from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.end_to_end.tunesmith import Tunesmith
from tests.loopback.discord import FakeDiscord


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as fake:
        yield fake


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def tunesmith(discord: FakeDiscord, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tunesmith]:
    """Tunesmith, started by one command and connected to the Discord stand-in."""
    folder: Path = tmp_path_factory.mktemp("tunesmith")
    running = Tunesmith(folder, discord.environment)
    await running.start()
    await discord.connected()
    yield running
    assert await running.stop() == 0
    assert "Fatal" not in running.log.read_text(encoding="utf-8")
