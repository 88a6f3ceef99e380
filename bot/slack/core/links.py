"""Links to messages."""

from __future__ import annotations

from bot.slack.core.clients import FAILURES, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import is_timestamp
from bot.slack.core.reply import reply_of
from storage.tunes import Tune
from storage.viewer import Viewer, owns


async def message_url(context: Context, tune: Tune, viewer: Viewer) -> str:
    """The address of a message of the tune that the viewer can open, or an empty one if Slack tells none now."""
    try:
        return await find_message_url(context, tune, viewer)
    except FAILURES:
        return ""


async def find_message_url(context: Context, tune: Tune, viewer: Viewer) -> str:
    """The address of a message of the tune that the viewer can open: its post in the sharing channel if possible.

    Empty if there is none. Raises errors that may pass.
    """
    reply, shared = reply_of(tune), tune.shared
    if reply is None:
        return ""
    if shared and shared.message_id and viewer.community_id == shared.community_id:
        channel_id, message_id = shared.channel_id, shared.message_id
    elif owns(viewer, tune) or (viewer.community_id and viewer.community_id == tune.origin.community_id):
        channel_id, message_id = reply.posted_in or tune.origin.channel_id, tune.message_id or ""
    else:
        return ""
    if not is_timestamp(message_id):
        return ""
    if not (url := context.permalinks.get((channel_id, message_id), "")):
        try:
            client = await context.clients.of(reply.team_id, reply.enterprise_id)
            url = str((await client.chat_getPermalink(channel=channel_id, message_ts=message_id))["permalink"])
        except FAILURES as error:
            if is_temporary(error):
                raise
            return ""  # the message is gone
        context.permalinks[channel_id, message_id] = url
    return url
