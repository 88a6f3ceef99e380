"""Files that a person asks for: sent once for each event."""

from __future__ import annotations

from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM
from bot.slack.delivery import posting
from bot.slack.delivery.posting import Post


async def send_directly(context: Context, event: Event, post: Post) -> None:
    """Sends a message with files to the person directly. Raises SlackApiError and errors that may pass."""
    client = await context.clients.of(event.team_id, event.enterprise_id)
    await post_once(context, event, post, str((await client.conversations_open(users=event.user_id))["channel"]["id"]))


async def post_once(context: Context, event: Event, post: Post, channel_id: str, thread_ts: str = "") -> None:
    """Posts a message with files, unless the event was handled before. Raises as `send_directly`."""
    if await context.storage.claims.claim(PLATFORM, event.id):
        client = await context.clients.of(event.team_id, event.enterprise_id)
        file_ids = await posting.upload(client, context.clients, post)
        await posting.complete(client, post, file_ids, channel_id, thread_ts)
