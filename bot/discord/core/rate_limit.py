"""The rate limit of all calls to Discord, which the bot keeps by itself."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from types import SimpleNamespace

import aiohttp
from discord.http import Route

from bot.discord.core import limits

UNCOUNTED = "/interactions/"  # the first answers: Discord does not count them, and they have to be sent within 3 s


class CallRateLimit:
    """Keeps the bot under Discord's limit for all calls together; discord.py keeps the limits of single routes.

    Calls wait here in their order. Edits of queue cards have a limit of their own, and wait while other calls do.
    """

    def __init__(self, calls_per_s: int | None = None) -> None:
        """`calls_per_s`: the part of limits.CALLS_PER_S that is for this shard; all unless given."""
        self._calls_per_s = calls_per_s or limits.CALLS_PER_S
        self._sent: deque[float] = deque(maxlen=self._calls_per_s)  # when the latest calls were sent
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._next_card_edit = 0.0

    @property
    def trace(self) -> aiohttp.TraceConfig:
        """For discord.py's HTTP session: each call waits before it is sent."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._wait)
        return trace

    @property
    def busy(self) -> bool:
        """Whether calls are waiting."""
        return self._waiting > 0

    def card_edit_delay_s(self) -> float:
        """Reserves the next edit of a queue card, and returns the seconds until it may be sent."""
        now = time.monotonic()
        self._next_card_edit = max(self._next_card_edit + 1 / limits.CARD_EDITS_PER_S, now)
        return self._next_card_edit - now

    async def _wait(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, request: aiohttp.TraceRequestStartParams
    ) -> None:
        url = str(request.url)
        if not url.startswith(Route.BASE) or UNCOUNTED in url:
            return
        self._waiting += 1
        try:
            async with self._turn:
                if len(self._sent) == self._calls_per_s:
                    await asyncio.sleep(max(self._sent[0] + 1 - time.monotonic(), 0))
                self._sent.append(time.monotonic())
        finally:
            self._waiting -= 1
