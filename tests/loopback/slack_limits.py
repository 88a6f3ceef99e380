"""The stand-in's clock, and Slack's limits on the number of calls."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

ACK_S, TRIGGER_S = 3.0, 3.0
RESPONSE_URL_USES, RESPONSE_URL_S = 5, 30 * 60.0
TOKEN_S = 12 * 3600
TIERS = {1: 1, 2: 20, 3: 50, 4: 100, 5: 600}  # calls a minute


class Moment(NamedTuple):
    real_s: float
    passed_s: float


class Clock:
    """Real time and the time that tests let pass at once.

    Deadlines of seconds count only a part of real time, 1/stretch, so that a busy machine makes nobody late.
    """

    def __init__(self, stretch: float) -> None:
        self._stretch, self._passed_s, self._jumped = stretch, 0.0, asyncio.Event()

    def now(self) -> float:
        return time.time() + self._passed_s

    def mark(self) -> Moment:
        return Moment(time.monotonic(), self._passed_s)

    def age(self, since: Moment) -> float:
        """Seconds of the stand-in since a moment."""
        return (time.monotonic() - since.real_s) / self._stretch + self._passed_s - since.passed_s

    async def reach(self, since: Moment, age_s: float) -> None:
        """Waits until a moment is so many seconds old."""
        while (left_s := age_s - self.age(since)) > 0:
            try:
                await asyncio.wait_for(self._jumped.wait(), left_s * self._stretch)
            except TimeoutError:
                return

    def pass_time(self, seconds: float) -> None:
        self._passed_s += seconds
        self._jumped.set()
        self._jumped = asyncio.Event()


@dataclass
class Limits:
    """How often an app may call. Slack publishes tiers and «one message a second, short bursts allowed»; the burst is a guess."""

    messages_s: float = 1.0  # seconds between messages in a channel
    burst: int = 3  # messages at once after a pause
    tiers: bool = True  # count calls of each method in each workspace
    distributed: bool = False  # a newly distributed app: history once a minute, 15 messages


class Rates:
    """Counts calls. `exceeded` names those that came too early, `early` those that did not even wait for Retry-After."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.exceeded: list[str] = []
        self.early: list[str] = []
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self._free_s: dict[tuple[str, str], float] = {}  # when a channel's allowance is full again
        self._until_s: dict[tuple[str, ...], float] = {}  # Retry-After

    def method(self, method: str, tier: int, team: str, now: float) -> float:
        """Counts a call of a method in a workspace; returns after how many seconds to try again, or 0."""
        if not self.limits.tiers or not tier:
            return 0.0
        calls = self._calls.setdefault((method, team), deque())
        while calls and now - calls[0] >= 60:
            calls.popleft()
        if len(calls) >= TIERS[tier]:
            return self._refuse((method, team), calls[0] + 60 - now, now)
        calls.append(now)
        return 0.0

    def message(self, channel: str, team: str, now: float) -> float:
        """Counts a message in a channel; returns after how many seconds to try again, or 0."""
        if not self.limits.messages_s:
            return 0.0
        key, interval_s = (channel, team), self.limits.messages_s
        free_s = max(self._free_s.get(key, 0.0), now)
        if (wait_s := free_s - now - (self.limits.burst - 1) * interval_s) > 0:
            return self._refuse(("message", channel), wait_s, now)
        self._free_s[key] = free_s + interval_s
        return 0.0

    def _refuse(self, key: tuple[str, ...], wait_s: float, now: float) -> float:
        name = " ".join(key)
        self.exceeded.append(name)
        if now < self._until_s.get(key, 0.0):
            self.early.append(name)
        retry_s = float(math.ceil(wait_s))
        self._until_s[key] = now + retry_s
        return retry_s
