"""A database that accepts and does not answer: pages say so soon, and work again when it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.web import health
from storage import Storage, changes, database, open_storage
from storage.connection import NETWORK, Connection
from tests.bot.web.conftest import Visitor, open_site
from tests.loopback.database import DatabaseProxy

ANSWER = "My memory can't be reached right now. Please try again in a minute."


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[DatabaseProxy]:
    async with DatabaseProxy(url).running() as proxy:
        yield proxy


@pytest.fixture
async def visitor(proxy: DatabaseProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visitor]:
    monkeypatch.setitem(NETWORK, "connect_timeout", 2)
    async with (
        open_storage(data_dir=tmp_path, database_url=proxy.url) as storage,
        open_site(storage) as site,
        site.new_visitor() as visitor,
    ):
        monkeypatch.setattr(database, "CHECKOUT_S", 0.2)
        monkeypatch.setattr(changes, "CHECK_EVERY_S", 0.1)
        monkeypatch.setattr(health, "TIMEOUT_S", 0.2)
        monkeypatch.setattr(Connection, "silence_s", 0.2)
        yield visitor


async def test_pages_and_health_say_that_the_database_does_not_answer(visitor: Visitor, proxy: DatabaseProxy) -> None:
    tune_id = await visitor.compose()
    proxy.silent = True
    for path in (f"/tunes/{tune_id}", "/gallery", "/tunebook.abc"):
        page = await visitor.get(path)
        assert page.status == 503 and page.headers["Retry-After"] == "10"
        assert ANSWER.replace("'", "&#39;") in await page.text()
    for path in (f"/tunes/{tune_id}.json", "/gallery.json"):
        answer = await visitor.get(path)
        assert (answer.status, await answer.json()) == (503, {"error": ANSWER})
    assert (await visitor.post("/tunes", {})).status == 503
    assert (await visitor.get("/health")).status == 503
    proxy.silent = False
    assert (await visitor.get("/health")).status == 200
    assert (await visitor.get(f"/tunes/{tune_id}")).status == 200


async def test_an_open_page_shows_what_changed_meanwhile_when_the_database_answers_again(
    visitor: Visitor, proxy: DatabaseProxy, storage: Storage
) -> None:
    tune_id = await visitor.compose()
    async with aclosing(visitor.progress(tune_id)) as progress:
        assert (await anext(progress))["status"] == "queued"
        proxy.silent = True
        assert (await visitor.get("/health")).status == 503
        await storage.fail(tune_id, "Please ask for something else.")
        proxy.silent = False
        assert [change["status"] async for change in progress] == ["failed"]
