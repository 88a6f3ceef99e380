"""Clocks of the database and of the bot's machine that are wrong by an hour, as after somebody set them."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.discord.core import limits, reply
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import ELSEWHERE
from tests.storage.examples import execute

HOUR_S = 3600


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_post_that_was_not_stored_is_found_although_the_clock_of_the_database_is_wrong(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, url: str, hours: int
) -> None:
    discord = stage.discord

    async def die(tune_id: str, message: str) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as dying:
        dying.setattr(stage.storage, "mark_delivered", die)
        tune = await stage.accepted(await discord.slash("tune"))
        await stage.compose(tune.id)
        [message] = await discord.posted()
        await stage.stop_bot()
    execute(url, f"UPDATE tunes SET finished_at = finished_at + interval '{hours} hours'")
    discord.pass_time(10 * 60)  # Discord forgets nonces after some minutes
    await stage.start_bot()
    assert await stage.delivered(tune.id) == message["id"]
    assert discord.tunes() == [message]


async def test_a_token_is_used_although_it_has_expired_by_the_clock_of_the_bot(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RETRY_S", 0.05)
    asked = await stage.discord.slash("tune", channel=ELSEWHERE)  # where the bot is not a member, so the token is the only way
    tune = await stage.accepted(asked)

    class Ahead:
        time = staticmethod(lambda: time.time() + HOUR_S)

    monkeypatch.setattr(reply, "time", Ahead)
    await stage.compose(tune.id)
    assert await stage.delivered(tune.id) == asked.original
