"""The stand-in's files: uploads in three steps, files.info, files.delete, and downloads."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from tests.loopback.slack_asked import POST_TEXT, Asked, Handler, refuse_blocks
from tests.loopback.slack_chat import Chat
from tests.loopback.slack_installations import Installation
from tests.loopback.slack_state import State
from tests.loopback.slack_world import IM, PUBLIC, TEAMS, Channel, Payload, Person, Refused, Team, Upload

ALT_TEXT = 1_000
_TYPES = {
    "png": ("image/png", "PNG"), "mp3": ("audio/mpeg", "MP3"), "abc": ("text/plain", "Plain Text"),
    "txt": ("text/plain", "Plain Text"), "mid": ("audio/midi", "MIDI"), "xml": ("application/xml", "XML"),
    "musicxml": ("application/xml", "XML"),
}  # fmt: skip


@dataclass
class File:
    id: str
    name: str
    length: int
    team: Team
    user: str
    owner: Installation | None  # the app, if it uploaded the file
    title: str = ""
    alt_txt: str = ""
    content: bytes | None = None
    completed: bool = False
    deleted: bool = False
    shares: list[tuple[Channel, str]] = field(default_factory=list)  # channel and ts, as files.info shows them


def file_shared(file: str, user: str, message: Payload) -> Payload:
    """The event of a file in a message."""
    ids = {"channel_id": message["channel"], "file_id": file, "user_id": user, "file": {"id": file}}
    return {"type": "file_shared", **ids, "event_ts": message["ts"]}


class Files:
    """`message_after_s` passes from completing to the message, then `shares_after_s` until files.info tells its ts.

    With `shares_after_s` None it never does. `shows_uploads`: files.info also finds files that were only uploaded; Slack does
    not say whether it does.
    """

    message_after_s = 0.05
    shares_after_s: float | None = 0.05
    shows_uploads = False

    def __init__(self, state: State, chat: Chat) -> None:
        self.state, self.chat = state, chat
        self.all: dict[str, File] = {}
        self._later: set[asyncio.Task[None]] = set()
        chat.attach = self.attach

    @property
    def methods(self) -> dict[str, Handler]:
        return {
            "files.getUploadURLExternal": self.begin, "files.completeUploadExternal": self.complete,
            "files.info": self.info, "files.delete": self.delete,
        }  # fmt: skip

    # --- the three steps of an upload
    async def begin(self, asked: Asked) -> Payload:
        length = str(asked["length"])
        if not length.isdigit() or length == "0":
            raise Refused("missing_argument", breach=True)
        if len(asked.get("alt_txt") or "") > ALT_TEXT:
            raise Refused("alt_txt_too_large", breach=True)
        team = asked.team or next(team for team in TEAMS.values() if asked.installed.covers(team))
        file = File(self.state.id("F"), str(asked["filename"]), int(length), team, asked.installed.bot_user, asked.installed)
        file.alt_txt = asked.get("alt_txt") or ""
        self.all[file.id] = file
        return {"ok": True, "upload_url": f"{self.state.address}/upload/{file.id}", "file_id": file.id}

    async def upload(self, request: web.Request) -> web.Response:
        file = self.all.get(request.match_info["file"])
        if file is None or file.completed:
            return web.Response(status=404, text="no such upload")
        content = await request.read()
        if request.content_type.startswith("multipart/"):
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)
                content = bytes(await part.read())
        if len(content) != file.length:
            self.state.breach(f"{file.name}: {len(content)} bytes were uploaded, {file.length} announced")
            return web.Response(status=400, text="the length differs from the announced one")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def complete(self, asked: Asked) -> Payload:
        entries = asked["files"]
        if not isinstance(entries, list) or not all(
            isinstance(e, dict) and e.keys() <= {"id", "title", "highlight_type"} for e in entries
        ):
            raise Refused("invalid_arguments", "[ERROR] files: objects with id and title", breach=True)
        files = [self.all.get(str(entry.get("id"))) for entry in entries]
        if not files or any(f is None or f.content is None or f.owner != asked.installed or f.deleted for f in files):
            raise Refused("file_not_found")
        if any(file is not None and file.completed for file in files):
            raise Refused("file_not_found", "[ERROR] the upload was completed before")
        if len(asked.get("initial_comment") or "") > POST_TEXT:
            raise Refused("invalid_arguments", "[ERROR] initial_comment is too long", breach=True)
        blocks = asked.get("blocks") if not asked.get("initial_comment") else None
        if isinstance(blocks, list) and any(isinstance(block, dict) and block.get("type") == "markdown" for block in blocks):
            raise Refused("internal_error", breach=True)
        refuse_blocks(blocks or [])
        ids = [str(asked["channel_id"])] if asked.get("channel_id") else str(asked.get("channels") or "").split(",")
        channels = [self.state.postable(id, asked.installed) for id in ids if id]
        if asked.get("thread_ts") and len(channels) != 1:
            raise Refused("invalid_arguments", "[ERROR] thread_ts needs one channel", breach=True)
        if any(not self.state.member(channel, asked.installed) for channel in channels):
            raise Refused("not_in_channel")
        threads = {channel.id: self.chat.thread(channel, asked.get("thread_ts")) for channel in channels}
        for channel in channels:
            self.chat.count_message(channel)
        found = [file for file in files if file is not None]
        for file, entry in zip(found, entries, strict=True):
            file.title, file.completed = str(entry.get("title") or file.name), True
        for channel in channels:
            text = asked.get("initial_comment") or ""
            content = {"text": text, "files": found, **({"blocks": blocks} if blocks else {})}
            self._soon(self._share(channel, asked.installed, content, threads[channel.id]))
        return {"ok": True, "files": [{"id": file.id, "title": file.title} for file in found]}

    def _soon(self, sharing: object) -> None:
        task = asyncio.ensure_future(sharing)  # type: ignore[call-overload]
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _share(self, channel: Channel, installed: Installation, content: Payload, thread_ts: str | None) -> None:
        """Posts the message, a little after completing, and later still tells files.info its ts."""
        await asyncio.sleep(self.message_after_s)
        files: list[File] = content["files"]
        shown = [self.payload(file, shares=False) for file in files]
        content |= {"files": shown, "upload": False, "display_as_bot": False}
        message = self.state.add_message(channel, self.state.bot_author(installed), content, thread_ts)
        await self.state.notify()
        await self.chat.announce(channel, message, "file_share")
        for file in files:
            await self.state.event(channel.team, file_shared(file.id, file.user, message), channel=channel)
        if self.shares_after_s is not None:
            await asyncio.sleep(self.shares_after_s)
            for file in files:
                file.shares.append((channel, message["ts"]))
            await self.state.notify()

    def attach(self, asked: Asked, channel: Channel, message: Payload) -> list[Payload]:
        """The files that chat.update puts into a message, in place of those that it had."""
        found = [self.all.get(str(id)) for id in asked["file_ids"]]
        files = [file for file in found if file and file.completed and not file.deleted and file.owner == asked.installed]
        if len(files) < len(found):
            raise Refused("file_not_found")
        for file in files:
            file.shares.append((channel, message["ts"]))
        return [self.payload(file, shares=False) for file in files]

    # --- files of people
    def add(self, upload: Upload, person: Person, channel: Channel) -> File:
        file = File(self.state.id("F"), upload.name, len(upload.content), person.team, person.id, None, upload.name)
        file.content, file.completed = upload.content, True
        self.all[file.id] = file
        return file

    # --- looking
    def payload(self, file: File, *, shares: bool = True) -> Payload:
        """A file as files.info and messages show it."""
        if file.deleted:
            return {"id": file.id, "mode": "tombstone"}
        kind = file.name.rsplit(".", 1)[-1].lower()
        media, pretty = _TYPES.get(kind, ("application/octet-stream", "Binary"))
        url = f"{self.state.address}/files/{file.id}/{quote(file.name, safe='')}"
        told = file.shares if shares else []
        private = [channel.id for channel, _ in told if channel.kind not in (PUBLIC, IM)]
        payload = {
            "id": file.id, "created": 1_700_000_000, "timestamp": 1_700_000_000, "name": file.name,
            "title": file.title or file.name, "mimetype": media, "filetype": kind, "pretty_type": pretty, "user": file.user,
            "user_team": file.team.id, "editable": False, "size": file.length, "mode": "hosted", "is_external": False,
            "external_type": "", "is_public": True, "public_url_shared": False, "display_as_bot": False, "username": "",
            "url_private": url, "url_private_download": url,
            "permalink": f"https://{file.team.domain}.slack.com/files/{file.user}/{file.id}/{quote(file.name, safe='')}",
            "has_rich_preview": False, "file_access": "visible", "media_display_type": "unknown", "comments_count": 0,
            "channels": [channel.id for channel, _ in told if channel.kind == PUBLIC], "groups": private,
            "ims": [channel.id for channel, _ in told if channel.kind == IM],
            **({"alt_txt": file.alt_txt} if file.alt_txt else {}),
        }  # fmt: skip
        if shares and told:
            payload["shares"] = self._shares(told)
        return payload

    def _shares(self, told: list[tuple[Channel, str]]) -> Payload:
        shares: Payload = {}
        for channel, ts in told:
            message = self.state.messages.get((channel.id, ts), {})
            entry = {"reply_users": [], "reply_users_count": 0, "reply_count": 0, "ts": ts, "channel_name": channel.name}
            entry |= {"team_id": channel.team.id, "share_user_id": message.get("user", ""), "source": "UNKNOWN"}
            entry |= {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
            side = shares.setdefault("public" if channel.kind == PUBLIC else "private", {})
            side.setdefault(channel.id, []).append(entry)
        return shares

    async def info(self, asked: Asked) -> Payload:
        file = self._found(asked)
        return {"ok": True, "file": self.payload(file), "comments": [], "response_metadata": {"next_cursor": ""}}

    def _found(self, asked: Asked) -> File:
        file = self.all.get(str(asked["file"]))
        shown = file is not None and (file.completed or (self.shows_uploads and file.content is not None))
        if file is None or not shown or not any(asked.installed.covers(team) for team in self._teams(file)):
            raise Refused("file_not_found")
        if file.deleted:
            raise Refused("file_deleted")
        return file

    def _teams(self, file: File) -> list[Team]:
        """The workspaces that may see a file: its own, and those of Slack Connect channels where it was posted."""
        return [file.team, *(team for channel, _ in file.shares for team in (channel.team, *channel.shared_with))]

    async def delete(self, asked: Asked) -> Payload:
        file = self._found(asked)
        if file.owner != asked.installed:
            raise Refused("cant_delete_file")
        file.deleted = True
        for message in list(self.state.messages.values()):
            if any(shown["id"] == file.id for shown in message.get("files", [])):
                message["files"] = [self.payload(file) if shown["id"] == file.id else shown for shown in message["files"]]
                gone = all(shown["mode"] == "tombstone" for shown in message["files"])
                if gone and not message["text"] and "blocks" not in message:
                    await self.chat.remove(self.state.channels[message["channel"]], message)
        return {"ok": True}

    async def sign_in(self, request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><title>Slack</title>Sign in", content_type="text/html")

    async def download(self, request: web.Request) -> web.Response:
        """The bytes of a file. Without a good token Slack sends the client to its page for signing in, which answers 200."""
        file = self.all.get(request.match_info["file"])
        if file is None or file.content is None or file.deleted:
            return web.Response(status=404)
        token = re.sub(r"^Bearer ", "", request.headers.get("Authorization", ""))
        try:
            installed = self.state.installations.authenticate(token)
        except Refused:
            raise web.HTTPFound("/sign-in") from None
        if "files:read" not in installed.scopes or not any(installed.covers(team) for team in self._teams(file)):
            self.state.breach(f"a download without the right to it: {request.path}")
            raise web.HTTPFound("/sign-in")
        return web.Response(body=file.content, content_type=str(self.payload(file)["mimetype"]))

    async def close(self) -> None:
        for task in list(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
