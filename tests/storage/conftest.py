import pytest

from storage import jobs, queue
from tests.patience import HANG_S


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that notice, and try again, in tenths of a second. Nobody is taken for dead because the machine is busy."""
    monkeypatch.setattr(queue, "RETRY_PAUSE_S", 0)
    for name, seconds in {
        "STALLED_AFTER_S": 10 * HANG_S,
        "RESCUE_EVERY_S": 0.1,
        "POLL_S": 0.05,
        "HEARTBEAT_S": 0.2,
    }.items():
        monkeypatch.setattr(jobs, name, seconds)
