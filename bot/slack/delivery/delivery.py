"""The delivery of a tune, or of several that were requested together: a queue card, one message, and storing its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.core import delivery
from bot.core.delivery import NotWaiting
from bot.core.naming import request_name
from bot.core.texts import delivery as texts
from bot.languages import language
from bot.slack.core import limits
from bot.slack.core.blocks import actions, button, escape, section
from bot.slack.core.clients import Client, NotInstalled, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.reply import PLATFORM, Reply, store_reply
from bot.slack.delivery import posting
from bot.slack.delivery import texts as slack_texts
from bot.slack.delivery.card import AssistantStatus, Card
from bot.slack.delivery.posting import Discarded, Post, Posted
from bot.slack.delivery.removal import remove_messages
from bot.slack.delivery.shown_message import parent_link
from bot.slack.delivery.tune_message import load_set_message, load_tune_message
from generator.user_messages import UserMessage
from storage.tunes import Status, Tune

log = structlog.get_logger(__name__)


class Delivery(delivery.Delivery):
    """Each step is stored before the next: the uploaded files before they become a message, and the card as soon as it is
    posted. A process that dies between posting a card and storing it leaves that card.
    """

    def __init__(self, context: Context, tune: Tune) -> None:
        """Raises TypeError for a tune without valid reply data."""
        self._context, self._reply = context, Reply.from_dict(tune.origin.reply)
        super().__init__(context.desk, tune, language(self._reply.language), limits)
        self._card = self._stored_card()
        self._may_post_card = self._card is None

    def refusal(self, error: Exception) -> str:
        if isinstance(error, NotInstalled):
            return "the app was removed from the workspace"
        return error_code(error) if isinstance(error, SlackApiError) and not is_temporary(error) else ""

    def cooldown_ends(self, at: datetime) -> UserMessage:
        return slack_texts.cooldown_ends(int(at.timestamp()))

    async def cancelled(self) -> None:
        if self._card is not None:
            await self._card.replace(self._translate(texts.CANCELLED))

    def abandon(self) -> None:
        if self._card is not None:
            self._card.abandon()

    # --- progress
    def _stored_card(self) -> Card | None:
        if self._reply.assistant:
            reply = replace(self._reply, card_channel=self._tune.origin.channel_id)
            return AssistantStatus(self._context, reply, request_name(self._tune.request, self._translate))
        return Card(self._context, self._reply) if self._reply.card_ts else None

    async def show(self, lines: Sequence[str]) -> None:
        """Posts the card if there is none. What Slack refuses is not tried again."""
        text = "\n".join(lines)
        buttons = [actions([button("tune:cancel", self._translate(texts.CANCEL), self._tune.id)])]
        if self._card is not None:
            self._card.show("\n".join([text, *self._for_whom()]), buttons)  # a mention in an edit notifies nobody
        elif self._may_post_card:
            posted = await self._send(Post(text, [section(text), *buttons]))
            self._may_post_card = False
            if posted is not None:
                channel_id, ts = posted.channel_id, posted.message_id
                self._card = Card(self._context, replace(self._reply, card_channel=channel_id, card_ts=ts), shown=text)
                await self._store(card_channel=channel_id, card_ts=ts)

    def _for_whom(self) -> list[str]:
        """Who requested the tune: in a channel nobody else sees the command."""
        origin = self._tune.origin
        return [] if origin.channel_id[:1] in ("", "D") else [self._translate(texts.requested_by(origin.user_id))]

    # --- the message
    async def deliver(self) -> None:
        message_id = self._tune.message_id  # of a set, perhaps only some tunes were stored as delivered
        if message_id is None:
            finished = self._tune.status is Status.FINISHED
            posted = await (self._post() if finished else self._say(self._tune.error or texts.FAILED))
            if posted is None:
                log.warning("Could not deliver a tune: Slack refuses messages to the person.", tune=self._tune.id)
                return
            if posted.channel_id not in ("", self._tune.origin.channel_id):
                await self._store(posted_in=posted.channel_id)
            message_id = posted.message_id
        if self._card is not None and message_id != self._reply.card_ts:
            await self._card.delete()
        await self._advance_session()
        for tune in self._tunes:
            await self._context.storage.mark_delivered(tune.id, message_id)
        for tune in self._tunes:
            if await self._context.storage.tune(tune.id) is None:  # deleted while it was posted
                origin = replace(tune.origin, reply=self._reply.as_dict())
                await remove_messages(self._context, replace(tune, origin=origin, message_id=message_id))

    async def _advance_session(self) -> None:
        """An answer in a thread is what the next phrase there follows. The thread under an answer is a session too."""
        tune, thread_ts = self._tune, "" if self._reply.posted_in else self._reply.thread_ts
        if thread_ts and tune.request.mode == "answer" and tune.status is Status.FINISHED:
            thread, sessions = (PLATFORM, tune.origin.channel_id, thread_ts), self._context.storage.sessions
            await sessions.begin(*thread, rhythm="", key="")
            await sessions.advance(*thread, tune.id)

    async def _post(self) -> Posted | None:
        """Posts the tunes once. None if Slack refuses it everywhere."""
        client, file_ids = await self._client(), self._reply.file_ids
        found = await posting.find_message(client, file_ids, limits.SHARES_S) if file_ids else None
        if found is not None and found.channel_id:
            return found
        # If Slack knows the files and no message, they are in none yet, or it does not tell in which: then it refuses them now.
        post = await self._message()
        if self._reply.likes != self._tune.likes:
            await self._store(likes=self._tune.likes)
        if len(file_ids) != len(post.files):
            file_ids, found = await self._upload(client, post), None
        if not file_ids:
            post = await self._message(slack_texts.FILES_REFUSED)
        return await self._send(post, file_ids) or found

    async def _upload(self, client: Client, post: Post) -> tuple[str, ...]:
        """The ids of the post's files, which are stored; none if Slack takes no files from the app."""
        try:
            file_ids = await posting.upload(client, self._context.clients, post)
        except SlackApiError as error:
            if is_temporary(error):
                raise
            log.warning("Slack takes no files.", tune=self._tune.id, reason=error_code(error))
            return ()
        await self._store(file_ids=file_ids)
        return file_ids

    async def _say(self, message: str) -> Posted | None:
        """Puts a last text on the card, or else in a message."""
        text = "\n".join([escape(self._translate(message)), *self._for_whom()])
        if self._card is not None and await self._card.replace(text):
            return Posted(self._reply.card_channel, self._reply.card_ts)
        return await self._send(Post(text))

    async def _message(self, note: UserMessage | str = "") -> Post:
        if self._tune.set_id:
            return await load_set_message(self._context, self._tunes, self._translate, note=note)
        above = await parent_link(self._context, self._tune, self._translate)
        return await load_tune_message(self._context, self._tune, self._translate, parent_link=above, note=note, in_session=True)

    async def _send(self, post: Post, file_ids: Sequence[str] = ()) -> Posted | None:
        """Posts where the tune was requested; if Slack refuses that, to the person directly, with a note that says so.

        A tune that was requested in App Home goes to the person directly. None if both are refused. Raises errors that may pass.
        """
        client, origin = await self._client(), self._tune.origin
        if origin.channel_id:
            if posted := await self._send_to(client, origin.channel_id, self._reply.thread_ts, post, file_ids):
                return posted
            if file_ids:
                post = await self._message(slack_texts.sent_directly(origin.channel_id))
        try:
            direct = str((await client.conversations_open(users=origin.user_id))["channel"]["id"])
        except SlackApiError as error:
            if is_temporary(error):
                raise
            return None
        return await self._send_to(client, direct, "", post, file_ids)

    async def _send_to(
        self, client: Client, channel_id: str, thread_ts: str, post: Post, file_ids: Sequence[str]
    ) -> Posted | None:
        """None if Slack refuses it there for good."""
        try:
            return await posting.send(client, post, file_ids, channel_id, thread_ts)
        except SlackApiError as error:
            if is_temporary(error):
                raise
            log.info("Slack refused a message.", tune=self._tune.id, channel_id=channel_id, reason=error_code(error))
            return None
        except Discarded:
            await self._store(file_ids=())
            raise

    async def _client(self) -> Client:
        return await self._context.clients.of(self._reply.team_id, self._reply.enterprise_id)

    async def _store(self, **changes: Any) -> None:
        """Stores changes of the reply. Raises NotWaiting."""
        self._reply = replace(self._reply, **changes)
        if not await store_reply(self._context.storage, self._tune.set_id or self._tune.id, changes, delivered=False):
            raise NotWaiting


async def deliver(context: Context, tune: Tune, resumed: bool) -> None:
    """Delivers the tune, or its set. What an earlier process did is stored. Raises TypeError for invalid reply data."""
    await Delivery(context, tune).run()
