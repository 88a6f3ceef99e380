"""How the stand-in sends events, commands and actions to the app: Socket Mode, or signed HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tests.loopback.slack_limits import ACK_S, Clock
from tests.loopback.slack_world import APP, SIGNING_SECRET, Payload, Sent

EVENT, COMMAND, INTERACTION = "events_api", "slash_commands", "interactive"
RETRY_S = (0.0, 60.0, 300.0)  # after the first attempt at an event failed
CONNECTIONS = 10  # of an app in Socket Mode
PING_S = 5.0


def signature(body: bytes, timestamp: str, secret: str = SIGNING_SECRET) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


class Connection:
    """A connection in Socket Mode."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.socket, self._transport = socket, transport
        self.closed = asyncio.Event()
        self.leaving = False  # told to disconnect: gets no more envelopes
        self.silent = False  # stuck: stays open, and nothing arrives any more
        self.frames = 0  # that the app sent, pongs included

    async def push(self, payload: Payload) -> None:
        if not self.silent and not self.socket.closed:
            with suppress(ConnectionError):  # the app was killed just now
                await self.socket.send_str(json.dumps(payload))

    def abort(self) -> None:
        """Ends the connection without a word."""
        if self._transport is not None:
            self._transport.abort()


class Delivery:
    """Sends to one of the open connections at random or, if `request_url` is set, by HTTP; sends events again that fail."""

    def __init__(
        self,
        clock: Clock,
        breach: Callable[[str], None],
        changed: Callable[[], Awaitable[None]],
        acknowledged: Callable[[Sent], Awaitable[None]],
    ) -> None:
        self.clock, self._breach, self._changed, self._acknowledged = clock, breach, changed, acknowledged
        self.request_url = ""
        self.sent: list[Sent] = []
        self.connections: list[Connection] = []
        self.stuck = False  # new connections get no hello and nothing else
        self.session: aiohttp.ClientSession | None = None
        self._tickets: set[str] = set()
        self._waiting: dict[str, tuple[Sent, float, asyncio.Future[Payload]]] = {}  # by envelope_id
        self._tasks: set[asyncio.Task[Any]] = set()
        self._random = random.Random(1)
        self._opened = asyncio.Event()  # set and replaced with each new connection

    # --- connections
    def ticket(self) -> str:
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A connection in Socket Mode, from its beginning to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            self._breach("a Socket Mode address was used twice")
            return web.Response(status=404)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(autoping=False, timeout=1)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        connection.silent = self.stuck
        self.connections.append(connection)
        self._opened.set()
        self._opened = asyncio.Event()
        if len(self.open) > CONNECTIONS:
            await connection.push({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": "applink-1"}})
            await socket.close()
        hello = {"type": "hello", "num_connections": len(self.open), "connection_info": {"app_id": APP}}
        await connection.push(
            {**hello, "debug_info": {"host": "applink-1", "build_number": 1, "approximate_connection_time": 18_060}}
        )
        pings = asyncio.create_task(self._ping(connection))
        await self._changed()
        try:
            async for frame in socket:
                connection.frames += 1
                if frame.type is WSMsgType.PING and not connection.silent:
                    with suppress(ConnectionError):
                        await socket.pong(frame.data)
                elif frame.type is WSMsgType.TEXT and not connection.silent:
                    await self._received(json.loads(frame.data))
        finally:
            pings.cancel()
            connection.closed.set()
            self.connections.remove(connection)
            await self._changed()
        return socket

    @property
    def open(self) -> list[Connection]:
        """The connections that get envelopes."""
        return [connection for connection in self.connections if not connection.closed.is_set() and not connection.leaving]

    async def _ping(self, connection: Connection) -> None:
        while not connection.closed.is_set():
            if not connection.silent:
                with suppress(ConnectionError):
                    await connection.socket.ping(b"Ping from applink-1")
            await asyncio.sleep(PING_S)

    async def _received(self, frame: Payload) -> None:
        if frame.keys() - {"envelope_id", "payload"} or frame.get("envelope_id") not in self._waiting:
            self._breach(f"a frame that acknowledges nothing: {frame}")
            return
        sent, began_s, answer = self._waiting.pop(frame["envelope_id"])
        if not answer.done():
            sent.ack_s = time.monotonic() - began_s
            answer.set_result(frame.get("payload") or {})

    # --- envelopes
    async def deliver(self, sent: Sent) -> Sent:
        self.sent.append(sent)
        task = asyncio.create_task(self._follow(sent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.sleep(0)  # the task sends at once, so that what people do arrives in their order
        return sent

    async def _follow(self, sent: Sent) -> None:
        reason = await self._attempt(sent, 0, "")
        if reason and sent.kind == EVENT:
            failed = self.clock.mark()
            for attempt, after_s in enumerate(RETRY_S, 1):
                if reason and reason != "no_retry":
                    await self.clock.reach(failed, after_s)
                    reason = await self._attempt(sent, attempt, reason)
        if reason:
            sent.failed = reason
        else:
            sent.acked = True
            await self._acknowledged(sent)
        sent.settled.set()
        await self._changed()

    async def _attempt(self, sent: Sent, attempt: int, reason: str) -> str:
        """Sends once; returns why it failed, or nothing."""
        sent.attempts += 1
        await self._changed()
        return await (self._by_http if self.request_url else self._by_socket)(sent, attempt, reason)

    async def _by_socket(self, sent: Sent, attempt: int, reason: str) -> str:
        mark = self.clock.mark()
        while not self.open:
            if self.clock.age(mark) >= ACK_S:
                return "no_connection"
            await self._first(self.clock.reach(mark, ACK_S), self._opened.wait())
        connection, id = self._random.choice(self.open), str(uuid.uuid4())
        envelope = {"envelope_id": id, "payload": sent.payload, "type": sent.kind, "accepts_response_payload": sent.kind != EVENT}
        if sent.kind == EVENT:
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting[id] = sent, time.monotonic(), answer
        mark, silent = self.clock.mark(), connection.silent
        await connection.push(envelope)
        await self._first(answer, self.clock.reach(mark, ACK_S), connection.closed.wait())
        if answer.done():
            sent.ack = answer.result()
            return ""
        if connection.closed.is_set():
            return "connection_failed"
        if not silent and not connection.silent:
            self._breach(f"{_name(sent)} was not acknowledged within {ACK_S:.0f} s")
        return "timeout"

    async def _first(self, *waited: Awaitable[Any]) -> None:
        """Waits for the first of several, and gives up the others, unless they are futures of others."""
        tasks = [asyncio.ensure_future(each) for each in waited]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                if isinstance(task, asyncio.Task):
                    task.cancel()

    async def _by_http(self, sent: Sent, attempt: int, reason: str) -> str:
        retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
        request = asyncio.create_task(self.post(sent.kind, sent.payload, retry))
        self._tasks.add(request)
        request.add_done_callback(self._tasks.discard)
        began_s = time.monotonic()
        await self._first(asyncio.shield(request), self.clock.reach(self.clock.mark(), ACK_S))
        if not request.done():
            request.cancel()
            self._breach(f"{_name(sent)} was not acknowledged within {ACK_S:.0f} s")
            return "http_timeout"
        sent.ack_s = time.monotonic() - began_s
        if (error := request.exception()) is not None:
            if not isinstance(error, aiohttp.ClientError | OSError):
                raise error
            return "connection_failed"
        status, headers, body = request.result()
        if status != 200:
            return "no_retry" if headers.get("X-Slack-No-Retry") == "1" else "http_error"
        sent.ack = _answer_of(body, sent.kind)
        return ""

    async def post(
        self,
        kind: str,
        payload: Payload,
        headers: dict[str, str] | None = None,
        *,
        age_s: float = 0,
        secret: str = SIGNING_SECRET,
    ) -> tuple[int, dict[str, str], str]:
        """Posts signed HTTP; returns status, headers and body. `age_s` and `secret` make wrong signatures."""
        if kind == EVENT:
            body, media = json.dumps(payload).encode(), "application/json"
        else:
            form = payload if kind == COMMAND else {"payload": json.dumps(payload)}
            body, media = urlencode(form).encode(), "application/x-www-form-urlencoded"
        timestamp = str(int(time.time() - age_s))
        signed = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature(body, timestamp, secret)}
        self.session = self.session or aiohttp.ClientSession()
        sending = {
            "Content-Type": media,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **signed,
            **(headers or {}),
        }
        async with self.session.post(self.request_url, data=body, headers=sending) as response:
            return response.status, dict(response.headers), await response.text()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self.connections):
            await connection.socket.close()
        if self.session is not None:
            await self.session.close()


def _answer_of(body: str, kind: str) -> Payload:
    try:
        answer = json.loads(body)
    except ValueError:
        return {"text": body} if body and kind == COMMAND else {}
    return answer if isinstance(answer, dict) else {}


def _name(sent: Sent) -> str:
    """What was sent, for messages of failures."""
    payload = sent.payload
    if sent.kind == EVENT:
        return f"event {payload['event']['type']}"
    if sent.kind == COMMAND:
        return f"command {payload['command']} {payload['text']}"
    named = [action["action_id"] for action in payload.get("actions", [])] or [payload.get("callback_id", "")]
    return f"{payload['type']} {' '.join(named)}"
