"""The queue card: a message of the app that shows the progress of a tune until it is there.

In an assistant's thread there is no card: the progress is the assistant's status, which ends with the app's next message.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core import card
from bot.slack.core.blocks import Block, section
from bot.slack.core.clients import FAILURES, Client, unless_gone
from bot.slack.core.context import Context
from bot.slack.core.reply import Reply


class Card(card.Card[Sequence[Block]]):
    """At most one edit a second in a channel."""

    temporary = FAILURES

    def __init__(self, context: Context, reply: Reply, shown: str = "") -> None:
        super().__init__((), shown)
        self._context, self._reply = context, reply

    async def replace(self, text: str) -> bool:
        """Closes the card with a last text. False if it is out of reach. Raises errors that may pass."""
        await self.close()
        return await self.edit(text, ())

    async def delete(self) -> None:
        """Deletes the card, if it is still there. Raises errors that may pass."""
        await self.close()
        if self._reply.card_ts:
            client = await self._client()
            await unless_gone(client.chat_delete(channel=self._reply.card_channel, ts=self._reply.card_ts))

    async def _client(self) -> Client:
        return await self._context.clients.of(self._reply.team_id, self._reply.enterprise_id)

    async def turn(self) -> None:
        await (await self._client()).pacing.card_turn(self._reply.card_channel)

    async def edit(self, text: str, buttons: Sequence[Block]) -> bool:
        if not self._reply.card_ts:
            return False
        client, blocks = await self._client(), [section(text), *buttons]
        edit = client.chat_update(channel=self._reply.card_channel, ts=self._reply.card_ts, text=text, blocks=blocks)
        return await unless_gone(edit)


class AssistantStatus(Card):
    """The status of the assistant in its thread, with a stop button. A workspace that has none never has such a thread.

    Slack gives the thread the title with the first request in it.
    """

    def __init__(self, context: Context, reply: Reply, title: str) -> None:
        super().__init__(context, reply)
        self._title, self._stoppable = title, False

    async def replace(self, text: str) -> bool:
        """Only ends the status: the last text is a message, and there is none for a cancelled tune."""
        await self.delete()
        return False

    async def delete(self) -> None:
        """Ends the status. Slack does so when the app posts a message, but documents nothing for one with files."""
        await self.close()
        await self.edit("", ())
        await self._set_session("active")

    async def edit(self, text: str, buttons: Sequence[Block]) -> bool:
        if text and not self._stoppable:
            self._stoppable = True
            await self._set_session("processing")
        client, channel_id, thread_ts = await self._client(), self._reply.card_channel, self._reply.thread_ts
        return await unless_gone(client.assistant_threads_setStatus(channel_id=channel_id, thread_ts=thread_ts, status=text))

    async def _set_session(self, status: str) -> None:
        client, thread_ts = await self._client(), self._reply.thread_ts
        session = {"channel_id": self._reply.card_channel, "status": status, "title": self._title}
        await unless_gone(client.agents_sessions_setStatus(**session, thread_ts=thread_ts))
