"""The Cancel button on a queue card."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.core.answers import answer
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import unless_gone
from bot.slack.core.context import Context
from bot.slack.core.event import Event, tune_id_in
from bot.slack.delivery.removal import remove_channel_post
from generator.user_messages import UserError


def register(app: AsyncApp, context: Context) -> None:
    app.action("tune:cancel")(partial(_cancel, context))


async def _cancel(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Deletes the unfinished tune, or the set that it belongs to. Only its owner may do that. Its delivery says that it ended."""
    await ack()
    event = Event.of_interaction(body)
    caller, tune_id = await caller_of(context, event), tune_id_in(body)
    try:
        deleted = await context.desk.cancel(tune_id, caller.viewer)
    except UserError as error:
        await answer(context, event, caller.translate(error.message))
        if await context.storage.tune(tune_id) is None:  # a process died before it removed the card
            client = await context.clients.of(event.team_id, event.enterprise_id)
            await unless_gone(client.chat_delete(channel=event.channel_id, ts=event.message_ts))
        return
    for tune in deleted:  # one of a set may be finished and shared
        await remove_channel_post(context, tune)
