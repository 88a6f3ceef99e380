"""What is too old is forgotten, and secrets move to a new key."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage import Origin, Storage, Viewer, open_storage, tidying
from storage.credentials import Credentials
from storage.sharing import UNCLAIMED
from storage.tidying import keep_tidy, tidy
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, execute, request

OLD, NEW = "an old key, long enough for a test", "a new key, long enough for a test!"
TABLES = {"claims": "claimed_at", "sessions": "advanced_at"}
COUNT = "SELECT (SELECT count(*) FROM claims), (SELECT count(*) FROM sessions), (SELECT count(*) FROM credentials)"


async def fill(storage: Storage) -> None:
    await storage.claims.claim("slack", "Ev1")
    await storage.sessions.begin("slack", "C1", "1.2", rhythm="reel", key="D")
    await Credentials(storage.database, [OLD]).put("slack", "bot", "secret")


async def test_only_what_is_too_old_is_forgotten(storage: Storage, url: str) -> None:
    await fill(storage)
    for age, left in (("1 day", [(1, 1, 1)]), ("3 days", [(0, 1, 1)]), ("1 year", [(0, 0, 1)])):
        for table, column in TABLES.items():
            execute(url, f"UPDATE {table} SET {column} = now() - interval '{age}'")
        await tidy(storage)
        assert execute(url, COUNT) == left
    execute(url, "UPDATE credentials SET expires_at = now()")
    await tidy(storage)
    assert execute(url, COUNT) == [(0, 0, 0)]


async def test_after_a_change_of_the_key_the_old_one_is_not_needed(storage: Storage, url: str, tmp_path: Path) -> None:
    await fill(storage)
    async with open_storage(data_dir=tmp_path, database_url=url, secret_keys=[NEW, OLD]) as changed:
        await tidy(changed)
    assert await Credentials(storage.database, [NEW]).get("slack", "bot") == "secret"


async def test_tidying_goes_on_after_an_error(storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "EVERY_S", 0.01)
    await fill(storage)
    execute(url, "UPDATE claims SET claimed_at = now() - interval '1 year'")
    await storage.database.engine.dispose()
    with monkeypatch.context() as away, capture_logs() as logs:
        away.setattr(storage.database, "conninfo", "host=127.0.0.1 port=1 dbname=tunes connect_timeout=2")
        tidier = asyncio.create_task(keep_tidy(storage))
        await until(lambda: bool(logs))
    try:
        await until(lambda: execute(url, "SELECT 1 FROM claims") == [])
        assert not tidier.done()
    finally:
        tidier.cancel()
        await asyncio.wait({tidier})


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANG_S):
        while not true():
            await asyncio.sleep(0.02)


async def test_tunes_of_nobody_expire_unless_they_are_shared_or_claimed(storage: Storage, url: str) -> None:
    viewer, made = Viewer("web", "somebody"), {}
    for name, reply in (
        ("old", UNCLAIMED),
        ("new", UNCLAIMED),
        ("shared", UNCLAIMED),
        ("claimed", {"unclaimed": False}),
        ("known", {}),
    ):
        made[name] = (await storage.add(request(), Origin("web", name, "somebody", reply=reply))).id
        await storage.finish(made[name], COMPOSITION, {"tune.abc": ("text/vnd.abc", name.encode())})
    await storage.sharing.share(made["shared"], viewer)
    execute(url, f"UPDATE tunes SET created_at = now() - interval '8 days' WHERE id <> '{made['new']}'")
    assert await storage.sharing.expire_unclaimed(timedelta(days=7), 10) == 1
    assert await storage.tune(made["old"]) is None
    assert all([await storage.tune(made[name]) for name in ("new", "shared", "claimed", "known")])
