"""Keeps the calls to one workspace under Slack's rate limits."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.recent import Recent
from bot.slack.core import limits

POSTS = ("chat.postMessage", "files.completeUploadExternal")
EDITS = "chat.update"


class _Channel:
    """When the next message and the next edit of a card may go to a channel."""

    def __init__(self) -> None:
        self.post_turn, self.card_turn = asyncio.Lock(), asyncio.Lock()
        self.next_post_s = self.next_card_s = 0.0
        self.posts_waiting = 0
        self.no_posts = asyncio.Event()
        self.no_posts.set()


class Pacing:
    """Calls wait here in their order: messages for their channel, every call for its method."""

    def __init__(self) -> None:
        self._channels: Recent[str, _Channel] = Recent(limits.REMEMBERED_CHANNELS)
        self._sent: defaultdict[str, deque[float]] = defaultdict(deque)  # method → when calls of the last minute were sent
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held_until_s: dict[str, float] = {}  # by method: Slack refused a call because of its rate

    @asynccontextmanager
    async def turn(self, method: str, channel_id: str = "") -> AsyncIterator[None]:
        """Waits until the call may be sent. Make the call inside, so that the next message waits for its end."""
        if method not in POSTS or not channel_id:
            await self._wait(method)
            yield
            return
        channel = self._channel(channel_id)
        channel.posts_waiting += 1
        channel.no_posts.clear()
        try:
            async with channel.post_turn:
                await _until(channel.next_post_s)
                await self._wait(method)
                try:
                    yield
                finally:
                    channel.next_post_s = time.monotonic() + limits.POST_INTERVAL_S
        finally:
            channel.posts_waiting -= 1
            if not channel.posts_waiting:
                channel.no_posts.set()

    async def card_turn(self, channel_id: str) -> None:
        """Waits until a card in the channel may be edited. Then read the newest progress, and edit at once.

        Cards are less urgent than messages in the channel, and leave some edits a minute to others.
        """
        channel = self._channel(channel_id)
        async with channel.card_turn:
            await _until(channel.next_card_s)
            await channel.no_posts.wait()
            while self._sent_lately(EDITS) >= _limit(EDITS) - limits.KEPT_FROM_CARDS:
                await _until(self._sent[EDITS][0] + limits.MINUTE_S)
            channel.next_card_s = time.monotonic() + limits.CARD_INTERVAL_S

    def hold(self, method: str, seconds: float) -> None:
        """Holds the calls of a method that Slack refused because of their rate."""
        self._held_until_s[method] = max(self._held_until_s.get(method, 0.0), time.monotonic() + seconds)

    def _channel(self, channel_id: str) -> _Channel:
        self._channels[channel_id] = channel = self._channels.get(channel_id) or _Channel()
        return channel

    async def _wait(self, method: str) -> None:
        async with self._turns[method]:
            while True:
                held_until_s = self._held_until_s.get(method, 0.0)
                if self._sent_lately(method) >= _limit(method):
                    held_until_s = max(held_until_s, self._sent[method][0] + limits.MINUTE_S)
                if held_until_s <= time.monotonic():
                    break
                await _until(held_until_s)
            self._sent[method].append(time.monotonic())

    def _sent_lately(self, method: str) -> int:
        sent, now = self._sent[method], time.monotonic()
        while sent and sent[0] + limits.MINUTE_S <= now:
            sent.popleft()
        return len(sent)


def _limit(method: str) -> int:
    return limits.METHOD_CALLS_PER_MINUTE.get(method, limits.CALLS_PER_MINUTE)


async def _until(time_s: float) -> None:
    await asyncio.sleep(max(time_s - time.monotonic(), 0))
