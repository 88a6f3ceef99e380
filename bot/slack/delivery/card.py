"""The queue card: a message of the app that shows the progress of a tune until it is there.

In an assistant's thread there is no card: the progress is the assistant's status, which ends with the app's next message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

import structlog

from bot.slack.core.blocks import Block, section
from bot.slack.core.clients import FAILURES, Client, unless_gone
from bot.slack.core.context import Context
from bot.slack.core.reply import Reply

log = structlog.get_logger(__name__)


class Card:
    """Shows the newest text: one edit at a time, at most one a second in a channel, none after it is closed."""

    def __init__(self, context: Context, reply: Reply, shown: str = "") -> None:
        self._context, self._reply = context, reply
        self._text = self._shown = shown
        self._buttons: Sequence[Block] = ()
        self._news, self._closing = asyncio.Event(), asyncio.Event()
        self._updating: asyncio.Task[None] | None = None

    def show(self, text: str, buttons: Sequence[Block] = ()) -> None:
        """Returns at once; the edit follows."""
        self._text, self._buttons = text, buttons
        self._news.set()
        if self._updating is None and not self._closing.is_set():
            self._updating = asyncio.create_task(self._update())

    async def close(self) -> None:
        """Waits for an edit in progress: a cancelled one might still arrive after a later one."""
        self._closing.set()
        self._news.set()
        if self._updating is not None:
            await asyncio.wait([self._updating])

    def abandon(self) -> None:
        """Stops at once. Nothing may edit the card afterwards."""
        if self._updating is not None:
            self._updating.cancel()

    async def replace(self, text: str) -> bool:
        """Closes the card with a last text. False if it is out of reach. Raises errors that may pass."""
        await self.close()
        return await self._edit(await self._client(), text, ())

    async def delete(self) -> None:
        """Deletes the card, if it is still there. Raises errors that may pass."""
        await self.close()
        if self._reply.card_ts:
            client = await self._client()
            await unless_gone(client.chat_delete(channel=self._reply.card_channel, ts=self._reply.card_ts))

    async def _client(self) -> Client:
        return await self._context.clients.of(self._reply.team_id, self._reply.enterprise_id)

    async def _update(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._closing.is_set():
                return
            if self._text == self._shown:
                continue
            try:
                client = await self._client()
                if await self._closed_before(client.pacing.card_turn(self._reply.card_channel)):
                    return
                self._shown = self._text
                if not await self._edit(client, self._shown, self._buttons):
                    return
            except FAILURES as error:
                log.warning("Could not edit a queue card.", reason=repr(error))

    async def _closed_before(self, turn: Awaitable[None]) -> bool:
        """Waits for the turn, or until the card is closed."""
        waiting = [asyncio.ensure_future(turn), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in waiting:
                future.cancel()
        return self._closing.is_set()

    async def _edit(self, client: Client, text: str, buttons: Sequence[Block]) -> bool:
        if not self._reply.card_ts:
            return False
        blocks = [section(text), *buttons]
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
        await self._edit(await self._client(), "", ())
        await self._set_session("active")

    async def _edit(self, client: Client, text: str, buttons: Sequence[Block]) -> bool:
        if text and not self._stoppable:
            self._stoppable = True
            await self._set_session("processing")
        channel_id, thread_ts = self._reply.card_channel, self._reply.thread_ts
        return await unless_gone(client.assistant_threads_setStatus(channel_id=channel_id, thread_ts=thread_ts, status=text))

    async def _set_session(self, status: str) -> None:
        client, thread_ts = await self._client(), self._reply.thread_ts
        session = {"channel_id": self._reply.card_channel, "status": status, "title": self._title}
        await unless_gone(client.agents_sessions_setStatus(**session, thread_ts=thread_ts))
