"""Requests are stored before they are acknowledged. The bot is a process of its own that is killed between the steps."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from bot.core import deliveries
from bot.discord.core import limits
from storage import Status, Storage
from tests.bot.discord.conftest import Stage
from tests.bot.discord.test_process import process
from tests.loopback.discord import DIRECT, ELSEWHERE, MENTION, TUNES, Channel, FakeDiscord
from tests.loopback.discord_server import REPLY
from tests.patience import HANG_S

CALLBACK = "POST /interactions/.*/callback"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_S", 0.05)


async def locked(url: str) -> psycopg.AsyncConnection[object]:
    """No tune can be stored while the connection is open."""
    connection = await psycopg.AsyncConnection.connect(url)
    await connection.execute("LOCK TABLE tunes IN EXCLUSIVE MODE")
    return connection


async def waiting_to_store(url: str) -> None:
    """Waits until the bot waits for that lock."""
    async with asyncio.timeout(HANG_S), await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while True:
            found = await connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'tunes'::regclass")
            if await found.fetchone():
                return
            await asyncio.sleep(0.01)


async def reached(discord: FakeDiscord, call: str) -> None:
    await discord.until(lambda: any(call in one for one in discord.calls))


async def test_a_bot_killed_before_storing_has_acknowledged_nothing(storage: Storage, tmp_path: Path, url: str) -> None:
    async with FakeDiscord() as discord:
        async with process(discord, tmp_path, url):
            lock = await locked(url)
            asked = await discord.slash("tune")
            await waiting_to_store(url)
        await lock.close()
        assert asked.callback is None
        assert await storage.undelivered("discord") == []


@pytest.mark.parametrize("shown", [False, True], ids=["Discord did not get the call", "the answer was lost"])
@pytest.mark.parametrize("command", ["tune", "set"])
async def test_a_bot_killed_while_it_acknowledges_still_posts_the_tune_once(
    storage: Storage, tmp_path: Path, url: str, command: str, shown: bool
) -> None:
    async with FakeDiscord() as discord:
        stage = Stage(discord, storage)
        async with process(discord, tmp_path, url):
            release = discord.hold(CALLBACK, after=shown)
            asked = await discord.slash(command)
            await reached(discord, "/callback")
            await discord.until(lambda: asked.callback is not None or not shown)
        waiting = sorted(await storage.undelivered("discord"), key=lambda tune: tune.set_index)
        assert len(waiting) == (3 if command == "set" else 1)
        assert discord.is_thinking(asked) == shown
        if not shown:
            discord.pass_time(3)  # the call arrives too late
        release.set()
        async with process(discord, tmp_path, url):
            await storage.start(waiting[0].id)
            await storage.progress(waiting[0].id, status=Status.COMPOSING, bars=5)
            if shown:
                await discord.until(lambda: "5 bars" in (discord.card(asked) or {})["content"])
            for tune in waiting:
                await stage.compose(tune.id)
            [message] = await discord.posted()
            for tune in waiting:
                assert await stage.delivered(tune.id) == message["id"]
            await discord.until(lambda: discord.card(asked) is None)
        assert discord.messages_in() == [message]


async def test_a_bot_killed_before_it_stores_the_card_finds_it(storage: Storage, tmp_path: Path, url: str) -> None:
    async with FakeDiscord() as discord:
        stage = Stage(discord, storage)
        async with process(discord, tmp_path, url):
            release = discord.hold("POST /channels/300/messages", after=True)
            said = await discord.write(f"{MENTION} a reel")
            await discord.until(lambda: len(discord.messages_in()) == 2)
        release.set()
        discord.pass_time(600)  # longer than Discord knows the nonce
        [tune] = await storage.undelivered("discord")
        async with process(discord, tmp_path, url):
            await storage.start(tune.id)
            await storage.progress(tune.id, status=Status.COMPOSING, bars=5)
            await discord.until(lambda: "5 bars" in discord.messages_in()[1]["content"])
            await stage.compose(tune.id)
            message = await stage.delivered(tune.id)
        assert [one["id"] for one in discord.messages_in()] == [said["id"], message]


@pytest.mark.parametrize(("status", "body"), [(404, {"code": 10062, "message": "Unknown interaction"}), (403, None)])
async def test_a_tune_whose_acknowledgement_fails_is_posted_all_the_same(
    stage: Stage, status: int, body: dict[str, object] | None
) -> None:
    stage.discord.refuse(CALLBACK, status, body)
    asked = await stage.discord.slash("tune")
    async with asyncio.timeout(HANG_S):
        while not (waiting := await stage.storage.undelivered("discord")):
            await asyncio.sleep(0.01)
    await stage.compose(waiting[0].id)
    [message] = await stage.discord.posted()
    assert (asked.callback, await stage.delivered(waiting[0].id)) == (None, message["id"])


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
@pytest.mark.parametrize("status", [0, 500])
async def test_if_the_answer_to_the_acknowledgement_is_lost_the_card_is_found(
    stage: Stage, channel: Channel, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord = stage.discord
    discord.lose_answer(CALLBACK, status)
    asked = await discord.slash("tune", channel=channel)
    tune = await stage.accepted(asked)
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await discord.until(lambda: "5 bars" in (discord.card(asked) or {})["content"])
    await stage.compose(tune.id)
    message = discord.messages[await stage.delivered(tune.id)]
    assert message["attachments"]
    assert (await stage.tune(tune.id)).origin.reply["card"] == asked.original
    public = [one["id"] for one in discord.messages.values() if one["channel_id"] == channel.id]
    assert public == [message["id"]]


async def test_a_refusal_is_the_first_answer(stage: Stage) -> None:
    discord = stage.discord
    for _ in range(3):
        await stage.accepted(await discord.slash("tune"))
    before = len(discord.calls)
    asked = await discord.slash("tune")
    assert "3 unfinished tunes" in await discord.private_text(asked)
    assert asked.callback == REPLY
    assert [call for call in discord.calls[before:] if asked.token in call] == [
        f"POST /interactions/{asked.id}/{asked.token}/callback"
    ]


async def test_if_storing_takes_long_the_interaction_is_acknowledged_first(
    stage: Stage, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STORE_FIRST_S", 0.05)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(await locked(url))
        asked = [await stage.discord.slash("tune") for _ in range(4)]
        for one in asked:
            await stage.discord.deferred(one)
        assert await stage.storage.undelivered("discord") == []
    [refused] = await stage.discord.until(lambda: [one for one in asked if stage.discord.card(one) is None])
    assert "3 unfinished tunes" in await stage.discord.private_text(refused)
    for one in asked:
        if one is not refused:
            await stage.accepted(one)


@pytest.mark.parametrize("failures", [1, 2])
async def test_what_is_stored_is_delivered_though_the_answer_was_lost(
    stage: Stage, failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, calls = Storage.add, 0

    async def lost(*arguments: object, **keywords: object) -> object:
        """Stores, but the answer is lost."""
        nonlocal calls
        calls += 1
        stored = await add(*arguments, **keywords)  # type: ignore[arg-type]
        if calls <= failures:
            raise OSError("the connection was lost")
        return stored

    monkeypatch.setattr(Storage, "add", lost)
    monkeypatch.setattr(deliveries, "LOOK_FOR_TUNES_S", 0.05)
    await stage.restart()
    asked = await stage.discord.slash("tune")
    if failures == 1:
        await stage.accepted(asked)
    else:
        assert "try again in a minute" in await stage.discord.private_text(asked)
    [tune] = await stage.storage.undelivered("discord")
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.discord.tunes()) == 1
