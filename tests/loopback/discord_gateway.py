"""The stand-in's gateway: IDENTIFY, heartbeats, events, and RESUME with the events that the bot missed."""

from __future__ import annotations

import asyncio
import json
import zlib
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from tests.loopback import discord_world as world
from tests.loopback.discord_world import Payload

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 9, 10, 11
CONTENT_INTENT, GUILD_MESSAGES_INTENT, DIRECT_MESSAGES_INTENT = 1 << 15, 1 << 9, 1 << 12


class Gateway:
    """The connection of one bot. Events without an open socket are kept for a RESUME, as on the real platform."""

    opcodes: list[int]  # of everything that the bot sent
    intents: int  # of the last IDENTIFY

    def __init__(self) -> None:
        self.opcodes, self.intents = [], 0
        self.connected = asyncio.Event()
        self.url = ""  # known once the server listens
        self.threads: list[world.Channel] = []  # created since the start
        self.last_messages: dict[str, str] = {}  # ids by channel
        self._socket: web.WebSocketResponse | None = None
        self._sockets: set[web.WebSocketResponse] = set()
        self._compress: Any = None
        self._sequence = 0
        self._session, self._sessions = "", 0
        self._events: list[Payload] = []  # of the session, for RESUME

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        compression = request.query.get("compress")
        if compression not in (None, "zlib-stream"):
            raise web.HTTPBadRequest(text=f"The stand-in has no {compression}.")
        self._socket, self._compress = socket, zlib.compressobj() if compression else None
        await self._push({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                await self._received(socket, json.loads(frame.data))
        finally:
            self._sockets.discard(socket)
            if self._socket is socket:
                self._socket = None
                self.connected.clear()
        return socket

    async def _received(self, socket: web.WebSocketResponse, frame: Payload) -> None:
        code: int = frame["op"]
        data: Any = frame.get("d")
        self.opcodes.append(code)
        if code == HEARTBEAT:
            await self._push({"op": HEARTBEAT_ACK})
        elif code == IDENTIFY:
            if data["token"] != world.TOKEN:
                await socket.close(code=4004, message=b"Authentication failed.")
                return
            self.intents = data["intents"]
            self._sessions += 1
            self._session, self._sequence, self._events = f"session-{self._sessions}", 0, []
            ready = {
                "v": 10,
                "user": world.BOT,
                "guilds": [{"id": world.SERVER, "unavailable": True}],
                "session_id": self._session,
            }
            ready |= {"resume_gateway_url": self.url, "application": {"id": world.APPLICATION, "flags": 0}}
            await self.event("READY", {**ready, "shard": data.get("shard") or [0, 1]})
            await self.event("GUILD_CREATE", world.guild(self.threads, self.last_messages))
            self.connected.set()
        elif code == RESUME:
            if data["session_id"] != self._session:
                await self._push({"op": INVALID_SESSION, "d": False})
                return
            for missed in [event for event in self._events if event["s"] > data["seq"]]:
                await self._push(missed)
            await self.event("RESUMED", {})
            self.connected.set()

    async def event(self, name: str, data: Payload) -> None:
        self._sequence += 1
        event = {"op": DISPATCH, "t": name, "s": self._sequence, "d": data}
        self._events.append(event)
        if self._socket is not None and not self._socket.closed:
            await self._push(event)

    async def message_created(self, message: Payload, *, lost: bool = False) -> None:
        """Sends MESSAGE_CREATE if the intents allow it. `lost`: the bot gets no event."""
        last = self.last_messages.get(message["channel_id"], "0")
        self.last_messages[message["channel_id"]] = max(last, message["id"], key=int)
        server = "guild_id" in message
        if lost or not self.intents & (GUILD_MESSAGES_INTENT if server else DIRECT_MESSAGES_INTENT):
            return
        # Mentioned users carry their membership inside; the author's is a field of the message.
        member = {"member": world.MEMBER, "mentions": [{**user, "member": world.MEMBER} for user in message["mentions"]]}
        await self.event("MESSAGE_CREATE", {**self.shown(message), **(member if server else {})})

    def shown(self, message: Payload) -> Payload:
        """The message with only the content that the intents allow."""
        intent = bool(self.intents & CONTENT_INTENT)
        shown = world.readable(message, intent=intent)
        if answered := message.get("referenced_message"):
            shown = shown | {"referenced_message": world.readable(answered, intent=intent)}
        return shown

    async def _push(self, payload: Payload) -> None:
        text = json.dumps(payload)
        if self._socket is None or self._socket.closed:
            return
        with suppress(ConnectionError):  # the bot was killed just now
            if self._compress is not None:
                packed = self._compress.compress(text.encode()) + self._compress.flush(zlib.Z_SYNC_FLUSH)
                await self._socket.send_bytes(packed)
            else:
                await self._socket.send_str(text)

    async def drop(self) -> None:
        """Breaks the connection, as the real platform does every few hours. The session can be resumed."""
        self.connected.clear()
        if self._socket is not None:
            await self._socket.close(code=4000)

    async def invalidate_session(self) -> None:
        """Says in the open connection that the session is over and cannot be resumed."""
        self.connected.clear()
        self._session = ""
        await self._push({"op": INVALID_SESSION, "d": False})

    async def forget_session(self) -> None:
        """Makes the next RESUME fail, so that the bot has to identify again."""
        self._session = ""

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001)
