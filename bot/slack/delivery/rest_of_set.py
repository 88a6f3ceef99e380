"""The message of several tunes after one of them was deleted.

Others see only the files with which a message was posted. So the rest is posted again, and the old message is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from slack_sdk.errors import SlackApiError

from bot.core.leases import with_lease
from bot.languages import language
from bot.slack.core.clients import Client, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.reply import Reply
from bot.slack.delivery import posting
from bot.slack.delivery.posting import Discarded, Posted
from bot.slack.delivery.tune_message import load_set_message
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


class Busy(Exception):
    """Another tune of the set was deleted too, and the rest is being posted."""


class RestOfSet:
    """Call `post` again after an error: it goes on where it was, and posts nothing twice."""

    def __init__(self, context: Context, deleted: Tune, reply: Reply) -> None:
        self._context, self._reply, self._set_id = context, reply, deleted.set_id or ""
        self._old = Posted(reply.posted_in or deleted.origin.channel_id, deleted.message_id or "")
        self._old_file_ids = reply.file_ids
        self._new: Posted | None = None
        self._file_ids: tuple[str, ...] = ()
        self._shown: list[str] = []

    async def post(self) -> None:
        """Raises Busy, Discarded, NotInstalled, and errors that may pass."""
        lease = await self._context.storage.leases.take(f"rest of set {self._set_id}")
        if lease is None:
            raise Busy
        await with_lease(lease, self._post())

    async def _post(self) -> None:
        client = await self._context.clients.of(self._reply.team_id, self._reply.enterprise_id)
        while True:
            if self._new is None and (rest := await self._rest()):
                if rest[0].message_id != self._old.message_id:
                    return  # another deletion has posted the rest since
                self._new, self._shown = await self._send(client, rest), [tune.id for tune in rest]
            if self._new is not None:
                ids = self._old.message_id, self._new.message_id
                changes = {"file_ids": list(self._file_ids)}
                await self._context.storage.replace_message(self._set_id, *ids, changes)
            await posting.delete(client, self._old, self._old_file_ids)
            if self._new is None or [tune.id for tune in await self._rest()] == self._shown:
                return
            # More tunes were deleted meanwhile.
            self._old, self._old_file_ids, self._new, self._file_ids = self._new, self._file_ids, None, ()

    async def _rest(self) -> list[Tune]:
        tunes = await self._context.storage.set_of(self._set_id)
        return [tune for tune in tunes if tune.status is Status.FINISHED]

    async def _send(self, client: Client, rest: Sequence[Tune]) -> Posted | None:
        """None if Slack refuses it: then the old message is deleted all the same, since it shows the deleted tune."""
        if self._file_ids:
            found = await posting.find_message(client, self._file_ids)
            if found is not None and found.channel_id:
                return found
        post = await load_set_message(self._context, rest, language(self._reply.language))
        try:
            if len(self._file_ids) != len(post.files):
                self._file_ids = await posting.upload(client, self._context.clients, post)
            thread_ts = "" if self._reply.posted_in else self._reply.thread_ts
            return await posting.send(client, post, self._file_ids, self._old.channel_id, thread_ts)
        except Discarded:
            self._file_ids = ()
            raise
        except SlackApiError as error:
            if is_temporary(error):
                raise
            log.warning("Slack refuses the rest of a set.", set=self._set_id, reason=error_code(error))
            return None
