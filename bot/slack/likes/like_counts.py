"""Edits the number of likes on Slack's messages of a tune."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import structlog

from bot.core import like_counts
from bot.core.naming import title_of
from bot.core.recent import Recent
from bot.core.texts.likes import like_label
from bot.languages import language
from bot.slack.core import limits
from bot.slack.core.blocks import Block, Element, escape
from bot.slack.core.clients import FAILURES, NotInstalled, unless_gone
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload, is_file
from bot.slack.core.reply import PLATFORM, reply_of, store_reply
from bot.slack.delivery import posting
from bot.slack.delivery.shown_message import Message, own_messages, shown_message
from storage.errors import DatabaseUnavailable
from storage.tunes import Tune

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Pressed:
    """A message whose like button somebody pressed, as it was then."""

    tune_id: str
    team_id: str
    enterprise_id: str
    blocks: list[Block]
    likes: int


class LikeCounts(like_counts.LikeCounts[Message]):
    """The app may not read messages. So the number that the messages of a tune show is stored with its reply.

    Of others, such as a tune that its owner posted once more, it is known when their button is pressed.
    """

    temporary = (*FAILURES, DatabaseUnavailable)

    def __init__(self, context: Context) -> None:
        super().__init__(context.storage, PLATFORM, limits, shared=True)
        self._context = context
        self._pressed: Recent[Message, Pressed] = Recent(limits.REMEMBERED_MESSAGES)

    def pressed(self, event: Event, body: Payload, tune_id: str) -> None:
        """Call after somebody pressed the like button of a message."""
        message, shown = (event.channel_id, event.message_ts), body.get("message")
        if all(message) and isinstance(shown, dict) and not self.is_editing(message):
            buttons = list(_like_buttons(shown.get("blocks"), tune_id))
            number = re.search(r"\d+", str(buttons[0]["text"].get("text"))) if buttons else None
            if number is not None:
                self._pressed[message] = Pressed(tune_id, event.team_id, event.enterprise_id, shown["blocks"], int(number[0]))
        self.check_later(tune_id)

    def messages_of(self, tune: Tune) -> dict[Message, str]:
        own = own_messages(tune)
        others = [message for message, pressed in self._pressed.items() if pressed.tune_id == tune.id and message not in own]
        return {message: message[0] for message in [*(own if self.listens else ()), *others]}

    def shown(self, tune: Tune, message: Message) -> int | None:
        if (in_sharing_channel := own_messages(tune).get(message)) is None:
            return self._pressed[message].likes
        reply = reply_of(tune)
        assert reply is not None
        return reply.post_likes if in_sharing_channel else reply.likes

    async def edit(self, tune: Tune, message: Message) -> None:
        try:
            if (in_sharing_channel := own_messages(tune).get(message)) is None:
                await self._edit_pressed(tune, message, self._pressed[message])
                return
            number = "post_likes" if in_sharing_channel else "likes"
            await store_reply(
                self._storage, tune.id, {number: None}
            )  # in case that the process dies before it stores the new one
            await self._edit_own(tune, message, in_sharing_channel=in_sharing_channel)
            await store_reply(self._storage, tune.id, {number: tune.likes})
        except NotInstalled:
            log.info("The app was removed from the workspace of a message.", tune=tune.id)

    async def _edit_own(self, tune: Tune, message: Message, *, in_sharing_channel: bool) -> None:
        reply, (channel_id, message_id) = reply_of(tune), message
        assert reply is not None
        client = await self._context.clients.of(reply.team_id, reply.enterprise_id)
        if is_file(message_id):
            posted = await posting.find_message(client, [message_id])
            if posted is None or is_file(posted.message_id):
                log.info("Slack does not tell which message to edit.", tune=tune.id)
                return
            channel_id, message_id = posted.channel_id, posted.message_id
        text, blocks = await shown_message(self._context, tune, in_sharing_channel=in_sharing_channel)
        await unless_gone(client.chat_update(channel=channel_id, ts=message_id, text=text, blocks=blocks))

    async def _edit_pressed(self, tune: Tune, message: Message, pressed: Pressed) -> None:
        """Changes only the number: where the rest comes from is not known here."""
        client = await self._context.clients.of(pressed.team_id, pressed.enterprise_id)
        blocks = deepcopy(pressed.blocks)
        for button in _like_buttons(blocks, tune.id):
            button["text"]["text"] = like_label(tune.likes)
        (channel_id, message_id), text = message, escape(title_of(tune, language("en")))
        await unless_gone(client.chat_update(channel=channel_id, ts=message_id, text=text, blocks=blocks))
        pressed.blocks, pressed.likes = blocks, tune.likes


def _like_buttons(blocks: Any, tune_id: str) -> Iterator[Element]:
    """The tune's like buttons in the blocks of a payload."""
    for block in blocks if isinstance(blocks, list) else ():
        elements = block.get("elements") if isinstance(block, dict) else None
        for element in elements if isinstance(elements, list) else ():
            if not isinstance(element, dict) or not isinstance(element.get("text"), dict):
                continue
            if (element.get("action_id"), element.get("value")) == ("tune:like", tune_id):
                yield element
