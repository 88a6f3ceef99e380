"""The delivery of a tune, or of several that were requested together: a queue card, one message, and storing its id."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.core.following import Progress
from bot.core.naming import time_left, title_of
from bot.core.retries import doubling
from bot.core.texts import delivery as texts
from bot.languages import language
from bot.slack.core import limits
from bot.slack.core.blocks import Block, actions, button, link
from bot.slack.core.clients import Client, NotInstalled, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.links import message_url
from bot.slack.core.reply import PLATFORM, Reply
from bot.slack.delivery import posting
from bot.slack.delivery import texts as slack_texts
from bot.slack.delivery.card import AssistantStatus, Card
from bot.slack.delivery.posting import Post
from bot.slack.delivery.tune_message import load_set_message, load_tune_message
from generator.user_messages import UserMessage
from storage.errors import DatabaseUnavailable
from storage.tunes import Status, Tune
from storage.viewer import Viewer

log = structlog.get_logger(__name__)


class Delivery:
    """Runs until the tunes are delivered or deleted, or no way to the person is left.

    Each step is stored before the next: the uploaded files before they become a message, and the card as soon as it is
    posted. A process that dies between posting a card and storing it leaves that card.
    """

    def __init__(self, context: Context, tune: Tune) -> None:
        """Raises TypeError for a tune without valid reply data."""
        self._context, self._tune, self._tunes = context, tune, [tune]
        self._reply = Reply.from_dict(tune.origin.reply)
        self._translate = language(self._reply.language)
        self._card: Card | None = None
        self._direct_channel = ""

    async def run(self) -> None:
        delays = doubling(limits.RETRY_S, limits.RETRY_AT_MOST_S)
        try:
            while True:
                try:
                    if await self._follow():
                        await self._deliver()
                    elif self._card is not None:
                        await self._card.replace(self._translate(texts.CANCELLED))
                    return
                except NotInstalled:
                    log.warning("Could not deliver a tune: the app was removed from the workspace.", tune=self._tune.id)
                    return
                except Exception as error:
                    delay_s = limits.RETRY_S if isinstance(error, DatabaseUnavailable) else next(delays)
                    log.exception("Delivering a tune failed; trying again.", tune=self._tune.id, seconds=delay_s)
                await asyncio.sleep(delay_s)
        finally:
            if self._card is not None:
                self._card.abandon()

    # --- progress
    async def _follow(self) -> bool:
        """Shows the progress until all tunes are over. False if they were deleted before."""
        over = False
        async with contextlib.aclosing(self._changes()) as changes:
            async for states in changes:
                self._tunes = [progress.tune for progress in states]
                self._tune = next((tune for tune in self._tunes if tune.status is Status.FINISHED), self._tunes[0])
                over = all(tune.status.over for tune in self._tunes)
                await self._find_card(post=not over)
                if not over and self._card is not None:
                    self._card.show(self._card_text(states), [self._cancel_button()])
        return over

    async def _changes(self) -> AsyncGenerator[Sequence[Progress], None]:
        if self._tune.set_id:
            async with contextlib.aclosing(self._context.desk.follow_set(self._tune.set_id)) as sets:
                async for states in sets:
                    yield states
        else:
            async with contextlib.aclosing(self._context.desk.follow(self._tune.id)) as changes:
                async for progress in changes:
                    yield [progress]

    async def _find_card(self, *, post: bool) -> None:
        """Makes the card known if it is not; `post`: posts it if there is none."""
        if self._card is not None:
            return
        if self._reply.assistant:
            self._card = AssistantStatus(self._context, replace(self._reply, card_channel=self._tune.origin.channel_id))
        elif self._reply.card_ts:
            self._card = Card(self._context, self._reply)
        elif post and (posted := await self._send(Post(self._translate(slack_texts.ONE_MOMENT)))):
            await self._store(card_channel=posted[0], card_ts=posted[1])
            self._card = Card(self._context, self._reply)

    def _card_text(self, states: Sequence[Progress]) -> str:
        """The progress of the next tune, the longest time left, and of several how many are finished."""
        unfinished = [progress for progress in states if not progress.tune.status.over]
        left = [progress.seconds_left for progress in unfinished if progress.seconds_left is not None]
        lines: list[UserMessage | str] = [texts.progress(unfinished[0])]
        if unfinished[0].held_until is not None:
            lines.append(slack_texts.cooldown_ends(int(unfinished[0].held_until.timestamp())))
        elif left:
            lines.append(time_left(max(left)))
        if len(states) > 1:
            lines.append(texts.set_progress(len(states) - len(unfinished), len(states)))
        return "\n".join(map(self._translate, lines))

    def _cancel_button(self) -> Block:
        return actions([button("tune:cancel", self._translate(texts.CANCEL), self._tune.id)])

    # --- the message
    async def _deliver(self) -> None:
        message_id = self._tune.message_id  # of a set, perhaps only some tunes were stored as delivered
        if message_id is None:
            finished = self._tune.status is Status.FINISHED
            message_id = await (self._post() if finished else self._say(self._translate(self._tune.error or texts.FAILED)))
        if message_id is None:
            log.warning("Could not deliver a tune: Slack refuses messages in its channel and to the person.", tune=self._tune.id)
            return
        if self._card is not None and message_id != self._reply.card_ts:
            await self._card.delete()
        for tune in self._tunes:
            await self._context.storage.mark_delivered(tune.id, message_id)

    async def _post(self) -> str | None:
        """Posts the tunes once and returns the id of the message. None if Slack refuses it everywhere."""
        client = await self._client()
        uploaded_before = file_ids = self._reply.file_ids
        posted = await posting.find_message(client, file_ids) if file_ids else None
        if posted is None:
            post = await self._message()
            if len(file_ids) != len(post.files):
                file_ids = await posting.upload(client, self._context.clients, post)
                await self._store(file_ids=file_ids)
            posted = await self._send(post, file_ids)
        if posted is None:
            await self._store(file_ids=())
            return await self._post() if uploaded_before else None  # Slack deletes files that nobody completes
        channel_id, message_id = posted
        if channel_id and channel_id != self._tune.origin.channel_id:
            await self._store(posted_in=channel_id)
        return message_id

    async def _say(self, text: str) -> str | None:
        """Puts a last text on the card, or else in a message."""
        if self._card is not None and await self._card.replace(text):
            return self._reply.card_ts
        posted = await self._send(Post(text))
        return posted and posted[1]

    async def _message(self, note: str = "") -> Post:
        if self._tune.set_id:
            return await load_set_message(self._context, self._tunes, self._translate, note=note)
        origin, parent_link = self._tune.origin, ""
        # The parent is linked if all readers of the message can see it: in a workspace everybody, in direct messages the owner.
        readers = Viewer(PLATFORM, origin.user_id if origin.channel_id[:1] in ("", "D") else "", origin.community_id)
        gallery = self._context.storage.gallery
        parent = await gallery.visible_tune(self._tune.parent_id, readers) if self._tune.parent_id else None
        if parent is not None and (url := await message_url(self._context, parent, readers)):
            parent_link = link(url, title_of(parent, self._translate))
        return await load_tune_message(
            self._context, self._tune, self._translate, parent_link=parent_link, note=note, in_session=True
        )

    async def _send(self, post: Post, file_ids: Sequence[str] = ()) -> tuple[str, str] | None:
        """Posts where the tune was requested; if Slack refuses that, to the person directly, with a note that says so.

        A tune that was requested in App Home goes to the person directly.

        Returns the channel and the id of the message, or None if both are refused. Raises errors that may pass.
        """
        client, origin = await self._client(), self._tune.origin
        channel_id, thread_ts = origin.channel_id, self._reply.thread_ts
        if channel_id and (posted := await self._send_to(client, channel_id, thread_ts, post, file_ids)):
            return posted
        try:
            direct = str((await client.conversations_open(users=origin.user_id))["channel"]["id"])
        except SlackApiError as error:
            if is_temporary(error):
                raise
            return None
        if file_ids and channel_id:
            post = await self._message(slack_texts.sent_directly(channel_id))
        return await self._send_to(client, direct, "", post, file_ids)

    async def _send_to(
        self, client: Client, channel_id: str, thread_ts: str, post: Post, file_ids: Sequence[str]
    ) -> tuple[str, str] | None:
        try:
            if not file_ids:
                blocks, thread = list(post.blocks) or None, thread_ts or None
                sent = await client.chat_postMessage(channel=channel_id, text=post.text, blocks=blocks, thread_ts=thread)
                return str(sent["channel"]), str(sent["ts"])
            await posting.complete(client, post, file_ids, channel_id, thread_ts)
        except SlackApiError as error:
            if is_temporary(error):
                raise
            # An earlier attempt may have made them a message after files.info was asked.
            if file_ids and (posted := await posting.find_message(client, file_ids)):
                return posted
            log.info("Slack refused a message.", tune=self._tune.id, channel_id=channel_id, reason=error_code(error))
            return None
        return await posting.find_message(client, file_ids) or (channel_id, file_ids[0])

    async def _client(self) -> Client:
        return await self._context.clients.of(self._reply.team_id, self._reply.enterprise_id)

    async def _store(self, **changes: Any) -> None:
        """Stores changes of the reply."""
        self._reply = replace(self._reply, **changes)
        await self._context.storage.set_reply(self._tune.set_id or self._tune.id, self._reply.as_dict())


async def deliver(context: Context, tune: Tune, resumed: bool) -> None:
    """Delivers the tune, or its set. What an earlier process did is stored. Raises TypeError for invalid reply data."""
    await Delivery(context, tune).run()
