"""The Delete button: after Slack's question it deletes the tune and its messages for good."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.texts import common
from bot.core.texts import deletion as texts
from bot.core.tune_access import visible_tune
from bot.slack.core.answers import answer, update_answer
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, files_in, is_ephemeral, tune_id_in
from bot.slack.core.permissions import may_delete
from bot.slack.core.reply import PLATFORM, reply_of
from bot.slack.delivery.posting import Posted
from bot.slack.delivery.removal import remove_message, remove_messages
from bot.slack.delivery.shown_message import own_messages
from generator.user_messages import UserError
from storage.sharing import NOT_YOURS_TO_DELETE


def register(app: AsyncApp, context: Context) -> None:
    app.action("tune:delete")(partial(_delete, context))


async def _delete(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """The owner of the tune may delete it, and others by the workspace's settings. Slack has asked whether they mean it."""
    await ack()
    event, tune_id = Event.of_interaction(body), tune_id_in(body)
    if not await context.storage.claims.claim(PLATFORM, event.id):
        return
    caller = await caller_of(context, event)
    may = await may_delete(context, event, caller)
    try:
        tune = await context.storage.sharing.delete(tune_id, caller.viewer, moderates=may)
    except KeyError:
        seen = await visible_tune(context.storage, caller.viewer, event.channel_id, tune_id)
        raise UserError(NOT_YOURS_TO_DELETE if seen else common.TUNE_GONE) from None
    await (update_answer if is_ephemeral(body) else answer)(context, event, caller.translate(texts.DELETED))
    pressed, reply = (event.channel_id, event.message_ts), reply_of(tune)
    if reply is not None and pressed not in own_messages(tune) and not is_ephemeral(body):
        # It shows the tune too, but is not known: its owner posted the tune once more, or Slack never told its `ts`.
        await remove_message(context, tune.id, reply, Posted(*pressed), files_in(body))
    await remove_messages(context, tune)
    context.start(context.home.changed(event))
