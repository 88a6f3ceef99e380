"""Fixtures for the storage tests."""

import pytest

from storage import heartbeat, jobs, queue


@pytest.fixture
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers poll and retry within tenths of a second. None counts as dead: a busy machine may delay heartbeats."""
    monkeypatch.setattr(queue, "RETRY_PAUSE_S", 0)
    monkeypatch.setattr(queue, "MACHINE_PAUSE_S", 0.1)
    monkeypatch.setattr(jobs, "POLL_S", 0.05)
    monkeypatch.setattr(heartbeat, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(heartbeat, "STALLED_BEATS", 10_000)
