"""A database that accepts and does not answer: each command and button is answered with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.discord.core import limits
from storage import Storage, changes, database, open_storage
from storage.connection import NETWORK, Connection
from tests.bot.discord.conftest import Stage
from tests.loopback.database import DatabaseProxy
from tests.loopback.discord import FakeDiscord, Interaction, Payload
from tests.patience import HANG_S

COMMANDS = ("tune", "set", "gallery", "top", "tunebook", "mine", "defaults", "settings", "privacy")


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[DatabaseProxy]:
    async with DatabaseProxy(url).running() as proxy:
        yield proxy


@pytest.fixture
async def storage(proxy: DatabaseProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Storage]:
    """Through the proxy, with short limits."""
    monkeypatch.setitem(NETWORK, "connect_timeout", 2)
    monkeypatch.setattr(changes, "CHECK_EVERY_S", 0.1)
    async with open_storage(data_dir=tmp_path, database_url=proxy.url) as storage:
        yield storage


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """In tests, a traceback takes a second to write."""
    with capture_logs() as logs:
        yield logs


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOKUP_S", 0.1)
    monkeypatch.setattr(database, "CHECKOUT_S", 0.1)
    monkeypatch.setattr(Connection, "silence_s", 0.1)


async def sentence(discord: FakeDiscord, interaction: Interaction) -> str:
    """What the person reads, once it is no longer “thinking…”."""
    message: Payload = await discord.private_message(interaction)
    return str(message["content"])


async def test_every_command_is_answered_with_a_sentence(
    stage: Stage, proxy: DatabaseProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    proxy.silent = True
    for command in COMMANDS:
        asked = await stage.discord.slash(command)
        assert (await sentence(stage.discord, asked)).endswith("."), command
    assert not stage.discord.messages_in()


async def test_every_button_is_answered_with_a_sentence(
    stage: Stage, proxy: DatabaseProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, message = await stage.posted()
    hurry(monkeypatch)
    proxy.silent = True
    for button in stage.discord.buttons(message):
        pressed = await stage.discord.click(message, button)
        assert (await sentence(stage.discord, pressed)).endswith("."), button


async def test_a_tune_that_is_finished_during_the_silence_is_posted_once_after_it(
    stage: Stage, proxy: DatabaseProxy, monkeypatch: pytest.MonkeyPatch, url: str, tmp_path: Path
) -> None:
    requested = await stage.discord.slash("tune")
    tune = await stage.accepted(requested)
    await stage.discord.until(lambda: "queue" in (stage.discord.card(requested) or {}).get("content", ""))
    async with open_storage(data_dir=tmp_path, database_url=url) as direct:
        worker = Stage(stage.discord, direct)
        proxy.silent = True
        await worker.compose(tune.id)
        with monkeypatch.context() as hurried:
            hurry(hurried)
            asked = await stage.discord.slash("mine")
            assert (await sentence(stage.discord, asked)).endswith(".")
            proxy.silent = False
            [message] = await stage.discord.posted()
        assert await worker.delivered(tune.id) == message["id"]


async def test_a_bot_that_starts_during_the_silence_starts_after_it(
    stopped_stage: Stage, proxy: DatabaseProxy, monkeypatch: pytest.MonkeyPatch, logs: list[MutableMapping[str, Any]]
) -> None:
    monkeypatch.setattr(limits, "RECONNECT_S", 0.1)
    with monkeypatch.context() as hurried:
        hurry(hurried)
        proxy.silent = True
        starting = asyncio.create_task(stopped_stage.start_bot())
        async with asyncio.timeout(HANG_S):
            while not any("Shards cannot be shared out" in entry["event"] for entry in logs):
                await asyncio.sleep(0.01)
        proxy.silent = False
    await starting
    await stopped_stage.accepted(await stopped_stage.discord.slash("tune"))
