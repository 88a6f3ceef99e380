"""300 people use /tune at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.bot.discord import crowd
from tests.bot.discord.conftest import Stage
from tests.loopback.discord_limits import Rates
from tests.loopback.discord_server import DEFERRED
from tests.patience import HANG_S


@pytest.mark.timeout(1_200)  # takes half a minute on an idle machine
async def test_300_people_at_once_are_answered_and_get_their_tunes_in_turn(stage: Stage) -> None:
    discord = stage.discord
    asked = await crowd.press(stage)
    await discord.until(lambda: all(one.callback is not None for one in asked), 5 * HANG_S)
    assert {one.callback for one in asked} == {DEFERRED}
    async with asyncio.timeout(5 * HANG_S):
        while len(waiting := await stage.storage.undelivered("discord")) < len(asked):
            await asyncio.sleep(0.1)
    person = {tune.id: tune.origin.user_id for tune in waiting}
    async with crowd.fake_worker(stage) as worker:
        await crowd.all_delivered(stage, asked, 10 * HANG_S)

    posted = Counter(message["content"].rpartition("for ")[2] for room in crowd.ROOMS for message in discord.tunes(room))
    assert posted == Counter(f"<@{one.person.id}>" for one in asked), "each tune once"
    assert all(discord.card(one) is None for one in asked)
    assert (discord.rates.exceeded, discord.refusals) == ([], [])
    assert discord.rates.busiest <= Rates.GLOBAL
    first_turns = {person[tune_id] for tune_id in worker.served[: crowd.PEOPLE]}
    assert len(first_turns) == crowd.PEOPLE, "nobody is served twice before another is served once"
    discord.assert_no_pings()
