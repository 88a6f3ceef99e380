"""Keeps the bot under Discord's limit of 50 calls a second in all; the limits of single routes are discord.py's work."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from types import SimpleNamespace

import aiohttp
from discord.http import Route

CALLS_PER_S = 40
EDITS_PER_S = 20  # of cards, however many are open: so that finished tunes need not wait for them
UNCOUNTED = "/interactions/"  # the first answers: Discord does not count them, and they have 3 s


class Pace:
    """In the order in which they come, calls wait here until Discord takes them; edits of cards wait for all other calls."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque(maxlen=CALLS_PER_S)  # when the last ones left
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._next_edit = 0.0

    @property
    def trace(self) -> aiohttp.TraceConfig:
        """For discord.py's session: each call waits before it is sent."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._before)
        return trace

    @property
    def busy(self) -> bool:
        """Whether calls are waiting."""
        return self._waiting > 0

    def edit_delay_s(self) -> float:
        """Takes the next place among the edits of cards: the seconds until it comes."""
        now = time.monotonic()
        self._next_edit = max(self._next_edit + 1 / EDITS_PER_S, now)
        return self._next_edit - now

    async def _before(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, request: aiohttp.TraceRequestStartParams
    ) -> None:
        url = str(request.url)
        if not url.startswith(Route.BASE) or UNCOUNTED in url:
            return
        self._waiting += 1
        try:
            async with self._turn:
                if len(self._sent) == CALLS_PER_S:
                    await asyncio.sleep(max(self._sent[0] + 1 - time.monotonic(), 0))
                self._sent.append(time.monotonic())
        finally:
            self._waiting -= 1
