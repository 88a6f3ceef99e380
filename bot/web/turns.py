"""Turns for lists and searches: only some at a time, since the page's own work for each holds up every other visitor."""

from __future__ import annotations

import asyncio
import functools

from aiohttp import web
from aiohttp.typedefs import Handler

from storage.errors import TooManySearches

AT_ONCE = 2
WAIT_S = 10.0


class Turns:
    """Wraps the handlers that share the turns."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    def __call__(self, handler: Handler) -> Handler:
        """The handler, which waits for its turn. Raises TooManySearches after WAIT_S."""

        @functools.wraps(handler)
        async def in_turn(request: web.Request) -> web.StreamResponse:
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._free.acquire()
            except TimeoutError as error:
                raise TooManySearches("Too many lists and searches were asked for.") from error
            try:
                return await handler(request)
            finally:
                self._free.release()

        return in_turn
