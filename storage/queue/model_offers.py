"""Model offers: which models the running workers have, so that users can choose one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.dialects.postgresql import insert

from storage import tables
from storage.database import Database
from storage.errors import StorageError
from storage.queue.tasks import QUEUE, queue_of

OFFER_EVERY_S = 15
OFFERED_FOR_S = 60  # long enough for a worker to restart
# Requests for a model that no worker has offered for this long are composed by the default model.
WAITED_FOR_S = 300

MOVE = text("""
    UPDATE procrastinate_jobs SET queue_name = :queue
    WHERE status = 'todo' AND coalesce(scheduled_at <= now(), true) AND queue_name <> ALL(:queues)
    RETURNING args ->> 'tune_id'
""")

model_offers = tables.model_offers
log = structlog.get_logger(__name__)


class ModelOffers:
    """Offers the models of a worker, and lists those that all workers offer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def offered(self) -> dict[str, str]:
        """Names and descriptions of the offered models, defaults first."""
        query = select(model_offers.c.name, model_offers.c.description).where(_seen_within(OFFERED_FOR_S))
        query = query.order_by(model_offers.c.is_default.desc(), model_offers.c.name)
        async with self._database.begin() as connection:
            return {row.name: row.description for row in await connection.execute(query)}

    @asynccontextmanager
    async def offer(self, descriptions: Mapping[str, str]) -> AsyncIterator[None]:
        """Offers a worker's models, name → description with the default first, until the context exits."""
        await self._try_to_offer(descriptions)
        keeper = asyncio.create_task(self._keep_offering(descriptions))
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    async def _keep_offering(self, descriptions: Mapping[str, str]) -> None:
        seen: dict[str, tuple[datetime, int]] = {}  # model → when it was offered, and the number of the offer of ours before
        number = 0  # of our offer, since the database was unreachable
        while True:
            await asyncio.sleep(OFFER_EVERY_S)
            if not await self._try_to_offer(descriptions):
                seen, number = {}, 0  # others can't offer either
                continue
            number += 1
            try:
                seen = {
                    name: (at, seen[name][1] if name in seen and seen[name][0] == at else number)
                    for name, at in (await self._last_offers()).items()
                }
                waited = math.ceil(WAITED_FOR_S / OFFER_EVERY_S)  # offers of ours, so that no clock is trusted
                if number > waited:
                    await self.give_up_waiting({name for name, (_, since) in seen.items() if number - since <= waited})
            except StorageError as error:
                log.warning("Looking for models that nobody offers failed; trying again.", error=str(error))

    async def _try_to_offer(self, descriptions: Mapping[str, str]) -> bool:
        try:
            await self._offer(descriptions)
        except Exception:  # whatever is wrong with the database: the worker continues and offers again
            log.warning("Offering the models failed; trying again.", exc_info=True)
            return False
        return True

    async def _offer(self, descriptions: Mapping[str, str]) -> None:
        default = next(iter(descriptions))
        values = [
            {"name": name, "description": description, "is_default": name == default, "seen_at": func.now()}
            for name, description in sorted(descriptions.items())  # sorted, or two workers could deadlock
        ]
        offer = insert(model_offers).values(values)
        renewed = {name: offer.excluded[name] for name in ("description", "is_default", "seen_at")}
        async with self._database.begin() as connection:
            await connection.execute(offer.on_conflict_do_update(index_elements=["name"], set_=renewed))

    async def _last_offers(self) -> dict[str, datetime]:
        async with self._database.begin() as connection:
            rows = await connection.execute(select(model_offers.c.name, model_offers.c.seen_at))
            return {row.name: row.seen_at for row in rows}

    async def give_up_waiting(self, offered: Collection[str]) -> None:
        """Moves requests for all other models, which no worker offers any more, to the default model."""
        queues = [queue_of(model) for model in ("", *offered)]
        async with self._database.begin() as connection:
            for (tune_id,) in await connection.execute(MOVE, {"queue": QUEUE, "queues": queues}):
                log.warning("No worker offers the requested model; the default model composes the tune.", tune=tune_id)


def _seen_within(seconds: int) -> ColumnElement[bool]:
    return model_offers.c.seen_at > func.now() - timedelta(seconds=seconds)
