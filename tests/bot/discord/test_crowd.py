"""300 people press at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.bot.discord import crowd
from tests.bot.discord.conftest import Stage
from tests.loopback.discord_limits import Rates
from tests.loopback.discord_server import DEFERRED


@pytest.mark.timeout(300)
async def test_a_crowd_is_answered_in_time_and_everybody_gets_their_tune_in_turn(stage: Stage) -> None:
    discord = stage.discord
    asked = await crowd.press(stage)
    await discord.until(lambda: all(one.callback is not None for one in asked), 60)
    assert {one.callback for one in asked} == {DEFERRED}, "each within the 3 s that the stand-in gives"
    async with asyncio.timeout(60):
        while len(await stage.storage.undelivered("discord")) < len(asked):
            await asyncio.sleep(0.1)
    async with crowd.musician(stage) as musician:
        await crowd.all_delivered(stage, asked, 200)

    posted = Counter(message["content"].rpartition("for ")[2] for room in crowd.ROOMS for message in discord.tunes(room))
    assert posted == Counter(f"<@{one.person.id}>" for one in asked), "each tune once"
    assert all(discord.card(one) is None for one in asked)
    assert (discord.rates.exceeded, discord.refusals) == ([], [])
    assert discord.rates.busiest <= Rates.GLOBAL
    first_turns = musician.served[: crowd.PEOPLE]
    assert len(set(first_turns)) == crowd.PEOPLE, "nobody is served twice before another is served once"
    discord.assert_no_pings()
