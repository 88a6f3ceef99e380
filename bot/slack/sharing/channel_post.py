"""The post of a shared tune in a workspace's sharing channel."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from bot.core import channel_posts
from bot.core.channel_posts import Refused
from bot.languages import language
from bot.slack.core import limits
from bot.slack.core.clients import Client, NotInstalled, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.reply import Reply, reply_of, store_reply
from bot.slack.delivery import posting
from bot.slack.delivery.posting import Discarded, Post, Posted
from bot.slack.delivery.removal import remove_message
from bot.slack.delivery.shown_message import parent_link
from bot.slack.delivery.tune_message import load_tune_message
from storage.tunes import Shared, Tune

T = TypeVar("T")


class ChannelPost(channel_posts.ChannelPost):
    """Its files are uploaded first, and their ids stored, as bot.slack.delivery.posting says."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._file_ids: tuple[str, ...] = ()

    async def find(self, tune: Tune, shared: Shared) -> str | None:
        client, reply = await self._client(tune), _reply(tune)
        if not self._file_ids and reply.post_shared_at == shared.at.isoformat():
            self._file_ids = reply.post_file_ids
        elif not self._file_ids:  # of a time when the tune was shared before
            await _or_refused(posting.delete(client, Posted(shared.channel_id, ""), reply.post_file_ids))
        if not self._file_ids:
            return None
        posted = await _or_refused(posting.find_message(client, self._file_ids, limits.SHARES_S))
        return posted.message_id if posted and posted.channel_id else None  # without a channel, they may be in no message yet

    async def send(self, tune: Tune, shared: Shared) -> str:
        client, post = await self._client(tune), await self._message(tune)
        if len(self._file_ids) != len(post.files):
            self._file_ids = await _or_refused(posting.upload(client, self._context.clients, post))
        of_post = {"post_file_ids": self._file_ids, "post_shared_at": shared.at.isoformat(), "post_likes": tune.likes}
        await store_reply(self._context.storage, tune.id, of_post)
        try:
            return (await _or_refused(posting.send(client, post, self._file_ids, shared.channel_id))).message_id
        except Discarded:
            self._file_ids = ()
            await store_reply(self._context.storage, tune.id, {"post_file_ids": ()})
            raise

    async def remove(self, tune: Tune, shared: Shared, message_id: str | None) -> None:
        reply, posted = _reply(tune), Posted(shared.channel_id, message_id or "")
        await remove_message(self._context, tune.id, reply, posted, self._file_ids or reply.post_file_ids)

    async def _client(self, tune: Tune) -> Client:
        reply = _reply(tune)
        try:
            return await self._context.clients.of(reply.team_id, reply.enterprise_id)
        except NotInstalled as error:
            raise Refused("the app was removed from the workspace") from error

    async def _message(self, tune: Tune) -> Post:
        translate = language(_reply(tune).language)
        link = await parent_link(self._context, tune, translate, in_sharing_channel=True)
        return await load_tune_message(self._context, tune, translate, parent_link=link, in_sharing_channel=True)


def _reply(tune: Tune) -> Reply:
    reply = reply_of(tune)
    if reply is None:
        raise Refused("the tune was not requested in Slack")
    return reply


async def _or_refused(call: Awaitable[T]) -> T:
    try:
        return await call
    except SlackApiError as error:
        if is_temporary(error):
            raise
        raise Refused(error_code(error)) from error
