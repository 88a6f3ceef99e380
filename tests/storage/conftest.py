import pytest

from storage import jobs


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that notice, and try again, in tenths of a second."""
    for name, seconds in {
        "RETRY_PAUSE_S": 0,
        "STALLED_AFTER_S": 1,
        "RESCUE_EVERY_S": 0.1,
        "POLL_S": 0.05,
        "HEARTBEAT_S": 0.2,
    }.items():
        monkeypatch.setattr(jobs, name, seconds)
