"""Fixtures for the storage tests."""

import pytest

from storage import jobs, queue
from tests.patience import HANG_S


@pytest.fixture
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers poll and retry within tenths of a second. None counts as dead: a busy machine may delay heartbeats."""
    monkeypatch.setattr(queue, "RETRY_PAUSE_S", 0)
    for name, seconds in {
        "STALLED_AFTER_S": 10 * HANG_S,
        "RESCUE_EVERY_S": 0.1,
        "POLL_S": 0.05,
        "HEARTBEAT_S": 0.2,
    }.items():
        monkeypatch.setattr(jobs, name, seconds)
