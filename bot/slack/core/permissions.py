"""Who may do what with tunes of others."""

from __future__ import annotations

from bot.core import reactions
from bot.core.caller import Caller
from bot.slack.core.context import Context
from bot.slack.core.event import Event


async def moderates(context: Context, event: Event) -> bool:
    """Whether the person administers the workspace. Those who administer another one are guests here."""
    return bool(event.community_id) and (await context.people.of(event)).is_admin


async def may_delete(context: Context, event: Event, caller: Caller) -> bool:
    """Whether the person may delete tunes that others requested in this workspace."""
    is_member = bool(event.community_id)
    return reactions.may_delete(caller.settings, is_member=is_member, moderates=await moderates(context, event))
