"""Two changes to discord.py's HTTP client, for which it has no settings."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from discord.http import HTTPClient, Route

from bot.discord.core import limits


def harden(http: HTTPClient) -> None:
    """Call after the login, which opens the client's session.

    A call ends after CALL_S, not after aiohttp's 5 minutes, in which Discord forgets nonces. (A time-out around a call would
    also count the time that discord.py waits for rate limits.) And a call that is cancelled while it waits for the end of a
    global rate limit lets the other calls go on: discord.py would block them for ever.
    """
    session: aiohttp.ClientSession = http._HTTPClient__session  # type: ignore[attr-defined]
    session._timeout = aiohttp.ClientTimeout(total=limits.CALL_S)
    request = http.request

    async def request_or_release(route: Route, **options: Any) -> Any:
        try:
            return await request(route, **options)
        except asyncio.CancelledError:
            http._global_over.set()
            raise

    http.request = request_or_release  # type: ignore[method-assign]
