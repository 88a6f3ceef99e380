"""Which models the workers have, so that people can choose among them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.dialects.postgresql import insert

from storage import tables
from storage.database import Database
from storage.jobs import QUEUE, queue_of

OFFER_EVERY_S = 15
OFFERED_FOR_S = 60  # a worker that restarts keeps its models on offer meanwhile
# What waits for a model that has not been seen for so long is composed by the usual one, so that it does not wait for ever.
WAITED_FOR_S = 300

MOVE = text("""
    UPDATE procrastinate_jobs SET queue_name = :queue
    WHERE status = 'todo' AND coalesce(scheduled_at <= now(), true) AND queue_name <> ALL(:kept)
    RETURNING args ->> 'tune_id'
""")

model_offers = tables.model_offers
log = structlog.get_logger(__name__)


class ModelOffers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def at_hand(self) -> dict[str, str]:
        """Names and descriptions of the models that workers have just now, the usual ones first."""
        query = select(model_offers.c.name, model_offers.c.description).where(_seen_within(OFFERED_FOR_S))
        query = query.order_by(model_offers.c.is_default.desc(), model_offers.c.name)
        async with self._database.engine.connect() as connection:
            return {row.name: row.description for row in await connection.execute(query)}

    @asynccontextmanager
    async def offered(self, descriptions: Mapping[str, str]) -> AsyncIterator[None]:
        """Offers a worker's models, by name the description of each and the usual one first, for as long as it lasts."""
        await self._tried_to_offer(descriptions)
        keeper = asyncio.create_task(self._keep_offering(descriptions))
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    async def _keep_offering(self, descriptions: Mapping[str, str]) -> None:
        passed = 0
        while True:
            await asyncio.sleep(OFFER_EVERY_S)
            offered = await self._tried_to_offer(descriptions, give_up=passed + OFFER_EVERY_S > WAITED_FOR_S)
            # By then all workers had time to come back, from a restart or after the database was away.
            passed = passed + OFFER_EVERY_S if offered else 0

    async def _tried_to_offer(self, descriptions: Mapping[str, str], *, give_up: bool = False) -> bool:
        try:
            await self._offer(descriptions)
            if give_up:
                await self.give_up_waiting()
        except Exception:  # whatever keeps the database away: the worker goes on, and so do its offers
            log.warning("the models cannot be offered just now", exc_info=True)
            return False
        return True

    async def _offer(self, descriptions: Mapping[str, str]) -> None:
        usual = next(iter(descriptions))
        values = [
            {"name": name, "description": description, "is_default": name == usual, "seen_at": func.now()}
            for name, description in sorted(descriptions.items())  # in one order, or two workers could wait for each other
        ]
        offer = insert(model_offers).values(values)
        renewed = {name: offer.excluded[name] for name in ("description", "is_default", "seen_at")}
        async with self._database.engine.begin() as connection:
            await connection.execute(offer.on_conflict_do_update(index_elements=["name"], set_=renewed))

    async def give_up_waiting(self) -> None:
        """Lets the usual model compose what waits for a model that no worker has had for long."""
        seen = select(model_offers.c.name).where(_seen_within(WAITED_FOR_S))
        async with self._database.engine.begin() as connection:
            kept = [queue_of(model) for model in ("", *(await connection.execute(seen)).scalars())]
            for (tune_id,) in await connection.execute(MOVE, {"queue": QUEUE, "kept": kept}):
                log.warning("the model that a tune waits for is gone; the usual one composes it", tune=tune_id)


def _seen_within(seconds: int) -> ColumnElement[bool]:
    return model_offers.c.seen_at > func.now() - timedelta(seconds=seconds)
