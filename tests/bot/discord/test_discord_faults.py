"""A tune is delivered once through Discord's faults. `python -m tests.faults discord` has every fault at every step."""

from __future__ import annotations

import asyncio

import pytest

from storage import Storage
from tests.bot.discord.conftest import Stage
from tests.bot.discord.discord_faults import POST, STEPS, copies, deliver_through

OUTAGE = "outage of 20 minutes"
CHOSEN = [
    ("post", "limited for all calls"),
    ("post", "address banned"),
    ("post", "no answer after it took effect"),
    ("post", "channel deleted"),
    ("post", "bot removed from the server"),
    ("post in chat", "session at the gateway invalid"),
    ("removal of the card", "503 five times"),
    ("tune on the card", "connection closed after it took effect"),
    *((step, OUTAGE) for step in STEPS if step not in ("edit of the card", "tune on the card", "post of a set")),
]


@pytest.mark.parametrize(("step", "fault"), CHOSEN)
async def test_a_tune_is_delivered_once(storage: Storage, step: str, fault: str) -> None:
    await deliver_through(storage, step, fault)


async def test_a_tune_deleted_while_all_calls_are_limited_stops_no_other(stage: Stage) -> None:
    discord = stage.discord
    tune = await stage.accepted(await discord.slash("tune"))
    limited = {"message": "You are being rate limited.", "retry_after": 3_600, "global": True}
    discord.refuse(POST, 429, limited)
    await stage.compose(tune.id)
    await discord.until(lambda: not discord.faults_left)
    while stage.side_bot.http._global_over.is_set():  # until the bot waits for the end of the limit
        await asyncio.sleep(0.01)
    stage.side_bot.context.deliveries.cancel(tune)
    tune_id, _ = await stage.posted()
    assert len(copies(discord, [tune_id])) == 1
