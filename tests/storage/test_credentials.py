"""Secrets in the database: encrypted, with keys that can be changed, used once, and forgotten in time."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage import SecretKeyError, Storage, open_storage
from storage.credentials import Credentials
from tests.storage.examples import execute

OLD, NEW = "an old key, long enough for a test", "a new key, long enough for a test!"
MINUTE = timedelta(minutes=1)
EXPIRE = "UPDATE credentials SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL"


@pytest.fixture
async def credentials(url: str, tmp_path: Path) -> AsyncIterator[Credentials]:
    async with open_storage(data_dir=tmp_path, database_url=url, secret_keys=[OLD]) as storage:
        yield storage.credentials


async def test_a_secret_is_found_again_by_its_platform_and_key(credentials: Credentials) -> None:
    await credentials.put("slack", "bot:T1", "xoxb-🎻")
    await credentials.put("slack", "bot:T2", "xoxb-2")
    await credentials.put("discord", "bot:T1", "other")
    assert await credentials.get("slack", "bot:T1") == "xoxb-🎻"
    await credentials.put("slack", "bot:T1", "xoxb-3", lifetime=MINUTE)
    assert await credentials.get("slack", "bot:T1") == "xoxb-3"
    await credentials.delete("slack", "bot:T1", "bot:T2")
    assert [await credentials.get("slack", key) for key in ("bot:T1", "bot:T2")] == [None, None]
    assert await credentials.get("discord", "bot:T1") == "other"


async def test_the_database_does_not_contain_the_secret(credentials: Credentials, url: str) -> None:
    for key in ("a", "b"):
        await credentials.put("slack", key, "xoxb-secret")
    [(first,), (second,)] = execute(url, "SELECT secret FROM credentials")
    assert isinstance(first, bytes) and b"xoxb" not in first
    assert first != second


async def test_keys_are_listed_by_their_beginning(credentials: Credentials) -> None:
    for key in ("bot:T2", "bot:T1", "bot%T3", "installer:T1"):
        await credentials.put("slack", key, "secret")
    await credentials.put("discord", "bot:T4", "secret")
    assert await credentials.keys("slack", "bot:") == ["bot:T1", "bot:T2"]
    assert await credentials.keys("slack", "bot%") == ["bot%T3"]
    assert len(await credentials.keys("slack")) == 4


async def test_of_many_who_take_a_secret_at_once_one_gets_it(credentials: Credentials, url: str, tmp_path: Path) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url, secret_keys=[OLD]) as other:
        for _ in range(5):
            await credentials.put("slack", "state", "once")
            taking = (store.take("slack", "state") for store in [credentials, other.credentials] * 5)
            taken = await asyncio.gather(*taking)
            assert sorted(secret or "" for secret in taken) == [""] * 9 + ["once"]


async def test_an_expired_secret_is_gone(credentials: Credentials, url: str) -> None:
    await credentials.put("slack", "state", "late", lifetime=MINUTE)
    await credentials.put("slack", "bot", "stays")
    execute(url, EXPIRE)
    assert await credentials.get("slack", "state") is None
    assert await credentials.take("slack", "state") is None
    assert await credentials.keys("slack") == ["bot"]
    await credentials.forget_expired()
    assert execute(url, "SELECT key FROM credentials") == [("bot",)]


async def test_a_secret_that_is_stored_again_without_a_lifetime_does_not_expire(credentials: Credentials, url: str) -> None:
    await credentials.put("slack", "bot", "first", lifetime=MINUTE)
    await credentials.put("slack", "bot", "second")
    execute(url, EXPIRE)
    assert await credentials.get("slack", "bot") == "second"


async def test_without_a_key_the_error_says_what_to_set(storage: Storage) -> None:
    for refused in (
        storage.credentials.put("slack", "bot", "secret"),
        storage.credentials.get("slack", "bot"),
        storage.credentials.take("slack", "bot"),
        storage.credentials.reencrypt(),
        storage.credentials.check("slack"),
    ):
        with pytest.raises(SecretKeyError, match=r"set SECRET_KEY to what `openssl rand -hex 32` prints\.$"):
            await refused
    await storage.credentials.forget_expired()


async def test_with_a_wrong_key_the_error_says_what_to_do_and_nothing_is_lost(credentials: Credentials, storage: Storage) -> None:
    await credentials.put("slack", "bot", "secret")
    wrong = Credentials(storage.database, [NEW])
    for refused in (wrong.get("slack", "bot"), wrong.take("slack", "bot"), wrong.reencrypt(), wrong.check("slack")):
        with pytest.raises(SecretKeyError, match="secret of slack cannot be decrypted: SECRET_KEY lacks the key") as raised:
            await refused
        assert "InvalidToken" not in "".join(traceback.format_exception(raised.value))
    assert await credentials.get("slack", "bot") == "secret"
    await credentials.check("slack")
    await wrong.check("discord")


async def test_a_key_is_changed_by_putting_the_new_one_before_it(credentials: Credentials, storage: Storage) -> None:
    await credentials.put("slack", "a", "secret a")
    await credentials.put("slack", "b", "secret b", lifetime=MINUTE)
    both = Credentials(storage.database, [NEW, OLD])
    await both.put("slack", "c", "secret c")
    assert await both.get("slack", "a") == "secret a"
    assert await both.reencrypt() == 2
    assert await both.reencrypt() == 0
    new = Credentials(storage.database, [NEW])
    assert [await new.get("slack", key) for key in "abc"] == ["secret a", "secret b", "secret c"]


async def test_two_processes_that_change_the_key_at_once_do_not_disturb_each_other(
    credentials: Credentials, storage: Storage
) -> None:
    for number in range(20):
        await credentials.put("slack", str(number), "secret")
    both = Credentials(storage.database, [NEW, OLD])
    assert sorted(await asyncio.gather(both.reencrypt(), both.reencrypt())) == [0, 20]
