"""Starting, reconnecting and stopping."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog
from discord.http import Route

from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.discord import start
from bot.discord.client import TunesmithBot
from bot.discord.core import limits
from bot.discord.start import DiscordSide
from bot.settings import Settings
from generator.request import TuneRequest
from storage import Origin, Storage
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import FakeDiscord
from tests.patience import HANG_S


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(("token", "told"), [("MTAw.wrong.token", "rejected the bot's token"), (None, "token is missing")])
async def test_a_wrong_token_ends_with_an_explanation_and_an_exit_code(storage: Storage, token: str | None, told: str) -> None:
    async with FakeDiscord() as discord:
        wrong = settings(**discord.settings | {"discord_token": token})
        with pytest.raises(NoLogin, match=told) as error:
            await DiscordSide(wrong, Desk(storage, open_requests_per_person=3), storage).run()
    assert error.value.exit_code not in (0, 1, 2)
    assert str(token) not in str(error.value)


async def test_a_token_that_is_revoked_later_ends_the_same_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stage.side is not None
    monkeypatch.setattr("tests.loopback.discord_world.TOKEN", "another")
    await stage.discord.gateway.forget_session()
    await stage.discord.drop()
    with pytest.raises(NoLogin):
        async with asyncio.timeout(HANG_S):
            await stage.running


async def test_the_bot_retries_while_discord_is_out_of_reach(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.stop_bot()
    monkeypatch.setattr(limits, "RECONNECT_S", 0.05)
    stage.discord.refuse(r"GET /users/@me", 403, times=2)
    await stage.start_bot()
    assert stage.discord.calls.count("GET /users/@me") == 6  # twice at each start: to ask for shards, and for the bot


async def test_the_invite_link_is_logged_at_the_start(stopped_stage: Stage) -> None:
    with structlog.testing.capture_logs() as logs:
        await stopped_stage.start_bot()
    [url] = [entry["url"] for entry in logs if "url" in entry]
    assert url == "https://discord.com/oauth2/authorize?client_id=100&scope=bot+applications.commands&permissions=274878286848"


async def test_no_privileged_intent_is_requested(stage: Stage) -> None:
    guilds, guild_messages, direct_messages = 1 << 0, 1 << 9, 1 << 12
    assert stage.discord.gateway.intents == guilds | guild_messages | direct_messages


async def test_ready_means_that_events_arrive(stage: Stage) -> None:
    assert stage.side is not None
    async with asyncio.timeout(HANG_S):
        while not stage.side.ready():
            await asyncio.sleep(0.01)
    await stage.stop_bot()
    assert not stage.side.ready()


async def test_without_settings_the_addresses_of_discord_are_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", "untouched")
    start.redirect(settings())
    assert Route.BASE == "untouched"


async def test_a_tune_without_reply_data_does_not_stop_the_start(stopped_stage: Stage) -> None:
    await stopped_stage.storage.add(TuneRequest(seed=1), Origin(platform="discord", event_id="1", user_id="400"))
    await stopped_stage.start_bot()
    await stopped_stage.accepted(await stopped_stage.discord.slash("tune"))


async def test_a_disconnect_that_discord_does_not_confirm_does_not_delay_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, closing = TunesmithBot.close, list[asyncio.Task[None]]()

    async def unanswered(bot: TunesmithBot) -> None:
        closing.append(asyncio.create_task(close(bot)))
        await asyncio.Event().wait()

    monkeypatch.setattr(limits, "CLOSE_S", 0.2)
    monkeypatch.setattr(TunesmithBot, "close", unanswered)
    async with asyncio.timeout(HANG_S):
        await stage.stop_bot()


async def test_the_bot_stops_although_discord_py_ignores_a_cancellation(
    stopped_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does if the cancellation arrives while it connects again."""
    connecting = asyncio.Event()

    async def connect(self: TunesmithBot, *, reconnect: bool = True) -> None:
        connecting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            while not self.is_closed():
                await asyncio.sleep(0.01)

    monkeypatch.setattr(TunesmithBot, "connect", connect)
    side = DiscordSide(
        settings(**stopped_stage.discord.settings), Desk(stopped_stage.storage, open_requests_per_person=3), stopped_stage.storage
    )
    running = asyncio.create_task(side.run())
    await connecting.wait()
    running.cancel()
    await asyncio.wait([running], timeout=HANG_S)
    assert running.cancelled()
