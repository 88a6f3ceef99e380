"""The like button ♥: one like per person; a second press removes it."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.naming import title_of
from bot.core.reactions import press_like
from bot.core.tune_access import visible_tune
from bot.slack.core.answers import update_answer
from bot.slack.core.caller import caller_of, viewer_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, is_ephemeral, tune_id_in
from bot.slack.core.reply import PLATFORM
from bot.slack.delivery.tune_message import tune_blocks
from bot.slack.likes.like_counts import LikeCounts


def register(app: AsyncApp, context: Context) -> None:
    context.like_counts = LikeCounts(context)
    app.action("tune:like")(partial(_press, context))


async def update_numbers(context: Context) -> None:
    """Runs until cancelled."""
    await context.like_counts.run()


async def _press(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """The only answer is the new number. In a private message the tune is shown again; others are edited by `like_counts`."""
    await ack()
    event, tune_id = Event.of_interaction(body), tune_id_in(body)
    if not await context.storage.claims.claim(PLATFORM, event.id):  # sent again by Slack, it would remove the like
        return
    viewer = viewer_of(event)
    await press_like(context.storage, tune_id, viewer, event.channel_id)
    if not is_ephemeral(body):
        context.like_counts.pressed(event, body, tune_id)
    elif tune := await visible_tune(context.storage, viewer, event.channel_id, tune_id):
        translate = (await caller_of(context, event)).translate
        await update_answer(context, event, title_of(tune, translate), tune_blocks(context, tune, translate))
