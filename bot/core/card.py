"""The queue card: a message that shows the progress of a request until its tunes are there. Platforms edit it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Generic, TypeVar

import structlog

Buttons = TypeVar("Buttons")

log = structlog.get_logger(__name__)


class Card(ABC, Generic[Buttons]):
    """Shows the newest text: one edit at a time, none after it is closed."""

    temporary: tuple[type[Exception], ...] = ()  # errors of `turn` and `edit` that may pass

    def __init__(self, buttons: Buttons, shown: str = "") -> None:
        self._text = self._shown = shown
        self._buttons = buttons
        self._news, self._closing = asyncio.Event(), asyncio.Event()
        self._updating: asyncio.Task[None] | None = None

    @abstractmethod
    async def turn(self) -> None:
        """Waits until the card may be edited. It is cancelled if the card is closed before."""

    @abstractmethod
    async def edit(self, text: str, buttons: Buttons) -> bool:
        """Shows the text. False if the card is out of reach for good. Raises errors that may pass."""

    def show(self, text: str, buttons: Buttons) -> None:
        """Returns at once; the edit follows."""
        self._text, self._buttons = text, buttons
        self._news.set()
        if self._updating is None and not self._closing.is_set():
            self._updating = asyncio.create_task(self._update())

    async def close(self) -> None:
        """Waits for an edit in progress: a cancelled one might still arrive after a later one."""
        self._closing.set()
        self._news.set()
        if self._updating is not None:
            await asyncio.wait([self._updating])

    def abandon(self) -> None:
        """Stops at once. Nothing may edit the card afterwards."""
        if self._updating is not None:
            self._updating.cancel()

    async def _update(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._closing.is_set():
                return
            if self._text == self._shown:
                continue
            try:
                if await self._closed_before(self.turn()):
                    return
                self._shown = self._text
                if not await self.edit(self._shown, self._buttons):
                    return
            except self.temporary as error:
                log.warning("Could not edit a queue card.", reason=repr(error))

    async def _closed_before(self, turn: Awaitable[None]) -> bool:
        """Waits for the turn, or until the card is closed. Raises as `turn`."""
        waiting = [asyncio.ensure_future(turn), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if waiting[0].done():
                await waiting[0]
        finally:
            for future in waiting:
                future.cancel()
        return self._closing.is_set()
