"""The turns of the session that is played in a thread. They are stored, so a restart loses nothing."""

from __future__ import annotations

from bot.core.sessions import Turn
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM


async def find_turn(context: Context, event: Event) -> Turn | None:
    """What comes before the next phrase in the thread of the event. None if no session is played there.

    The thread under an answer is a session too. The delivery of each answer makes it the latest one.
    """
    if not event.thread_ts:
        return None
    session = await context.storage.sessions.find(PLATFORM, event.channel_id, event.thread_ts)
    if session is not None:
        return Turn(session.tune_id or await _latest_answer(context, event), session.rhythm, session.key)
    for tune in await context.storage.messages.shown(PLATFORM, [event.thread_ts]):
        if tune.request.mode == "answer" and tune.origin.channel_id == event.channel_id:
            return Turn(tune.id)
    return None


async def _latest_answer(context: Context, event: Event) -> str:
    """The id of the last tune in the thread, if it is an answer: a later one was deleted."""
    tune = await context.storage.messages.latest(PLATFORM, event.channel_id, {"thread_ts": event.thread_ts})
    return tune.id if tune is not None and tune.request.mode == "answer" else ""


async def end_session(context: Context, event: Event) -> None:
    await context.storage.sessions.end(PLATFORM, event.channel_id, event.thread_ts)
