"""The bot's own rate limits, and the time left on a card."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import aiohttp
import pytest
from discord.http import Route
from multidict import CIMultiDict
from yarl import URL

from bot.core.naming import time_left
from bot.discord.core import limits, rate_limit
from bot.discord.core.rate_limit import CallRateLimit
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import Person


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1, "a few seconds left"),
        (10, "about 10 s left"),
        (11, "about 20 s left"),
        (50, "about 50 s left"),
        (51, "about 1 min left"),
        (149, "about 2 min left"),
        (3_299, "about 55 min left"),
        (3_300, "about 1 h left"),
        (9_100, "about 3 h left"),
    ],
)
def test_the_time_left_is_rounded(seconds: int, told: str) -> None:
    assert time_left(seconds) == told


def test_edits_of_many_cards_keep_to_the_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: 100.0))  # all at the same time
    edits = CallRateLimit()
    delays = [edits.card_edit_delay_s() for _ in range(3 * limits.CARD_EDITS_PER_S + 1)]
    assert delays[0] == 0
    assert delays[-1] == pytest.approx(3)


async def call_time(paced: CallRateLimit, path: str) -> float:
    """The time in seconds at which the call was sent."""
    request = aiohttp.TraceRequestStartParams("GET", URL(Route.BASE + path), CIMultiDict())
    [before] = paced.trace.on_request_start
    async with aiohttp.ClientSession() as session:
        await before(session, SimpleNamespace(), request)
    return time.monotonic()


async def test_calls_wait_for_the_rate_limit_and_first_answers_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLS_PER_S", 3)
    paced, began = CallRateLimit(), time.monotonic()
    calls = asyncio.gather(*(call_time(paced, "/channels/300/messages") for _ in range(4)))
    await asyncio.sleep(0.01)
    assert paced.busy, "edits of cards wait now"
    answered = await call_time(paced, "/interactions/1/token/callback")
    *first, last = await calls
    assert max(answered, *first) < last
    assert last - began >= 1
    assert not paced.busy


async def test_many_cards_are_all_edited_but_not_too_often(stage: Stage) -> None:
    began = time.monotonic()
    asked = [await stage.discord.slash("tune", person=Person(str(500 + number), "somebody")) for number in range(30)]

    def shown() -> bool:
        cards = [stage.discord.card(one) for one in asked]
        return all(card is not None and "🎻" in card["content"] for card in cards)

    await stage.discord.until(shown)
    assert time.monotonic() - began > 0.9 * 29 / limits.CARD_EDITS_PER_S
    assert stage.discord.rates.exceeded == []
