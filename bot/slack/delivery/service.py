"""Delivers requested tunes, also those that an earlier process left."""

from __future__ import annotations

import asyncio
from functools import partial

from slack_bolt.async_app import AsyncApp

from bot.core.deliveries import Deliveries
from bot.slack.core.context import Context
from bot.slack.core.reply import PLATFORM
from bot.slack.delivery.delivery import deliver


def register(app: AsyncApp, context: Context) -> None:
    context.deliveries = Deliveries(context.storage, PLATFORM, partial(deliver, context), shared=True)


async def deliver_tunes(context: Context) -> None:
    """Runs until cancelled."""
    await context.deliveries.resume()
    try:
        await context.deliveries.run()
    except asyncio.CancelledError:
        await context.deliveries.close()
        raise
