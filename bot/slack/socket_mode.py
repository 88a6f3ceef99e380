"""Socket Mode: keeps a connection to Slack, and knows its real state.

slack_sdk's client connects again by itself, but it was seen to stick: with an address that Slack no longer takes, or on a
socket without a hello. So each connection is a client of its own, which is replaced when anything is wrong with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.core.retries import doubling
from bot.slack.core import limits
from bot.slack.core.clients import error_code, is_temporary

log = structlog.get_logger(__name__)

SILENT = logging.getLogger("tunesmith.slack.socket")  # the client logs each reconnection as a failure
SILENT.setLevel(logging.CRITICAL + 1)


class TokenRefused(Exception):
    """Slack does not let the app connect, and another attempt would fail too. The text is Slack's word for it."""


class SocketMode:
    """Connects with an app-level token, and again whenever the connection ends or is not alive."""

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        self._app, self._app_token = app, app_token
        self._connection: Connection | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    def ready(self) -> bool:
        """Whether events arrive now."""
        return self._connection is not None and self._connection.alive

    async def run(self) -> None:
        """Runs until cancelled. Waits for the network if it is down; raises TokenRefused."""
        delays = doubling(limits.RECONNECT_S, limits.RECONNECT_AT_MOST_S)
        try:
            while True:
                began_s = time.monotonic()
                try:
                    connection = await self._open()
                except (SlackApiError, aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
                    if not is_temporary(error):
                        raise TokenRefused(error_code(error)) from None
                    reason = error_code(error) or str(error) or "it did not say hello"
                else:
                    self._replace(connection)
                    log.info("The Slack app is connected.")
                    reason = await connection.end()
                if time.monotonic() > began_s + limits.STEADY_S:
                    delays = doubling(limits.RECONNECT_S, limits.RECONNECT_AT_MOST_S)
                    log.info("Connecting to Slack again.", reason=reason)  # Slack ends each connection after some hours
                else:
                    delay_s = next(delays)
                    log.warning("Slack is not connected; trying again.", reason=reason, seconds=delay_s)
                    await asyncio.sleep(delay_s)
        finally:
            if self._connection is not None:
                await self._connection.close()
            for task in self._retiring:
                task.cancel()

    async def _open(self) -> Connection:
        answer = await self._app.client.apps_connections_open(app_token=self._app_token)
        connection = Connection(self._app, self._app_token, str(answer["url"]))
        try:
            async with asyncio.timeout(limits.HELLO_S):
                await connection.connect_async()  # type: ignore[no-untyped-call]
                await connection.hello.wait()
        except BaseException:
            await connection.close()
            raise
        return connection

    def _replace(self, connection: Connection) -> None:
        previous, self._connection = self._connection, connection
        if previous is not None:  # it may still have to acknowledge what it received
            task = asyncio.create_task(previous.retire())
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)


class Connection(AsyncSocketModeHandler):
    """One connection. It never connects again: `end` tells when another one is needed."""

    def __init__(self, app: AsyncApp, app_token: str, address: str) -> None:
        super().__init__(app, app_token, logger=SILENT, ping_interval=limits.PING_S)
        self.hello = asyncio.Event()
        self._ending = asyncio.Event()  # Slack said that it will close the connection, or the client noticed the end
        self._handling: set[asyncio.Task[Any] | None] = set()
        self.client.wss_uri = address
        self.client.connect_to_new_endpoint = self._do_not_connect_again  # type: ignore[method-assign]
        self.client.message_listeners.append(self._listen)

    @property
    def alive(self) -> bool:
        """Whether Slack said hello, and answers pings; aiohttp closes the socket if one is not answered."""
        client = self.client
        tasks = (client.message_receiver, client.message_processor)
        open_ = client.current_session is not None and not client.current_session.closed
        return self.hello.is_set() and open_ and not any(task is None or task.done() for task in tasks)

    async def end(self) -> str:
        """Waits until the connection should be replaced, and returns why."""
        while self.alive:
            with suppress(TimeoutError):
                async with asyncio.timeout(limits.WATCH_S):
                    await self._ending.wait()
                return "Slack ends the connection"
        return "Slack does not answer"

    async def handle(self, client: Any, req: SocketModeRequest) -> None:
        task = asyncio.current_task()
        self._handling.add(task)
        try:
            await super().handle(client, req)
        except (aiohttp.ClientError, OSError) as error:
            log.info("An acknowledgement did not reach Slack, which sends the event again.", reason=str(error))
        finally:
            self._handling.discard(task)

    async def retire(self) -> None:
        """Closes the connection, but first acknowledges what arrived on it."""
        if handling := [task for task in self._handling if task]:
            await asyncio.wait(handling, timeout=limits.CLOSE_S)
        await self.close()

    async def close(self) -> None:
        client = self.client
        client.closed = True
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(limits.CLOSE_S):
                await client.disconnect()  # type: ignore[no-untyped-call]
        for task in (client.message_processor, client.message_receiver, client.current_session_monitor):
            if task is not None:
                task.cancel()
        await client.aiohttp_client_session.close()

    async def _listen(self, client: object, message: dict[str, Any], raw: str | None) -> None:
        if message.get("type") == "hello":
            self.hello.set()

    async def _do_not_connect_again(self, force: bool = False) -> None:
        self._ending.set()
