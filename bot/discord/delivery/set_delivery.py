"""The delivery of tunes that were requested together: one card, one message, and each tune stored as delivered with it."""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.core.following import Progress
from bot.core.texts import delivery as texts
from bot.discord.core.components import set_id_of
from bot.discord.core.context import Context
from bot.discord.delivery.cancel import cancel_view
from bot.discord.delivery.delivery import Delivery, MakeMessage
from bot.discord.delivery.set_message import load_set_message
from storage.tunes import Status, Tune


class SetDelivery(Delivery):
    _tunes: Sequence[Tune] = ()

    async def _follow(self) -> bool:
        over = False
        assert self._tune.set_id is not None
        async with contextlib.aclosing(self._context.desk.follow_set(self._tune.set_id)) as changes:
            async for states in changes:
                self._tunes = [progress.tune for progress in states]
                self._tune = next((tune for tune in self._tunes if tune.status is Status.FINISHED), self._tunes[0])
                over = all(tune.status.over for tune in self._tunes)
                if not over:
                    self._card.show(self._set_card_text(states), cancel_view(self._tune.id, self._translate))
        return over

    def _set_card_text(self, states: Sequence[Progress]) -> str:
        """The progress of the next tune, the longest time left, and how many tunes are finished."""
        unfinished = [progress for progress in states if not progress.tune.status.over]
        left = [progress.seconds_left for progress in unfinished if progress.seconds_left is not None]
        next_one = replace(unfinished[0], seconds_left=max(left, default=None))
        finished = self._translate(texts.set_progress(len(states) - len(unfinished), len(states)))
        return f"{self._card_text(next_one)}\n-# {finished}"

    async def _message(self) -> MakeMessage:
        return await load_set_message(self._context, self._tunes, file_limit=self._file_limit, translate=self._translate)

    async def _store(self, message_id: str) -> None:
        for tune in self._tunes:
            await self._context.storage.mark_delivered(tune.id, message_id)

    def _shows_tune(self, posted: discord.Message) -> bool:
        return set_id_of(posted) == self._tune.set_id


def begin_delivery(context: Context, tune: Tune, resumed: bool) -> Coroutine[Any, Any, None]:
    """The delivery of the tune, or of its set. Raises KeyError, TypeError or ValueError for invalid reply data."""
    return (SetDelivery if tune.set_id else Delivery)(context, tune, resumed=resumed).run()
