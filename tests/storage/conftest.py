"""Fixtures for the storage tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storage import Storage
from storage.credentials import Credentials
from storage.queue import heartbeat, jobs
from storage.queue import tasks as queue
from tests.storage.backup.backups import back_up, contents_of
from tests.storage.examples import COMPOSITION, origin, request


@pytest.fixture
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers poll and retry within tenths of a second. None counts as dead: a busy machine may delay heartbeats."""
    monkeypatch.setattr(queue, "RETRY_PAUSE_S", 0)
    monkeypatch.setattr(queue, "MACHINE_PAUSE_S", 0.1)
    monkeypatch.setattr(jobs, "POLL_S", 0.05)
    monkeypatch.setattr(heartbeat, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(heartbeat, "STALLED_BEATS", 10_000)


@pytest.fixture
def other_url(new_database: Callable[..., str]) -> str:
    return new_database()


@pytest.fixture
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("restored")


@pytest.fixture
async def example(storage: Storage, tmp_path: Path) -> bytes:
    """A backup of a finished and an unfinished tune, and of what a platform stores besides."""
    await storage.add(request(), origin("1"))
    tune = await storage.add(request(), origin("2"))
    await storage.finish(tune.id, COMPOSITION, contents_of(tune.id))
    await Credentials(storage.database, ["a key for tests, long enough for it"]).put("slack", "bot", "xoxb-secret")
    await storage.claims.claim("slack", "Ev1")
    await storage.sessions.begin("slack", "C1", "1.2", rhythm="reel", key="D")
    await storage.sessions.advance("slack", "C1", "1.2", tune.id)
    target = tmp_path / "example.tar"
    await back_up(storage, target)
    await storage.database.engine.dispose()  # a restore is refused while others are connected
    return target.read_bytes()
