"""The stand-in's REST API: messages, commands and interactions, with the platform's rules."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from tests.loopback import discord_world as world
from tests.loopback.discord_gateway import Gateway
from tests.loopback.discord_limits import (
    Rates,
    Refused,
    check_choices,
    check_commands,
    check_components,
    check_message,
    check_modal,
)
from tests.loopback.discord_world import MIB, Channel, Fault, Interaction, Payload, Sent, snowflake

API = "/api/v10"
# Only time that tests pass with `pass_time` counts, so that a busy machine makes nobody late.
ANSWER_S, TOKEN_S, NONCE_S = 3.0, 15 * 60.0, 5 * 60.0
LEFT_AT = "X-Left-At"  # header: when the bot sent a call, in seconds. A busy machine may delay calls and bunch them
EPHEMERAL, LOADING = 1 << 6, 1 << 7
PONG, REPLY, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9

MODAL_SUBMIT = 5  # type of an interaction

_MEDIA_TYPES = {
    "png": "image/png",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "svg": "image/svg+xml",
    "abc": "text/vnd.abc",
}
_TYPE_JSON = "application/json"  # exactly this: discord.py parses a body as JSON only with this content type


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=json.dumps(body).encode(), status=status, headers={**(headers or {}), "Content-Type": _TYPE_JSON})


class Server:
    """Holds what the bot created (`messages`, `commands`) and sent (`sent`, `calls`), and what people did (`interactions`)."""

    messages: dict[str, Payload]
    commands: dict[str, Payload]
    interactions: dict[str, Interaction]  # by token
    calls: list[str]  # every REST call, "METHOD /path"
    sent: list[Sent]
    gateway: Gateway
    rates: Rates
    refusals: list[str]  # calls answered with 401, 403 or 429: on Discord too many of them ban the bot's address

    def __init__(self) -> None:
        self.messages, self.commands, self.interactions = {}, {}, {}
        self.calls, self.sent = [], []
        self.gateway, self.rates, self.refusals = Gateway(), Rates(), []
        self.channels: dict[str, Channel] = dict(world.CHANNELS)
        self._forbidden: dict[str, int] = {}  # permissions that the bot lost, by channel
        self._locked: set[str] = set()
        self._archived: set[str] = set()
        self.changed = asyncio.Condition()
        self.api_url = ""
        self._blobs: dict[str, bytes] = {}
        self._nonces: dict[str, tuple[float, str]] = {}  # of the bot, for all channels together
        self._faults: list[Fault] = []
        self._held: list[asyncio.Event] = []  # of calls that wait
        self._passed_s = 0.0
        app = web.Application(middlewares=[self._every_call], client_max_size=26 * MIB)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/cdn/{id}/{name}", self._cdn)
        routes: list[tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]] = [
            ("GET", "/users/@me", self._constant(world.BOT)),
            ("GET", "/oauth2/applications/@me", self._constant(world.APPLICATION_PAYLOAD)),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("PUT", "/applications/{application}/commands", self._sync),
            ("PUT", "/applications/{application}/guilds/{guild}/commands", self._sync),
            ("POST", "/interactions/{id}/{token}/callback", self._callback),
            ("POST", "/webhooks/{application}/{token}", self._followup),
            ("GET", "/webhooks/{application}/{token}/messages/{message}", self._hook_get),
            ("PATCH", "/webhooks/{application}/{token}/messages/{message}", self._hook_edit),
            ("DELETE", "/webhooks/{application}/{token}/messages/{message}", self._hook_delete),
            ("POST", "/users/@me/channels", self._direct),
            ("GET", "/channels/{channel}", self._get_channel),
            ("GET", "/channels/{channel}/messages", self._history),
            ("POST", "/channels/{channel}/messages", self._create),
            ("POST", "/channels/{channel}/messages/{message}/threads", self._thread),
            ("GET", "/channels/{channel}/messages/{message}", self._get),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit),
            ("DELETE", "/channels/{channel}/messages/{message}", self._delete),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, API + path, handler)
        self._runner = web.AppRunner(app)

    async def start(self, port: int = 0) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._address = f"127.0.0.1:{self._runner.addresses[0][1]}"
        self.api_url, self.gateway.url = f"http://{self._address}{API}", f"ws://{self._address}/gateway"

    async def close(self) -> None:
        for release in self._held:
            release.set()
        await self.gateway.close()
        await self._runner.cleanup()

    # --- every call
    @web.middleware
    async def _every_call(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        path = request.path.removeprefix(API)
        call = f"{request.method} {path}"
        self.calls.append(call)
        try:
            fault = next((fault for fault in self._faults if re.search(fault.pattern, call)), None)
            if fault is not None:
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                if fault.release is not None and not fault.after:
                    await fault.release.wait()
                    if request.transport is None:  # the bot did not wait so long
                        return answer({}, 503)
                elif not fault.after:
                    await request.read()
                    # Without Via, discord.py takes a 429 for a ban of the address and raises instead of waiting.
                    return answer(fault.body, fault.status, {"Via": "1.1 stand-in"} if fault.by_discord else {})
            by_token = path.startswith(("/webhooks/", "/interactions/", "/gateway", "/cdn/")) and path != "/gateway/bot"
            if not by_token and request.headers.get("Authorization") != f"Bot {world.TOKEN}":
                raise Refused(401, 0, "401: Unauthorized")
            too_fast, headers = self.rates.refusal(call, float(request.headers.get(LEFT_AT, time.monotonic())) + self._passed_s)
            if too_fast is not None:
                await request.read()
                response: web.StreamResponse = answer(too_fast, 429, {**headers, "Via": "1.1 stand-in"})
            else:
                response = await handler(request)
                if not response.prepared:
                    response.headers.update(headers)
            if fault is not None and fault.release is not None:
                async with self.changed:
                    self.changed.notify_all()
                await fault.release.wait()
            elif fault is not None and fault.after and fault.status:
                response = answer(fault.body, fault.status)
            elif fault is not None and fault.after and request.transport is not None:
                request.transport.close()
        except Refused as refused:
            response = answer(refused.body, refused.status)
        except web.HTTPNotFound:
            response = answer({"code": 0, "message": "404: Not Found"}, 404)
        except web.HTTPRequestEntityTooLarge:
            response = answer({"code": 40005, "message": "Request entity too large"}, 413)
        if response.status in (401, 403, 429):
            self.refusals.append(call)
        async with self.changed:
            self.changed.notify_all()
        return response

    async def _body(self, request: web.Request) -> Payload:
        """The payload of a call: JSON, or a form with payload_json and files[n]. `_files` in it are the new attachments."""
        files: dict[str, tuple[str, bytes]] = {}
        if request.content_type.startswith("multipart/"):
            payload: Payload = {}
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)
                if part.name == "payload_json":
                    payload = json.loads(await part.text())
                elif number := re.fullmatch(r"files\[(\d+)\]", part.name or ""):
                    files[number[1]] = (part.filename or "", bytes(await part.read()))
        else:
            payload = await request.json() if request.can_read_body else {}
        call = f"{request.method} {request.path.removeprefix(API)}"
        self.sent.append(Sent(call, json.loads(json.dumps(payload))))
        data = payload.get("data") if "data" in payload else payload  # the callback of an interaction nests it
        if isinstance(data, dict):
            described = {str(entry["id"]): entry for entry in data.get("attachments") or []}
            if missing := set(files) - set(described):
                raise Refused(400, 50035, f"Invalid Form Body: files {sorted(missing)} without an entry in attachments")
            data["_files"] = [self._attach(*files[number], described[number]) for number in files]
        return payload

    def _attach(self, name: str, content: bytes, entry: Payload) -> Payload:
        id = snowflake()
        self._blobs[id] = content
        url = f"http://{self._address}/cdn/{id}/{quote(name, safe='')}"
        kind = _MEDIA_TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream")
        attachment = {"id": id, "filename": name, "size": len(content), "url": url, "proxy_url": url, "content_type": kind}
        return attachment | ({"description": entry["description"]} if entry.get("description") else {})

    def forget_files(self) -> None:
        """Drops the contents of all files and the record of calls, so that hours of posts fit into memory."""
        self._blobs.clear()
        self.calls.clear()
        self.sent.clear()

    # --- constant answers and files
    def _constant(self, body: Payload) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            return answer(body)

        return handler

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": self.gateway.max_concurrency}
        return answer({"url": self.gateway.url, "shards": self.gateway.shards, "session_start_limit": limit})

    async def _cdn(self, request: web.Request) -> web.Response:
        return web.Response(body=self._blobs[request.match_info["id"]])

    async def _sync(self, request: web.Request) -> web.Response:
        given = await request.json()
        check_commands(given)
        defaults = {
            "application_id": world.APPLICATION,
            "type": 1,
            "default_member_permissions": None,
            "description": "",
            "options": [],
        }
        self.commands = {c["name"]: {"id": snowflake(), "version": snowflake(), **defaults, **c} for c in given}
        return answer(list(self.commands.values()))

    # --- messages
    def permissions(self, channel: Channel) -> int:
        """What the bot may do in a channel."""
        return channel.permissions & ~self._forbidden.get(channel.id, 0)

    def _channel(self, request: web.Request) -> Channel:
        """The channel of a call; an error unless the bot sees it."""
        channel = self.channels.get(request.match_info["channel"])
        if channel is None:
            raise Refused(404, 10003, "Unknown Channel")
        if not self.permissions(channel) & world.VIEW_CHANNEL:
            raise Refused(403, 50001, "Missing Access")
        return channel

    def _writable(self, channel: Channel, data: Payload) -> None:
        """Raises Refused unless the bot may post this message. Posting reopens an archived thread that is not locked."""
        may = self.permissions(channel)
        if channel.closed:
            raise Refused(403, 50007, "Cannot send messages to this user")
        if channel.id in self._locked and not may & world.MANAGE_THREADS:
            raise Refused(403, 160005, "Thread is locked")
        needed = world.SEND_MESSAGES_IN_THREADS if channel.kind == world.PUBLIC_THREAD else world.SEND_MESSAGES
        needed |= world.ATTACH_FILES if data.get("_files") else 0
        needed |= world.EMBED_LINKS if data.get("embeds") else 0
        if channel.kind == world.FORUM or needed & ~may:
            raise Refused(403, 50013, "Missing Permissions")
        if "message_reference" in data and not may & world.READ_MESSAGE_HISTORY:
            raise Refused(400, 160002, "Cannot reply without permission to read message history")
        self._archived.discard(channel.id)

    def _awake(self, message: Payload, status: int = 403) -> None:
        """Raises Refused for messages in an archived thread, which cannot be changed."""
        if message["channel_id"] in self._archived:
            member = self.channels[message["channel_id"]].member
            raise Refused(status, *((50083, "Thread is archived") if member else (50001, "Missing Access")))

    def _found(self, id: str) -> Payload:
        if id not in self.messages:
            raise Refused(404, 10008, "Unknown Message")
        return self.messages[id]

    def _message_in(self, channel: Channel, id: str) -> Payload:
        """A message as the bot finds it: not one of another channel, and not one that only one person sees."""
        message = self._found(id)
        if message["channel_id"] != channel.id or message["flags"] & EPHEMERAL:
            raise Refused(404, 10008, "Unknown Message")
        return message

    def _check(self, channel: Channel, data: Payload, *, keeps: bool = False) -> None:
        sizes = [len(self._blobs[file["id"]]) for file in data.get("_files", [])]
        check_message(data, sizes, file_bytes=channel.file_bytes, has_content=keeps)

    def _add(self, channel: Channel, data: Payload, **extra: Any) -> Payload:
        made = world.message(channel, world.BOT, data, **extra)
        self.messages[made["id"]] = made
        return made

    def _patch(self, message: Payload, data: Payload) -> Payload:
        self._awake(message)
        self._check(self.channels[message["channel_id"]], data, keeps=True)
        for name in ("content", "embeds", "components"):
            if name in data:
                message[name] = data[name] or type(message[name])()
        if "attachments" in data or data.get("_files"):
            kept = {str(entry["id"]) for entry in data.get("attachments") or []}
            message["attachments"] = [file for file in message["attachments"] if file["id"] in kept] + data.get("_files", [])
        message["flags"] &= ~LOADING
        message["edited_timestamp"] = datetime.now(UTC).isoformat()
        return message

    async def _get_channel(self, request: web.Request) -> web.Response:
        return answer(self._channel(request).payload)

    async def _direct(self, request: web.Request) -> web.Response:
        channel = world.DIRECT_OF.get(str((await request.json())["recipient_id"]))
        if channel is None:
            raise Refused(400, 50033, "Invalid Recipient(s)")
        return answer(channel.payload)

    async def _history(self, request: web.Request) -> web.Response:
        channel, query = self._channel(request), request.query
        # Without the permission Discord answers with an empty history.
        may_read = not channel.server or self.permissions(channel) & world.READ_MESSAGE_HISTORY
        here = [m for m in self.messages.values() if m["channel_id"] == channel.id and may_read]
        seen = [m for m in here if not m["flags"] & EPHEMERAL]
        seen = [m for m in seen if int(query.get("after", 0)) < int(m["id"]) < int(query.get("before", 1 << 63))]
        limit = int(query.get("limit", 50))
        if not 1 <= limit <= 100:
            raise Refused(400, 50035, "Invalid Form Body: limit")
        seen.sort(key=lambda m: int(m["id"]))
        chosen = seen[:limit] if "after" in query else seen[-limit:]
        return answer([self.gateway.shown(message) for message in chosen[::-1]])

    async def _create(self, request: web.Request) -> web.Response:
        channel = self._channel(request)
        data = await self._body(request)
        self._writable(channel, data)
        self._check(channel, data)
        key = str(data.get("nonce"))
        if data.get("enforce_nonce") and data.get("nonce") is not None:
            at, id = self._nonces.get(key, (float("-inf"), ""))
            if self._passed_s - at < NONCE_S and id in self.messages:
                return answer(self.messages[id])
        made = self._add(channel, data, **self._reply_to(channel, data.get("message_reference")))
        self._nonces[key] = (self._passed_s, made["id"])
        await self.gateway.message_created(made)
        return answer({**made, "nonce": data.get("nonce")})

    def _reply_to(self, channel: Channel, reference: Payload | None) -> Payload:
        """The fields of a reply. A reply to a deleted message becomes an ordinary one if `fail_if_not_exists` is false."""
        if reference is None:
            return {}
        if reference.get("channel_id", channel.id) not in (channel.id, int(channel.id)):
            raise Refused(400, 50035, "Invalid Form Body: message_reference: REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL")
        answered = self.messages.get(str(reference["message_id"]))
        if answered is None or answered["channel_id"] != channel.id:
            if reference.get("fail_if_not_exists", True):
                raise Refused(400, 50035, "Invalid Form Body: message_reference: Unknown message")
            return {}
        kept = {"message_id": answered["id"], "channel_id": channel.id}
        return {"type": 19, "message_reference": kept, "referenced_message": answered}

    async def _thread(self, request: web.Request) -> web.Response:
        """Creates a public thread from a message; the thread gets the id of the message."""
        channel, data = self._channel(request), await self._body(request)
        message = self._found(request.match_info["message"])
        if not channel.server or channel.kind == world.PUBLIC_THREAD:
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        if not self.permissions(channel) & world.CREATE_PUBLIC_THREADS:
            raise Refused(403, 50013, "Missing Permissions")
        if message["id"] in self.channels:
            raise Refused(400, 160004, "A thread has already been created for this message")
        if not 1 <= len(data.get("name") or "") <= 100 or data.get("auto_archive_duration", 1440) not in (60, 1440, 4320, 10080):
            raise Refused(400, 50035, "Invalid Form Body: name or auto_archive_duration")
        made = replace(
            channel, id=message["id"], name=data["name"], kind=world.PUBLIC_THREAD, parent=channel.id, owner=world.APPLICATION
        )
        self.channels[made.id] = made
        self.gateway.threads.append(made)
        await self.gateway.event("THREAD_CREATE", {**made.payload, "newly_created": True})
        return answer(made.payload, 201)

    async def _get(self, request: web.Request) -> web.Response:
        channel = self._channel(request)
        if channel.server and not self.permissions(channel) & world.READ_MESSAGE_HISTORY:
            raise Refused(403, 50013, "Missing Permissions")
        return answer(self.gateway.shown(self._message_in(channel, request.match_info["message"])))

    async def _edit(self, request: web.Request) -> web.Response:
        message = self._message_in(self._channel(request), request.match_info["message"])
        if message["author"]["id"] != world.APPLICATION:
            raise Refused(403, 50005, "Cannot edit a message authored by another user")
        data = await self._body(request)
        if data.get("_files") and not self.permissions(self._channel(request)) & world.ATTACH_FILES:
            raise Refused(403, 50013, "Missing Permissions")
        return answer(self._patch(message, data))

    async def _delete(self, request: web.Request) -> web.Response:
        message = self._message_in(self._channel(request), request.match_info["message"])
        self._awake(message, 400)
        del self.messages[message["id"]]
        return web.Response(status=204)

    # --- interactions
    async def _callback(self, request: web.Request) -> web.Response:
        interaction = self.interactions.get(request.match_info["token"])
        if interaction is None or self._passed_s - interaction.created_s >= ANSWER_S:
            raise Refused(404, 10062, "Unknown interaction")
        if interaction.callback is not None:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        body = await self._body(request)
        kind, data = body["type"], body.get("data") or {}
        resource: Payload = {"type": kind}
        if kind in (REPLY, DEFERRED):
            if kind == REPLY:
                self._check(interaction.channel, data)
            if not interaction.channel.member and not self.permissions(interaction.channel) & world.USE_EXTERNAL_APPS:
                data["flags"] = data.get("flags", 0) | (EPHEMERAL if interaction.channel.server else 0)
            made = self._add(interaction.channel, data, type=20, webhook_id=world.APPLICATION, application_id=world.APPLICATION)
            made["flags"] |= LOADING if kind == DEFERRED else 0
            interaction.original, resource["message"] = made["id"], made
        elif kind == UPDATE:
            check_components(data)
            resource["message"] = self._patch(self._found(interaction.original or ""), data)
        elif kind == CHOICES:
            check_choices(data["choices"])
        elif kind == MODAL:
            if interaction.kind == MODAL_SUBMIT:
                raise Refused(400, 50035, "Invalid Form Body: a form cannot answer a form")
            check_modal(data)
        interaction.callback, interaction.data = kind, data
        interaction.answered_after_s = time.monotonic() - interaction.clock_s
        summary = {"id": interaction.id, "type": interaction.kind, "response_message_id": interaction.original}
        return answer({"interaction": {**summary, "response_message_loading": kind == DEFERRED}, "resource": resource})

    def _hooked(self, request: web.Request) -> Interaction:
        interaction = self.interactions.get(request.match_info["token"])
        if interaction is None or self._passed_s - interaction.created_s >= TOKEN_S:
            raise Refused(401, 50027, "Invalid Webhook Token")
        if interaction.callback is None:
            raise Refused(404, 10015, "Unknown Webhook")
        return interaction

    def _hook_message(self, request: web.Request) -> Payload:
        interaction, id = self._hooked(request), request.match_info["message"]
        id = interaction.original or "" if id == "@original" else id
        if id != interaction.original and id not in interaction.followups:
            raise Refused(404, 10008, "Unknown Message")
        return self._found(id)

    async def _hook_get(self, request: web.Request) -> web.Response:
        return answer(self._hook_message(request))

    async def _hook_edit(self, request: web.Request) -> web.Response:
        return answer(self._patch(self._hook_message(request), await self._body(request)))

    async def _hook_delete(self, request: web.Request) -> web.Response:
        message = self._hook_message(request)
        self._awake(message, 400)
        del self.messages[message["id"]]
        return web.Response(status=204)

    async def _followup(self, request: web.Request) -> web.Response:
        interaction = self._hooked(request)
        data = await self._body(request)
        self._check(interaction.channel, data)
        waiting = self.messages.get(interaction.original or "")
        if waiting is not None and waiting["flags"] & LOADING:
            return answer(self._patch(waiting, data))  # the first follow-up replaces «thinking» and keeps its visibility
        made = self._add(interaction.channel, data, webhook_id=world.APPLICATION, application_id=world.APPLICATION)
        interaction.followups.append(made["id"])
        return answer(made)
