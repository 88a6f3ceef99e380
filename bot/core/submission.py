"""What a request, a button or a reply stands for, and storing it. The platforms acknowledge and deliver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

import structlog

from bot.core.desk import Desk
from bot.core.texts import common as texts
from bot.core.tune_access import find_tune, is_opening_visible, visible_tune
from generator.request import RequestError, TuneRequest
from generator.user_messages import UserError
from storage.storage import Storage
from storage.tunes import Origin, Tune
from storage.viewer import Viewer

log = structlog.get_logger(__name__)

Derived: TypeAlias = tuple[TuneRequest, str | None]  # a request, and the id of its parent
Requests: TypeAlias = tuple[Sequence[TuneRequest], str | None]  # requests, and the id of the parent of the first


async def store(
    desk: Desk, requests: Sequence[TuneRequest], origin: Origin, *, parent_id: str | None = None, parent_channel_id: str = ""
) -> Tune:
    """Stores the requests of an event, and returns their tune, the first of several.

    A failure is tried once more: the requests may be stored although the answer of the database was lost, and the same event
    is stored once. Raises UserError if the request is refused.
    """

    async def add() -> Tune:
        if len(requests) > 1:
            return (await desk.submit_set(requests, origin, parent_id=parent_id, parent_channel_id=parent_channel_id))[0]
        return await desk.submit(requests[0], origin, parent_id=parent_id, parent_channel_id=parent_channel_id)

    try:
        return await add()
    except UserError:
        raise
    except Exception as error:
        log.warning("Storing a request failed; trying once more.", event_id=origin.event_id, reason=repr(error))
        return await add()


async def derived(storage: Storage, viewer: Viewer, channel_id: str, tune_id: str, derive: Callable[[Tune], Derived]) -> Requests:
    """The request that `derive` makes from a tune, and its parent. Raises UserError if the viewer may not use the tune so."""
    tune = await find_tune(storage, viewer, channel_id, tune_id)
    request, parent_id = await asyncio.to_thread(derive, tune)  # it reads ABC that may be hostile
    if request.opening == tune.request.opening:
        await _check_opening(storage, viewer, channel_id, tune)
    return [request], parent_id


async def derived_set(
    storage: Storage, viewer: Viewer, channel_id: str, set_id: str, derive: Callable[[Sequence[Tune]], Sequence[TuneRequest]]
) -> Requests:
    """The requests that `derive` makes from the tunes of a set. Raises UserError as `derived`."""
    tunes = await storage.set_of(set_id)
    finished = [tune.id for tune in tunes if tune.composition]
    if not finished or not all([await visible_tune(storage, viewer, channel_id, tune_id) for tune_id in finished]):
        raise UserError(texts.TUNE_GONE)
    await _check_opening(storage, viewer, channel_id, tunes[0])
    return await asyncio.to_thread(derive, tunes), None


async def _check_opening(storage: Storage, viewer: Viewer, channel_id: str, tune: Tune) -> None:
    """Raises RequestError if the viewer may not reuse the tune's opening."""
    if not await is_opening_visible(storage, viewer, channel_id, tune):
        raise RequestError("opening", texts.OPENING_UNAVAILABLE)
