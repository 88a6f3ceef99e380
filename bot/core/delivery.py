"""The delivery of a tune, or of several that were requested together: their progress, then one message.

Platforms show the progress on a queue card, and post the message.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

import structlog

from bot.core.desk import Desk
from bot.core.following import Progress
from bot.core.naming import time_left
from bot.core.retries import doubling
from bot.core.texts import delivery as texts
from bot.languages import Language
from generator.user_messages import UserMessage
from storage import tracing
from storage.errors import DatabaseUnavailable
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


class NotWaiting(Exception):
    """The tunes were deleted, or delivered by another process."""


class Limits(Protocol):
    """Those of the platform, in its module `limits`."""

    RETRY_S: float
    RETRY_AT_MOST_S: float


class Delivery(ABC):
    """Runs until the tunes are delivered or deleted, or no way to the person is left.

    `tune` is the one that was requested, or the first finished one of several; `tunes` are all of them.
    """

    def __init__(self, desk: Desk, tune: Tune, translate: Language, limits: Limits) -> None:
        self._desk, self._limits, self._translate = desk, limits, translate
        self._tune, self._tunes = tune, [tune]
        self._may_be_posted = False  # an earlier attempt may have posted the message

    @abstractmethod
    async def show(self, lines: Sequence[str]) -> None:
        """Shows the progress on the card, with a button that cancels."""

    @abstractmethod
    def cooldown_ends(self, at: datetime) -> UserMessage: ...

    @abstractmethod
    async def deliver(self) -> None:
        """Posts the message, or why there is none, and stores that. It goes on where the attempt before failed."""

    @abstractmethod
    async def cancelled(self) -> None:
        """Shows on the card that the tunes were deleted."""

    @abstractmethod
    def abandon(self) -> None:
        """Stops editing the card at once."""

    async def prepare(self) -> None:  # noqa: B027  # nothing by default
        """What each attempt begins with."""

    def refusal(self, error: Exception) -> str:
        """Why another attempt would fail too; empty if it may work."""
        return ""

    async def run(self) -> None:
        delays = doubling(self._limits.RETRY_S, self._limits.RETRY_AT_MOST_S)
        try:
            while True:
                try:
                    await self.prepare()
                    if await self._follow():
                        await self.deliver()
                        log.info("A tune is delivered.", tune=self._tune.id, status=str(self._tune.status))
                        tracing.record_delivery(self._tunes)
                    else:
                        await self.cancelled()
                    return
                except NotWaiting:
                    continue
                except Exception as error:
                    if reason := self.refusal(error):
                        log.warning("Could not deliver a tune.", tune=self._tune.id, reason=reason)
                        return
                    # Only the platform needs rest.
                    delay_s = self._limits.RETRY_S if isinstance(error, DatabaseUnavailable) else next(delays)
                    log.exception("Delivering a tune failed; trying again.", tune=self._tune.id, seconds=delay_s)
                    self._may_be_posted = True
                await asyncio.sleep(delay_s)
        finally:
            self.abandon()

    async def _follow(self) -> bool:
        """Shows the progress until all tunes are over. False if they were deleted before."""
        over = False
        async with aclosing(self._desk.follow_all(self._tune)) as changes:
            async for states in changes:
                self._tunes = [progress.tune for progress in states]
                self._tune = next((tune for tune in self._tunes if tune.status is Status.FINISHED), self._tunes[0])
                over = all(tune.status.over for tune in self._tunes)
                if not over:
                    await self.show(self._lines(states))
        return over

    def _lines(self, states: Sequence[Progress]) -> list[str]:
        """The progress of the next tune, the longest time left, and of several how many are finished."""
        unfinished = [progress for progress in states if not progress.tune.status.over]
        left = [progress.seconds_left for progress in unfinished if progress.seconds_left is not None]
        lines: list[UserMessage | str] = [texts.progress(unfinished[0])]
        if unfinished[0].held_until is not None:
            lines.append(self.cooldown_ends(unfinished[0].held_until))
        elif left:
            lines.append(time_left(max(left)))
        if len(states) > 1:
            lines.append(texts.set_progress(len(states) - len(unfinished), len(states)))
        return [self._translate(line) for line in lines]
