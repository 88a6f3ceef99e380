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


class Session:
    """The session of one shard. Events without an open socket are kept for a RESUME, as on the real platform."""

    def __init__(self, id: str, shard: int, count: int) -> None:
        self.id, self.shard, self.count = id, shard, count
        self.connection: Connection | None = None
        self.sequence = 0
        self.events: list[Payload] = []  # for RESUME

    @property
    def is_open(self) -> bool:
        return self.connection is not None and not self.connection.socket.closed

    async def event(self, name: str, data: Payload) -> None:
        self.sequence += 1
        self.events.append({"op": DISPATCH, "t": name, "s": self.sequence, "d": data})
        await self.push(self.events[-1])

    async def push(self, payload: Payload) -> None:
        if self.connection is not None:
            await self.connection.push(payload)


class Connection:
    """A socket of a bot, with its compression."""

    def __init__(self, socket: web.WebSocketResponse, *, compresses: bool) -> None:
        self.socket = socket
        self._compress = zlib.compressobj() if compresses else None

    async def push(self, payload: Payload) -> None:
        if self.socket.closed:
            return
        text = json.dumps(payload)
        with suppress(ConnectionError):  # the bot was killed just now
            if self._compress is not None:
                packed = self._compress.compress(text.encode()) + self._compress.flush(zlib.Z_SYNC_FLUSH)
                await self.socket.send_bytes(packed)
            else:
                await self.socket.send_str(text)


class Gateway:
    """The connections of one bot, one for each shard.

    `connected` is set while each shard of the last IDENTIFY's number has one.
    """

    opcodes: list[int]  # of everything that the bot sent
    intents: int  # of the last IDENTIFY
    doubled: list[int]  # shards that identified while another connection had them

    def __init__(self) -> None:
        self.opcodes, self.intents, self.doubled = [], 0, []
        self.connected = asyncio.Event()
        self.url = ""  # known once the server listens
        self.shards, self.max_concurrency = 1, 1  # what Discord recommends
        self.servers: list[str] = [world.SERVER]  # that have the bot
        self.threads: list[world.Channel] = []  # created since the start
        self.last_messages: dict[str, str] = {}  # ids by channel
        self.sessions: dict[int, Session] = {}  # the latest by shard
        self._sockets: set[web.WebSocketResponse] = set()
        self._count, self._number = 1, 0

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        compression = request.query.get("compress")
        if compression not in (None, "zlib-stream"):
            raise web.HTTPBadRequest(text=f"The stand-in has no {compression}.")
        connection = Connection(socket, compresses=bool(compression))
        await connection.push({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                await self._received(connection, json.loads(frame.data))
        finally:
            self._sockets.discard(socket)
            for session in self.sessions.values():
                if session.connection is connection:
                    session.connection = None
            self._note_connected()
        return socket

    def _note_connected(self) -> None:
        there = [session.is_open for shard, session in self.sessions.items() if shard < self._count]
        (self.connected.set if len(there) == self._count and all(there) else self.connected.clear)()

    async def _received(self, connection: Connection, frame: Payload) -> None:
        code: int = frame["op"]
        data: Any = frame.get("d")
        self.opcodes.append(code)
        if code == HEARTBEAT:
            await connection.push({"op": HEARTBEAT_ACK})
        elif code == IDENTIFY:
            if data["token"] != world.TOKEN:
                await connection.socket.close(code=4004, message=b"Authentication failed.")
                return
            self.intents = data["intents"]
            shard, self._count = data.get("shard") or [0, 1]
            if shard in self.sessions and self.sessions[shard].is_open:
                self.doubled.append(shard)
            self._number += 1
            session = self.sessions[shard] = Session(f"session-{self._number}", shard, self._count)
            session.connection = connection
            servers = [server for server in self.servers if self._shard_of(server) == shard]
            ready = {
                "v": 10,
                "user": world.BOT,
                "guilds": [{"id": server, "unavailable": True} for server in servers],
                "session_id": session.id,
            }
            ready |= {"resume_gateway_url": self.url, "application": {"id": world.APPLICATION, "flags": 0}}
            await session.event("READY", {**ready, "shard": [shard, self._count]})
            for server in servers:
                await session.event("GUILD_CREATE", world.guild(self.threads, self.last_messages, server))
            self._note_connected()
        elif code == RESUME:
            resumed = next((session for session in self.sessions.values() if session.id == data["session_id"]), None)
            if resumed is None:
                await connection.push({"op": INVALID_SESSION, "d": False})
                return
            resumed.connection = connection
            for missed in [event for event in resumed.events if event["s"] > data["seq"]]:
                await resumed.push(missed)
            await resumed.event("RESUMED", {})
            self._note_connected()

    def _shard_of(self, server: str) -> int:
        """Direct messages belong to the first shard."""
        return (int(server or 0) >> 22) % self._count

    async def event(self, name: str, data: Payload) -> None:
        server = data.get("guild_id") or (data["id"] if name.startswith("GUILD_") else "")
        if (session := self.sessions.get(self._shard_of(server))) is not None:
            await session.event(name, data)

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

    async def drop(self) -> None:
        """Breaks the connections, as the real platform does every few hours. The sessions can be resumed."""
        self.connected.clear()
        for session in self.sessions.values():
            if session.connection is not None:
                await session.connection.socket.close(code=4000)

    async def invalidate_session(self) -> None:
        """Says in the open connections that the sessions are over and cannot be resumed."""
        self.connected.clear()
        for session in self.sessions.values():
            session.id = ""
            await session.push({"op": INVALID_SESSION, "d": False})

    async def forget_session(self) -> None:
        """Makes the next RESUME fail, so that the bot has to identify again."""
        for session in self.sessions.values():
            session.id = ""

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001)
