"""The stand-in's messages: chat.* and conversations.*."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from typing import Any

from tests.loopback import slack_world as world
from tests.loopback.slack_asked import UPDATE_TEXT, Asked, Handler, check_content, refuse_blocks
from tests.loopback.slack_state import State
from tests.loopback.slack_world import IM, MPIM, PUBLIC, Channel, Payload, Refused

TS = r"\d{10}\.\d{6}"
KEPT = ("text", "blocks", "attachments", "metadata")


class Chat:
    attach: Callable[[Asked, Channel, Payload], list[Payload]]  # the files of `file_ids`

    def __init__(self, state: State) -> None:
        self.state = state
        self.shared_links: dict[tuple[str, str], set[str]] = {}  # URLs of link_shared by channel and ts
        self.unfurl_ids: dict[str, tuple[str, str]] = {}

    @property
    def methods(self) -> dict[str, Handler]:
        return {
            "chat.postMessage": self.post, "chat.update": self.update, "chat.delete": self.delete,
            "chat.postEphemeral": self.post_ephemeral, "chat.getPermalink": self.permalink, "chat.unfurl": self.unfurl,
            "conversations.open": self.open, "conversations.info": self.info, "conversations.join": self.join,
            "conversations.members": self.members, "conversations.history": self.history, "conversations.replies": self.replies,
        }  # fmt: skip

    # --- posting
    def count_message(self, channel: Channel) -> None:
        if retry_s := self.state.rates.message(channel.id, channel.team.id, self.state.clock.now()):
            raise Refused("ratelimited", status=429, retry_s=retry_s)

    def thread(self, channel: Channel, thread_ts: Any) -> str | None:
        if thread_ts in (None, ""):
            return None
        if not re.fullmatch(TS, str(thread_ts)):
            raise Refused("invalid_thread_ts", breach=True)
        parent = self.state.messages.get((channel.id, str(thread_ts)))
        if parent is None:
            raise Refused("thread_not_found")
        if parent.get("thread_ts", thread_ts) != thread_ts:
            raise Refused("cannot_reply_to_message", "[ERROR] thread_ts is a reply's", breach=True)
        return str(thread_ts)

    async def post(self, asked: Asked) -> Payload:
        check_content(asked.arguments)
        channel = self.state.postable(asked["channel"], asked.installed)
        thread_ts = self.thread(channel, asked.get("thread_ts"))
        self.count_message(channel)
        content = {name: asked[name] for name in KEPT if asked.get(name)}
        if asked.get("markdown_text"):
            content["blocks"] = [{"type": "markdown", "text": asked["markdown_text"]}]
        message = self.state.add_message(channel, self.state.bot_author(asked.installed), content, thread_ts)
        await self.announce(channel, message)
        return {"ok": True, "channel": channel.id, "ts": message["ts"], "message": _shown(message)}

    async def announce(self, channel: Channel, message: Payload, subtype: str = "") -> None:
        """Sends the event of a message of the app itself, which apps must ignore."""
        kind = {"channel_type": channel.kind, "event_ts": message["ts"], **({"subtype": subtype} if subtype else {})}
        await self.state.event(channel.team, message | kind, channel=channel)

    def own(self, channel: Channel, ts: Any, asked: Asked, error: str) -> Payload:
        message = self.state.messages.get((channel.id, str(ts)))
        if message is None or message.get("subtype") == "tombstone":
            raise Refused("message_not_found")
        if message.get("bot_id") != asked.installed.bot_id:
            raise Refused(error)
        return message

    async def update(self, asked: Asked) -> Payload:
        check_content(asked.arguments, UPDATE_TEXT)
        channel = self.state.channel(asked["channel"], asked.installed)
        message = self.own(channel, asked["ts"], asked, "cant_update_message")
        self.state.assert_open(channel)
        before = dict(message)
        if asked.get("file_ids"):
            message["files"] = self.attach(asked, channel, message)
        self.change(message, asked.arguments)
        changed = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": channel.id, "ts": self.state.ts()}
        changed |= {"channel_type": channel.kind, "event_ts": changed["ts"], "message": _shown(message)}
        await self.state.event(channel.team, changed | {"previous_message": _shown(before)}, channel=channel)
        return {"ok": True, "channel": channel.id, "ts": message["ts"], "text": message["text"], "message": _shown(message)}

    def change(self, message: Payload, content: Payload) -> None:
        """Blocks stay only if there is no new text; attachments and metadata stay unless they are given."""
        had_blocks = "blocks" in message
        if content.get("text") is not None:
            message["text"] = content["text"]
            if content.get("blocks") is None:
                message.pop("blocks", None)
                message["edited"] = {"user": message["user"], "ts": self.state.ts()}
        for name in ("blocks", "attachments", "metadata"):
            if content.get(name):
                message[name] = content[name]
            elif content.get(name) is not None:
                message.pop(name, None)
        if "blocks" in message:
            message["blocks"] = [
                block if "block_id" in block else {**block, "block_id": f"b{self.state.number()}"} for block in message["blocks"]
            ]
            if message.get("files") and not had_blocks:
                message["_dead_buttons"] = True

    async def delete(self, asked: Asked) -> Payload:
        channel = self.state.channel(asked["channel"], asked.installed)
        message = self.own(channel, asked["ts"], asked, "cant_delete_message")
        await self.remove(channel, message)
        return {"ok": True, "channel": channel.id, "ts": message["ts"]}

    async def remove(self, channel: Channel, message: Payload) -> None:
        """Deletes a message. The first message of a thread leaves a tombstone."""
        before, ts = dict(message), message["ts"]
        if message.get("reply_count"):
            kept = {name: message[name] for name in ("type", "channel", "ts", "thread_ts", "reply_count", "latest_reply")}
            message.clear()
            message |= {**kept, "subtype": "tombstone", "text": "This message was deleted.", "user": world.SLACKBOT}
        else:
            del self.state.messages[channel.id, ts]
        event = {"type": "message", "subtype": "message_deleted", "hidden": True, "channel": channel.id, "ts": self.state.ts()}
        event |= {"channel_type": channel.kind, "event_ts": event["ts"], "deleted_ts": ts, "previous_message": _shown(before)}
        await self.state.event(channel.team, event, channel=channel)

    async def post_ephemeral(self, asked: Asked) -> Payload:
        check_content(asked.arguments)
        channel = self.state.postable(asked["channel"], asked.installed)
        person = self.state.people.get(str(asked["user"]))
        if person is None or (channel.person or person) != person or person.team not in (channel.team, *channel.shared_with):
            raise Refused("user_not_in_channel")
        thread_ts = self.thread(channel, asked.get("thread_ts"))
        message = self.add_ephemeral(channel, person.id, self.state.bot_author(asked.installed), asked.arguments, thread_ts)
        return {"ok": True, "message_ts": message["ts"]}

    def add_ephemeral(
        self, channel: Channel, person: str, author: Payload, content: Payload, thread_ts: str | None = None
    ) -> Payload:
        kept = {name: content[name] for name in KEPT if content.get(name)}
        message = self.state.add_message(channel, author, kept, None)
        del self.state.messages[channel.id, message["ts"]]
        message |= {"ephemeral_to": person, **({"thread_ts": thread_ts} if thread_ts else {})}
        self.state.ephemerals.append(message)
        return message

    async def permalink(self, asked: Asked) -> Payload:
        channel = self.state.channel(asked["channel"], asked.installed)
        if (channel.id, str(asked["message_ts"])) not in self.state.messages:
            raise Refused("message_not_found")
        return {"ok": True, "channel": channel.id, "permalink": permalink(channel, str(asked["message_ts"]))}

    async def unfurl(self, asked: Asked) -> Payload:
        for name in ("channel", "ts") if not asked.get("unfurl_id") else ("source",):
            if not asked.get(name):
                raise Refused(f"missing_{name}", breach=True)
        place = self.unfurl_ids.get(str(asked.get("unfurl_id"))) or (str(asked.get("channel")), str(asked.get("ts")))
        if asked.get("unfurl_id") and str(asked["unfurl_id"]) not in self.unfurl_ids:
            raise Refused("invalid_unfurl_id", breach=True)
        message = self.state.messages.get(place)
        if message is None:
            raise Refused("cannot_find_message")
        self.state.channel(place[0], asked.installed)
        unfurls = asked.get("unfurls")
        if not isinstance(unfurls, dict) or not unfurls:
            raise Refused("missing_unfurls", breach=True)
        for url, content in unfurls.items():
            if html.escape(url, quote=False) not in message["text"]:
                raise Refused("cannot_unfurl_message", breach=True)
            if url not in self.shared_links.get(place, set()):
                raise Refused("cannot_unfurl_url", breach=True)
            refuse_blocks(content.get("blocks") or [])
        message["attachments"] = [{**content, "app_unfurl_url": url, "is_app_unfurl": True} for url, content in unfurls.items()]
        return {"ok": True}

    # --- conversations
    async def open(self, asked: Asked) -> Payload:
        if asked.get("channel"):
            channel = self.state.channel(asked["channel"], asked.installed)
            if channel.kind not in (IM, MPIM):
                raise Refused("method_not_supported_for_channel_type", breach=True)
        else:
            people = str(asked.get("users") or "").split(",")
            if people == [""]:
                raise Refused("users_list_not_supplied", breach=True)
            if len(people) > 1:
                raise Refused("invalid_arguments", "[ERROR] the stand-in opens no group messages", breach=True)
            if people[0] in (world.SLACKBOT, asked.installed.bot_user):
                raise Refused("cannot_dm_bot", breach=True)
            asked.require_scope("im:write")
            channel = self.state.direct(people[0], asked.installed)
        return {"ok": True, "no_op": True, "already_open": True, "channel": {"id": channel.id}}

    async def info(self, asked: Asked) -> Payload:
        channel = self.state.channel(asked["channel"], asked.installed)
        asked.require_kind(channel, "read")
        return {"ok": True, "channel": channel.info(self.state.member(channel, asked.installed))}

    async def join(self, asked: Asked) -> Payload:
        channel = self.state.channel(asked["channel"], asked.installed)
        if channel.kind != PUBLIC:
            raise Refused("method_not_supported_for_channel_type")
        if channel.archived:
            raise Refused("is_archived")
        already = self.state.member(channel, asked.installed)
        channel.bots |= {channel.team.id}
        return {"ok": True, "channel": channel.info(True), **({"warning": "already_in_channel"} if already else {})}

    async def members(self, asked: Asked) -> Payload:
        channel = self.state.channel(asked["channel"], asked.installed)
        asked.require_kind(channel, "read")
        teams = (channel.team, *channel.shared_with)
        people = [person.id for person in self.state.people.values() if person.team in teams and channel.person in (None, person)]
        return {"ok": True, "members": people, "response_metadata": {"next_cursor": ""}}

    async def history(self, asked: Asked) -> Payload:
        channel = self._readable(asked)
        top = [m for m in self._of(channel) if m.get("thread_ts", m["ts"]) == m["ts"] or m.get("subtype") == "thread_broadcast"]
        return self._page(asked, [m for m in top[::-1] if self._within(asked, m)], 100)

    async def replies(self, asked: Asked) -> Payload:
        channel = self._readable(asked)
        first = self.state.messages.get((channel.id, str(asked["ts"])))
        if first is None:
            raise Refused("thread_not_found")
        thread_ts = first.get("thread_ts", first["ts"])
        found = [
            m for m in self._of(channel) if m["ts"] == thread_ts or (m.get("thread_ts") == thread_ts and self._within(asked, m))
        ]
        return self._page(asked, found, 1_000)

    def _of(self, channel: Channel) -> list[Payload]:
        return [message for (id, _), message in sorted(self.state.messages.items()) if id == channel.id]

    def _readable(self, asked: Asked) -> Channel:
        channel = self.state.channel(asked["channel"], asked.installed)
        asked.require_kind(channel, "history")
        if not self.state.member(channel, asked.installed):
            raise Refused("not_in_channel")
        return channel

    def _within(self, asked: Asked, message: Payload) -> bool:
        oldest, latest = str(asked.get("oldest") or "0"), str(asked.get("latest") or "9999999999")
        ts = float(message["ts"])
        return float(oldest) < ts < float(latest) or (asked.flag("inclusive") and ts in (float(oldest), float(latest)))

    def _page(self, asked: Asked, messages: list[Payload], default: int) -> Payload:
        most = 15 if self.state.rates.limits.distributed else 999
        asked_for, cursor = str(asked.get("limit") or default), str(asked.get("cursor") or "")
        if not asked_for.isdigit():
            raise Refused("invalid_arguments", "[ERROR] limit is a number", breach=True)
        limit = min(int(asked_for), most)
        begin = int(base64.b64decode(cursor).decode()) if cursor else 0
        more = begin + limit < len(messages)
        following = base64.b64encode(str(begin + limit).encode()).decode() if more else ""
        shown = [_shown(message, metadata=asked.flag("include_all_metadata")) for message in messages[begin : begin + limit]]
        return {"ok": True, "messages": shown, "has_more": more, "response_metadata": {"next_cursor": following}}


def permalink(channel: Channel, ts: str) -> str:
    return f"https://{channel.team.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"


def _shown(message: Payload, *, metadata: bool = True) -> Payload:
    """A message as Slack's answers show it: without its channel."""
    hidden = {"channel", "_dead_buttons", *(() if metadata else ("metadata",))}
    return {name: value for name, value in message.items() if name not in hidden}
