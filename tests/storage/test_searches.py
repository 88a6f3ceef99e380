"""Lists and searches, which anybody may ask for, leave connections and time to others."""

import asyncio
from contextlib import AsyncExitStack

import psycopg
import pytest
from sqlalchemy import text

from storage import Storage, Viewer, database
from storage.errors import TooManySearches
from tests.storage.examples import origin, request


async def test_a_list_that_takes_too_long_is_given_up_and_the_next_one_is_read(
    storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE shared_tunes")
        with monkeypatch.context() as hurry:
            hurry.setattr(database, "SEARCH_S", 0.1)
            with pytest.raises(TooManySearches):
                await storage.gallery.shared()
    assert (await storage.gallery.shared()).tunes == []


async def test_while_all_searches_are_taken_others_have_connections(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(database.SEARCHES):
            await stack.enter_async_context(storage.database.begin_search())
        monkeypatch.setattr(database, "CHECKOUT_S", 0.1)
        with pytest.raises(TooManySearches):
            await storage.gallery.shared()
        monkeypatch.undo()
        waiting = [asyncio.create_task(storage.gallery.shared()) for _ in range(60)]
        tune = await storage.add(request(), origin())
        assert await storage.gallery.visible_tune(tune.id, Viewer("discord", "ann")) is None
    assert [page.tunes for page in await asyncio.gather(*waiting)] == [[]] * 60


async def test_the_limit_of_a_search_stays_in_its_transaction(storage: Storage) -> None:
    limit = text("SHOW statement_timeout")
    async with storage.database.begin_search() as connection:
        inside = (await connection.execute(limit)).scalar_one()
    async with storage.database.searches.connect() as connection:
        assert inside == "2s" != (await connection.execute(limit)).scalar_one()
