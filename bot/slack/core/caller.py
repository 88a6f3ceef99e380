"""The person behind an event in Slack, with their settings and language."""

from __future__ import annotations

import asyncio

from bot.core.caller import Caller
from bot.slack.core import limits
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM
from storage.viewer import Viewer


def viewer_of(event: Event) -> Viewer:
    return Viewer(PLATFORM, event.user_id, event.community_id)


async def caller_of(context: Context, event: Event) -> Caller:
    """Asks Slack and the database at the same time: each may take LOOKUP_S."""
    loading = Caller.load(context.storage, context.desk, viewer_of(event), locale="", lookup_s=limits.LOOKUP_S)
    person, caller = await asyncio.gather(context.people.of(event), loading)
    return caller.speaking(person.locale)
