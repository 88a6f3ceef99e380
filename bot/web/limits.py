"""How much one network address may use. Each process counts for itself, and in memory: no address is stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from aiohttp import web

from bot import meters
from bot.core.recent import Recent
from bot.web.clients import Clients
from bot.web.language import translate
from generator.user_messages import UserMessage
from storage.storage import Storage

TUNES = "tunes of an address"  # in metrics
NETWORKS = 50_000  # that are remembered
LOOK_EVERY_S = 1.0
LIKES = 60  # an hour
LIKES_OF_A_TUNE = 10  # a day
VERSIONS, BOOKS = 120, 60  # an hour
HOUR_S, DAY_S = 3600.0, 86400.0
_OPEN = UserMessage(
    "Your network address has as many unfinished tunes here as it may. Please wait until some of them are finished."
)
_TUNES = UserMessage("Your network address has requested as many tunes as it may in an hour. Please wait a little.")
_LIKES = UserMessage("Your network address has liked as many tunes as it may in an hour. Please wait a little.")
_LIKES_OF_A_TUNE = UserMessage("Your network address has liked this tune as often as it may in a day.")
_VERSIONS = UserMessage("Your network address has requested as many versions as it may in an hour. Please wait a little.")
_BOOKS = UserMessage("Your network address has printed as many tunebooks as it may in an hour. Please wait a little.")
_READING = UserMessage("Your network address has sent more than can be read for it at the moment. Please wait a little.")


class TooMuch(web.HTTPTooManyRequests):
    """A network has used up what it may use."""

    def __init__(self, message: UserMessage, wait_s: float, limit: str) -> None:
        meters.REFUSED.labels(limit).inc()
        super().__init__(text=translate(message), headers={"Retry-After": str(max(1, round(wait_s)))})


class Allowance:
    """So much at once, and again as it refills. `key` is a network, perhaps with something else."""

    def __init__(self, name: str, most: float, refill_s: float, message: UserMessage) -> None:
        self._name, self._most, self._per_s, self._message = name, most, most / refill_s, message
        self._left: Recent[str, tuple[float, float]] = Recent(NETWORKS)  # what is left, and when that was

    def take(self, key: str, cost: float = 1) -> None:
        """Raises TooMuch if less than that is left."""
        left = self._left_of(key)
        if left < cost:
            raise TooMuch(self._message, (cost - left) / self._per_s, self._name)
        self.charge(key, cost)

    def charge(self, key: str, cost: float) -> None:
        """Takes a cost that is known only afterwards: it may leave less than nothing."""
        self._left[key] = self._left_of(key) - cost, time.monotonic()

    def _left_of(self, key: str) -> float:
        left, since = self._left.get(key, (self._most, 0.0))
        return min(self._most, left + (time.monotonic() - since) * self._per_s)


@dataclass(slots=True)
class _Open:
    ids: set[str] = field(default_factory=set)  # of tunes that were not finished when somebody looked
    being_added: int = 0
    looked_at: float = 0.0


class OpenTunes:
    """Limits how many unfinished tunes the visitors of one network have, all together."""

    def __init__(self, storage: Storage, most: int) -> None:
        self._storage, self._most = storage, most
        self._by_network: Recent[str, _Open] = Recent(NETWORKS)

    @asynccontextmanager
    async def adding(self, network: str, count: int) -> AsyncIterator[set[str]]:
        """Yields the set for the ids of the new tunes. Raises TooMuch if there would be too many."""
        entry = await self.check(network, count)
        entry.being_added += count
        try:
            yield entry.ids
        finally:
            entry.being_added -= count

    async def check(self, network: str, count: int = 1) -> _Open:
        """Raises TooMuch if there would be too many."""
        entry = self._by_network[network] = self._by_network.get(network) or _Open()
        if self._is_full(entry, count) and time.monotonic() - entry.looked_at > LOOK_EVERY_S:
            entry.looked_at = time.monotonic()
            seen = set(entry.ids)  # others may come while somebody looks
            entry.ids.difference_update(seen - await self._storage.unfinished(seen))
        if self._is_full(entry, count):
            raise TooMuch(_OPEN, LOOK_EVERY_S, "open tunes of an address")
        return entry

    def _is_full(self, entry: _Open, count: int) -> bool:
        return len(entry.ids) + entry.being_added + count > self._most


READING_S, READING_REFILL_S = 20.0, 100.0  # seconds of a processor, and in how many seconds they come back
READERS = 2  # threads
Value = TypeVar("Value")


class Reader(Protocol):
    def __call__(self, read: Callable[..., Value], /, *values: object) -> Awaitable[Value]: ...


class Reading:
    """Reads what strangers send in threads of its own, one text of a network at a time, and counts the processor's time."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._threads = ThreadPoolExecutor(READERS, "reading")
        self._locks: Recent[str, asyncio.Lock] = Recent(NETWORKS)

    async def run(self, network: str, read: Callable[..., Value], *values: object) -> Value:
        """Raises TooMuch if the network has used up its time, and what `read` raises."""
        lock = self._locks.get(network) or asyncio.Lock()
        self._locks[network] = lock
        async with lock:
            self._allowance.take(network, 0)
            started: list[float] = []

            def timed() -> Value:
                started.append(time.thread_time())
                try:
                    return read(*values)
                finally:
                    started.append(time.thread_time())

            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, timed)
            finally:
                if len(started) == 2:
                    self._allowance.charge(network, started[1] - started[0])


class Limits:
    def __init__(self, storage: Storage, clients: Clients, *, open_tunes: int, tunes: int) -> None:
        self.network = clients.network
        self.open_tunes = OpenTunes(storage, open_tunes)
        self.tunes = Allowance(TUNES, tunes, HOUR_S, _TUNES)
        self.likes = Allowance("likes of an address", LIKES, HOUR_S, _LIKES)
        self.likes_of_a_tune = Allowance("likes of a tune of an address", LIKES_OF_A_TUNE, DAY_S, _LIKES_OF_A_TUNE)
        self.versions = Allowance("versions of an address", VERSIONS, HOUR_S, _VERSIONS)
        self.books = Allowance("tunebooks of an address", BOOKS, HOUR_S, _BOOKS)
        self._reading = Reading(Allowance("reading of an address", READING_S, READING_REFILL_S, _READING))

    def reader(self, request: web.Request) -> Reader:
        """Runs functions that read what the sender of the request wrote. Raises TooMuch."""
        return partial(self._reading.run, self.network(request))
