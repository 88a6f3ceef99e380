"""`tunesmith bench load`: what it does to the queue, the desk and the page."""

from __future__ import annotations

import pytest

from bot.cli import load
from storage import Status, Storage
from tests.bot.web.conftest import Site, empty_site, patient_health_check
from tests.storage.examples import execute

__all__ = ["empty_site", "patient_health_check"]


async def test_requests_are_stored_taken_and_finished(storage: Storage, url: str) -> None:
    submitted, positions, made = await load.queue(storage, people=3, seconds=0.3)
    assert positions.taken_ms and not (submitted.failed or positions.failed)
    assert len(made.taken_ms) <= len(submitted.taken_ms)
    [(finished,)] = execute(url, "SELECT count(*) FROM tunes WHERE status = 'finished'")
    assert finished == len(made.taken_ms) > 0
    size_bytes, count = await load.size(storage)
    assert count == len(submitted.taken_ms) and size_bytes > 1_000_000


async def test_people_follow_their_tunes_to_the_end(storage: Storage, url: str) -> None:
    found = await load.desk(storage, people=3, seconds=0.3)
    assert len(found.taken_ms) >= 3 and not found.failed
    assert execute(url, "SELECT DISTINCT status FROM tunes") == [(str(Status.FINISHED),)]


async def test_pages_are_read_and_refusals_counted(empty_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATHS", ("/", "/nowhere"))
    seen, refused = await load.page(empty_site.address, people=2, seconds=0.2)
    assert seen.taken_ms and not seen.failed
    assert refused.failed["404"] > 0 and not refused.taken_ms
    assert "| page: /nowhere | 0 | 0 | 0 | " in load.table([refused.as_dict()])
