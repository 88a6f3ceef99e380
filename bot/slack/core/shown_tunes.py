"""Which tune of ours a message shows, and which one a thread is about. Only the database is read: no history of channels."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM, reply_of
from storage.tunes import Tune


async def tune_in_message(context: Context, channel_id: str, message_ts: str, file_ids: Sequence[str] = ()) -> Tune | None:
    """The tune that a message delivered or shared, the first one of a set. Files name a message whose `ts` Slack never told."""
    ids = [message_ts, *file_ids]
    shown = await context.storage.messages.shown(PLATFORM, ids)
    return next((tune for tune in shown if _is_shown(tune, channel_id, ids)), None)


async def tune_in_thread(context: Context, event: Event) -> Tune | None:
    """The latest tune that was requested in the event's thread, else the one in its first message."""
    if not event.thread_ts:
        return None
    latest = await context.storage.messages.latest(PLATFORM, event.channel_id, {"thread_ts": event.thread_ts})
    return latest or await tune_in_message(context, event.channel_id, event.thread_ts)


def _is_shown(tune: Tune, channel_id: str, ids: Sequence[str]) -> bool:
    """The `ts` of a message is unique in its channel only."""
    reply, shared = reply_of(tune), tune.shared
    delivered_in = (reply and reply.posted_in) or tune.origin.channel_id
    is_delivered = tune.message_id in ids and delivered_in == channel_id
    return is_delivered or (shared is not None and shared.message_id in ids and shared.channel_id == channel_id)
